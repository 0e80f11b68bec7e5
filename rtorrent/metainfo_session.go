package rtorrent

import (
	"crypto/sha1"
	"errors"
	"fmt"
)

// A SessionTorrent is what rTorrent is known to have loaded, hostile or not.
// Names and paths are raw bytes: they may be empty, equal, or hold anything
// but what rTorrent refuses; lengths may be negative.
type SessionTorrent struct {
	Hash   Hash
	Name   string
	Multi  bool
	Magnet bool       // a magnet link that has no metadata yet: it has no files
	Files  []MetaFile // in rTorrent's order; for a single file its path is Name
}

// ParseSession reads a .torrent from rTorrent's session directory, to learn
// names that rTorrent 0.9.8 cannot tell over XML-RPC. It checks nothing but
// that the bytes are bencode with an info dictionary, of at most 64 MiB; what
// is missing or of the wrong kind is left zero. The error is ErrIncomplete for
// a file caught in the writing, else ErrNotTorrent.
func ParseSession(b []byte) (*SessionTorrent, error) {
	end, err := (&walker{b: b, depth: maxSessionDepth}).dictionary()
	if errors.Is(err, errTruncated) {
		return nil, ErrIncomplete
	}
	if err != nil {
		return nil, &refusal{reason: err}
	}
	var info []byte
	for key, value := range entriesOf(b[:end]) {
		if string(key) == "info" {
			info = value
		}
	}
	if !isDictionary(info) {
		return nil, &refusal{reason: errors.New("it has no info dictionary")}
	}
	return sessionTorrent(info), nil
}

func sessionTorrent(info []byte) *SessionTorrent {
	t := &SessionTorrent{Hash: Hash(fmt.Sprintf("%X", sha1.Sum(info)))}
	var length, files, pieces []byte
	for key, value := range entriesOf(info) {
		switch string(key) {
		case "name":
			name, _ := stringOf(value)
			t.Name = string(name)
		case "length":
			length = value
		case "files":
			files = value
		case "pieces":
			pieces, _ = stringOf(value)
		case "meta_download":
			n, _ := integerOf(value)
			t.Magnet = n != 0
		}
	}
	switch {
	case t.Magnet && len(pieces) == sha1.Size: // the stub of a magnet link
		t.Hash = Hash(fmt.Sprintf("%X", pieces))
	case length != nil:
		n, _ := integerOf(length)
		t.Files = []MetaFile{{Path: []string{t.Name}, Length: n}}
	default:
		t.Multi = true
		t.Files = sessionFiles(files)
	}
	return t
}

func sessionFiles(list []byte) []MetaFile {
	var files []MetaFile
	offset := int64(0)
	for entry := range itemsOf(list) {
		file := MetaFile{Offset: offset}
		for key, value := range entriesOf(entry) {
			switch string(key) {
			case "length":
				file.Length, _ = integerOf(value)
			case "path":
				file.Path = sessionPath(value)
			}
		}
		offset += file.Length
		files = append(files, file)
	}
	return files
}

func sessionPath(list []byte) []string {
	var path []string
	for item := range itemsOf(list) {
		component, _ := stringOf(item)
		path = append(path, string(component))
	}
	return path
}
