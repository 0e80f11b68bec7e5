package rtorrent

import (
	"context"
	"fmt"
)

// filesAtOnce is how many files' rows are asked in one call: 10,000 took 60 to
// 76 ms of rTorrent's main loop, and 2 MB.
const filesAtOnce = 5000

// FilesOf returns the files of several torrents, in few calls. A torrent that
// is gone is not in the map.
func (c *Client) FilesOf(ctx context.Context, torrents []*Torrent) (map[Hash][]*File, error) {
	caps, err := c.Caps(ctx)
	if err != nil {
		return nil, err
	}
	q := c.files.query(caps.Has, Static, Tick, Slow)
	all := make(map[Hash][]*File, len(torrents))
	for at := 0; at < len(torrents); {
		end, files := at, int64(0)
		for end < len(torrents) && (end == at || files+torrents[end].FileCount <= filesAtOnce) && end-at < urlsAtOnce {
			files += torrents[end].FileCount
			end++
		}
		if err := c.filesOf(ctx, caps, q, torrents[at:end], all); err != nil {
			return nil, fmt.Errorf("files of all torrents: %w", err)
		}
		at = end
	}
	return all, nil
}

func (c *Client) filesOf(ctx context.Context, caps *Caps, q *query[File], torrents []*Torrent, all map[Hash][]*File) error {
	calls := make([]call, len(torrents))
	for i, t := range torrents {
		calls[i] = call{"f.multicall", []any{t.Hash, ""}}
		for _, getter := range q.getters {
			calls[i].args = append(calls[i].args, getter)
		}
	}
	s, err := c.askBatch(ctx, false, calls)
	if err != nil {
		return err
	}
	_, err = whole(s, len(calls), func(i int) error {
		files, err := q.decode(s, nil)
		all[torrents[i].Hash] = files
		return err
	})
	if err != nil {
		return err
	}
	for _, t := range torrents {
		if err := c.correctPaths(ctx, caps, t.Hash, all[t.Hash]); err != nil {
			return err
		}
	}
	return nil
}
