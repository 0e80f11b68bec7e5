package rtorrent

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
)

var (
	// ErrIncomplete says that the bytes are a proper prefix of a bencoded
	// dictionary: an upload still under way, or cut off.
	ErrIncomplete = errors.New("not a whole .torrent")
	// ErrNotTorrent says that no bytes to come could make a .torrent of it
	// that rTorrent can be trusted with. The error's text has the reason.
	ErrNotTorrent = errors.New("not a valid torrent")
)

// A Metainfo is a .torrent that rTorrent can be trusted with: some of those
// it accepts make it exit. It is never changed.
type Metainfo struct {
	Hash        Hash
	Name        string     // raw bytes: any but NUL and '/', 1 to 255 of them
	Multi       bool       // Files stand in a directory of the name Name
	PieceLength int64      // bytes
	Pieces      int        // how many
	Size        int64      // bytes, at least 1
	Private     bool       //
	Files       []MetaFile // at least one; for a single file its path is Name
	Trackers    [][]string // tiers of announce URLs, as raw bytes; may be nil

	pieces  string
	encoded []byte
}

// A MetaFile is one file of a .torrent. Path has the components as raw bytes.
type MetaFile struct {
	Path   []string
	Length int64 // bytes
	Offset int64 // bytes, in the data of all files end to end
}

// ParseMetainfo reads a .torrent and checks it by every rule of rules. What
// stands behind its end is ignored, as rTorrent does. The error is
// ErrIncomplete, or ErrNotTorrent with a reason for the user. The Metainfo
// does not share memory with b, which may be of any size; over 64 MiB is
// refused.
func ParseMetainfo(b []byte) (*Metainfo, error) {
	end, err := (&walker{b: b, depth: maxTorrentDepth}).dictionary()
	if errors.Is(err, errTruncated) {
		return nil, ErrIncomplete
	}
	if err != nil {
		return nil, &refusal{reason: err}
	}
	d := draft{root: b[:end]}
	for i := range rules {
		if err := rules[i].check(&d); err != nil {
			return nil, &refusal{rule: &rules[i], reason: err}
		}
	}
	return d.metainfo()
}

// Encode returns the .torrent as it is to be given to rTorrent: its info to
// the byte, and of the rest only what rTorrent reads and what people do.
// What else stands in a .torrent can kill rTorrent (libtorrent_resume), skip
// its hash check, or make something else of it (magnet-uri).
func (m *Metainfo) Encode() []byte {
	return bytes.Clone(m.encoded)
}

// PieceHash returns the SHA-1 of piece i, counted from 0; zeros for a piece
// that does not exist.
func (m *Metainfo) PieceHash(i int) (hash [sha1.Size]byte) {
	if 0 <= i && i < m.Pieces {
		copy(hash[:], m.pieces[i*sha1.Size:])
	}
	return hash
}

// A refusal says why a .torrent is not taken. It is ErrNotTorrent.
type refusal struct {
	rule   *rule // nil where it is no well-formed bencode
	reason error
}

func (r *refusal) Error() string        { return fmt.Sprintf("%v: %v", ErrNotTorrent, r.reason) }
func (r *refusal) Is(target error) bool { return target == ErrNotTorrent }
