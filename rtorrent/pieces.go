package rtorrent

import (
	"context"
	"errors"
	"fmt"
)

// Pieces is what decides which parts of a torrent's content can be read, all
// of it at one moment. It is never changed.
type Pieces struct {
	Hash Hash `rt:"d.hash,static"`
	// Digits are the verified pieces in hexadecimal, the first in the highest
	// bit. They are empty where rTorrent does not tell: the torrent is closed,
	// or open and not yet checked.
	Digits     string `rt:"d.bitfield"`
	IsComplete bool   `rt:"d.complete"` // keeps its value during a check
	IsActive   bool   `rt:"d.is_active"`
	IsMeta     bool   `rt:"d.is_meta"`
	Hashing    int64  `rt:"d.hashing"` // 0 not, 1 on start, 2 on finish, 3 on demand
}

// Whole reports whether every piece is verified. That is known of a complete
// torrent that is closed, too.
func (p *Pieces) Whole() bool { return p.IsComplete && p.Hashing == 0 && !p.IsMeta }

// Known reports whether each piece is known to be verified or not.
func (p *Pieces) Known() bool { return p.Digits != "" || p.Whole() }

// Has reports whether the piece is verified. Its bytes were right on disk when
// that was found; replaced data is found by a check only.
func (p *Pieces) Has(piece int64) bool {
	if piece < 0 {
		return false
	}
	if p.Whole() {
		return true
	}
	return piece/4 < int64(len(p.Digits)) && hexValue(p.Digits[piece/4])&(8>>(piece%4)) != 0
}

// HasAll reports whether the pieces from first on are verified, end not
// included.
func (p *Pieces) HasAll(first, end int64) bool {
	for piece := first; piece < end; piece++ {
		if !p.Has(piece) {
			return false
		}
	}
	return true
}

// hexValue is what a hexadecimal digit stands for, 0 for what is none.
func hexValue(digit byte) byte {
	switch {
	case '0' <= digit && digit <= '9':
		return digit - '0'
	case 'A' <= digit && digit <= 'F':
		return digit - 'A' + 10
	case 'a' <= digit && digit <= 'f':
		return digit - 'a' + 10
	}
	return 0
}

// piecesAtOnce is how many torrents' pieces are asked in one call: those of
// one with 100,000 pieces are 25 KB.
const piecesAtOnce = 200

// Pieces asks for the pieces of one torrent.
func (c *Client) Pieces(ctx context.Context, h Hash) (*Pieces, error) {
	of, err := c.PiecesOf(ctx, []Hash{h})
	if err != nil {
		return nil, err
	}
	if of[h] == nil {
		return nil, fmt.Errorf("pieces of %s: %w", h, ErrNotFound)
	}
	return of[h], nil
}

// PiecesOf asks for the pieces of several torrents, in one call unless they
// are very many. A torrent that is gone is not in the map.
func (c *Client) PiecesOf(ctx context.Context, hashes []Hash) (map[Hash]*Pieces, error) {
	caps, err := c.Caps(ctx)
	if err != nil {
		return nil, err
	}
	of := make(map[Hash]*Pieces, len(hashes))
	for len(hashes) > 0 {
		n := min(len(hashes), piecesAtOnce)
		if err := c.piecesOf(ctx, caps, hashes[:n], of); err != nil {
			return nil, fmt.Errorf("pieces: %w", err)
		}
		hashes = hashes[n:]
	}
	return of, nil
}

func (c *Client) piecesOf(ctx context.Context, caps *Caps, hashes []Hash, of map[Hash]*Pieces) error {
	q := c.pieces.query(caps.Has)
	var calls []call
	for _, h := range hashes {
		calls = append(calls, q.calls(string(h))...)
	}
	s, err := c.askBatch(ctx, false, calls)
	if err != nil {
		return err
	}
	for _, h := range hashes {
		row, refusal, err := q.decodeCalls(s, nil)
		if err == nil && !errors.Is(refusal, ErrNotFound) {
			err = refusal
		}
		if err != nil {
			return err
		}
		if row != nil {
			of[h] = row
		}
	}
	return batchEnd(s)
}
