package rtorrent

import (
	"context"
	"fmt"
)

// heavyBatch is how many torrents' free text is asked in one call when it is
// heavy: with 300 KB a torrent that is still less than replyAtMost.
const heavyBatch = 100

// loadHeavy asks the free text by itself and for some torrents at a time, and
// everything else as one table.
func (c *Client) loadHeavy(ctx context.Context, caps *Caps, tc tableCall, q *query[Torrent], prev func([]byte) *Torrent) ([]*Torrent, error) {
	text, rest := q.text()
	rows, err := loadTable(ctx, c, caps, tc, rest, prev)
	if err != nil {
		return nil, err
	}
	for at := 0; at < len(rows); at += heavyBatch {
		part := rows[at:min(len(rows), at+heavyBatch)]
		full, err := c.rows(ctx, text.withoutKey(), part)
		if err != nil {
			return nil, fmt.Errorf("free text of %d torrents: %w", len(part), err)
		}
		for i, t := range full {
			if t != nil { // else it is gone by now
				part[i] = t
			}
		}
	}
	return rows, nil
}
