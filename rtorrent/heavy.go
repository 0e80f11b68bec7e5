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
		if err := c.loadText(ctx, text, part); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// loadText fills in the free text of some rows, replacing them.
func (c *Client) loadText(ctx context.Context, text *query[Torrent], rows []*Torrent) error {
	var calls []call
	for _, t := range rows {
		calls = append(calls, text.calls(string(t.Hash))...)
	}
	request, err := encodeMulticall(calls)
	if err != nil {
		return err
	}
	body, _, err := c.exchange(ctx, false, typeXML, request)
	if err != nil {
		return fmt.Errorf("free text of %d torrents: %w", len(rows), err)
	}
	s := newXMLScanner(body)
	for i, t := range rows {
		row, refusal, err := text.decodeCalls(s, t)
		if err != nil {
			return err
		}
		if refusal == nil {
			rows[i] = row
		}
	}
	return batchEnd(s)
}
