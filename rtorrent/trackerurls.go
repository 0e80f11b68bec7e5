package rtorrent

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

// urlsAtOnce is how many torrents' trackers are asked in one call: 1,000 took
// 60 to 90 ms of rTorrent's main loop.
const urlsAtOnce = 200

// TrackerURLs returns the URLs of the trackers of the torrents, in few calls.
// A torrent that is gone is not in the map.
func (c *Client) TrackerURLs(ctx context.Context, hashes []Hash) (map[Hash][]string, error) {
	all := make(map[Hash][]string, len(hashes))
	for at := 0; at < len(hashes); at += urlsAtOnce {
		if err := c.trackerURLs(ctx, hashes[at:min(len(hashes), at+urlsAtOnce)], all); err != nil {
			return nil, fmt.Errorf("trackers of all torrents: %w", err)
		}
	}
	return all, nil
}

func (c *Client) trackerURLs(ctx context.Context, hashes []Hash, all map[Hash][]string) error {
	calls := make([]call, len(hashes))
	for i, h := range hashes {
		calls[i] = call{"t.multicall", []any{h, "", "t.url="}}
	}
	s, err := c.askBatch(ctx, false, calls)
	if err != nil {
		return err
	}
	_, err = whole(s, len(calls), func(i int) error {
		urls, err := firstCells(s)
		all[hashes[i]] = urls
		return err
	})
	return err
}

// firstCells reads a table of one column of text. Empty rows are left out.
func firstCells(s scanner) ([]string, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	var texts []string
	var cells []cell
	for {
		more, err := s.more()
		if err != nil || !more {
			return texts, err
		}
		if cells, err = s.row(cells[:0]); err != nil {
			return nil, err
		}
		if len(cells) > 0 {
			texts = append(texts, string(cells[0].text))
		}
	}
}

// TrackerHost returns the host of a tracker's URL, without its port, in lower
// case; "dht" for the DHT, "" for what has no host.
func TrackerHost(tracker string) string {
	if strings.HasPrefix(tracker, "dht:") {
		return "dht"
	}
	u, err := url.Parse(tracker)
	if err == nil && u.Hostname() != "" {
		return strings.ToLower(u.Hostname())
	}
	_, rest, ok := strings.Cut(tracker, "://")
	if !ok {
		return ""
	}
	if end := strings.IndexAny(rest, "/:?#"); end >= 0 {
		rest = rest[:end]
	}
	return strings.ToLower(rest)
}
