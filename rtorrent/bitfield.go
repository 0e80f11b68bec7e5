package rtorrent

import (
	"context"
	"encoding/hex"
	"fmt"
)

// A Bitfield says which pieces of a torrent are verified. It is never changed.
type Bitfield struct {
	// Known is false where rTorrent does not tell: the torrent is closed, or
	// open and not yet checked. A closed torrent that is complete has every
	// piece; of a closed incomplete one nothing is known.
	Known bool
	bits  []byte
}

// Has reports whether the piece is verified.
func (b *Bitfield) Has(piece int64) bool {
	return b.Known && piece >= 0 && piece/8 < int64(len(b.bits)) && b.bits[piece/8]&(0x80>>(piece%8)) != 0
}

// Bitfield asks which pieces of a torrent are verified. Every set bit's piece
// was right on disk when it was set; replaced data is found by a check only.
func (c *Client) Bitfield(ctx context.Context, h Hash) (*Bitfield, error) {
	var digits string
	if err := c.Call(ctx, &digits, "d.bitfield", h); err != nil {
		return nil, err
	}
	bits, err := hex.DecodeString(digits)
	if err != nil {
		return nil, fmt.Errorf("d.bitfield: %w: %v", ErrProtocol, err)
	}
	return &Bitfield{Known: len(bits) > 0, bits: bits}, nil
}
