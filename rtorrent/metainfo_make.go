package rtorrent

import (
	"crypto/sha1"
	"fmt"
	"hash"
	"io"

	"github.com/anacrolix/torrent/bencode"
)

// A MakeFile is one file of a .torrent to be made.
type MakeFile struct {
	Path   []string  // below the torrent's name; nil makes a single-file torrent
	Length int64     // bytes
	Data   io.Reader // read to its end, which must come after Length bytes
}

// MakeMetainfo returns a .torrent of the files, in their order, read once.
// Each tracker is a tier of its own. It fails where ParseMetainfo would refuse
// the result.
func MakeMetainfo(name string, files []MakeFile, pieceLength int64, trackers ...string) ([]byte, error) {
	if len(files) == 0 || pieceLength < minPieceLength {
		return nil, fmt.Errorf("make %q: want at least one file and a piece length of %d", name, minPieceLength)
	}
	pieces := &pieceHasher{length: pieceLength, sum: sha1.New()}
	for i, f := range files {
		n, err := io.Copy(pieces, f.Data)
		if err == nil && n != f.Length {
			err = fmt.Errorf("it has %d bytes, want %d", n, f.Length)
		}
		if err != nil {
			return nil, fmt.Errorf("make %q: read file %d: %w", name, i+1, err)
		}
	}
	info := map[string]any{"name": name, "piece length": pieceLength, "pieces": pieces.hashes()}
	if files[0].Path == nil && len(files) == 1 {
		info["length"] = files[0].Length
	} else {
		info["files"] = makeFiles(files)
	}
	root := map[string]any{"info": info}
	if len(trackers) > 0 {
		root["announce"] = trackers[0]
	}
	if len(trackers) > 1 {
		root["announce-list"] = makeTiers(trackers)
	}
	made, err := bencode.Marshal(root)
	if err == nil {
		_, err = ParseMetainfo(made)
	}
	if err != nil {
		return nil, fmt.Errorf("make %q: %w", name, err)
	}
	return made, nil
}

func makeFiles(files []MakeFile) []any {
	var list []any
	for _, f := range files {
		list = append(list, map[string]any{"length": f.Length, "path": f.Path})
	}
	return list
}

func makeTiers(trackers []string) [][]string {
	var tiers [][]string
	for _, t := range trackers {
		tiers = append(tiers, []string{t})
	}
	return tiers
}

// A pieceHasher hashes what is written to it, piece by piece.
type pieceHasher struct {
	length int64 // of a piece, in bytes
	filled int64 // bytes of the piece that sum has
	sum    hash.Hash
	done   []byte
}

func (p *pieceHasher) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		part := b[:min(int64(len(b)), p.length-p.filled)]
		p.sum.Write(part)
		b = b[len(part):]
		if p.filled += int64(len(part)); p.filled == p.length {
			p.finish()
		}
	}
	return n, nil
}

func (p *pieceHasher) finish() {
	p.done = p.sum.Sum(p.done)
	p.sum.Reset()
	p.filled = 0
}

// hashes returns the hashes end to end, with that of a last, shorter piece.
func (p *pieceHasher) hashes() []byte {
	if p.filled > 0 {
		p.finish()
	}
	return p.done
}
