package rtorrenttest

import (
	"fmt"
	"strings"
)

func (t *Torrent) pieces() int64 {
	if t.PieceLength <= 0 {
		return 0
	}
	return (t.Size + t.PieceLength - 1) / t.PieceLength
}

// pieceSize is the number of bytes in a piece: the last one is shorter.
func (t *Torrent) pieceSize(i int64) int64 {
	return min(t.PieceLength, t.Size-i*t.PieceLength)
}

func (t *Torrent) completedPieces() (n int64) {
	for _, v := range t.Verified {
		n += number(v)
	}
	return n
}

func (t *Torrent) completedBytes() (n int64) {
	for i, v := range t.Verified {
		if v {
			n += t.pieceSize(int64(i))
		}
	}
	return n
}

// applyPriorities makes the files' priorities count.
func (t *Torrent) applyPriorities() {
	for i := range t.Files {
		t.Files[i].applied = t.Files[i].Priority
	}
}

// wantedPieces are those missing of files that are not switched off.
func (t *Torrent) wantedPieces() (n int64) {
	wanted := make([]bool, len(t.Verified))
	for i := range t.Files {
		f := &t.Files[i]
		if first, end := t.pieceRange(f); f.applied > 0 {
			for p := first; p < min(end, int64(len(wanted))); p++ {
				wanted[p] = true
			}
		}
	}
	for p, w := range wanted {
		n += number(w && !t.Verified[p])
	}
	return n
}

// pieceRange are the pieces that a file has a part in, the end not included.
func (t *Torrent) pieceRange(f *File) (first, end int64) {
	if t.PieceLength <= 0 {
		return 0, 0
	}
	first = f.Offset / t.PieceLength
	if f.Size == 0 {
		return first, first
	}
	return first, (f.Offset + f.Size + t.PieceLength - 1) / t.PieceLength
}

// bitfield is in hexadecimal, and empty where it is not known.
func (t *Torrent) bitfield() string {
	if !t.Open || !t.Checked && !t.Checking {
		return ""
	}
	bits := make([]byte, (len(t.Verified)+7)/8)
	for i, v := range t.Verified {
		if v {
			bits[i/8] |= 0x80 >> (i % 8)
		}
	}
	return fmt.Sprintf("%X", bits)
}

// touchPath sets the path that rTorrent knows since it has opened the torrent.
func (t *Torrent) touchPath() {
	t.BasePath = t.Directory
	if !t.Multi {
		t.BasePath = t.Directory + "/" + t.Name
	}
}

// frozenPath is where a file is, empty until the torrent was opened once.
func (t *Torrent) frozenPath(f *File) string {
	switch {
	case t.BasePath == "":
		return ""
	case t.Multi:
		return t.BasePath + "/" + strings.Join(f.Path, "/")
	}
	return t.BasePath
}
