package cache

import (
	"context"
	"slices"
	"sync"
	"time"

	"rtfs/rtorrent"
)

// hostsTTL is how old the trackers of a torrent may be when they sort it into
// groups. They change seldom, and our own changes are known at once.
const hostsTTL = 5 * time.Minute

// Hosts are the hosts of the trackers of all torrents. They are never changed.
type Hosts struct {
	of map[rtorrent.Hash][]string
}

// Of returns the hosts of a torrent's trackers, sorted, each once.
func (h *Hosts) Of(hash rtorrent.Hash) []string { return h.of[hash] }

// hosts keeps the Hosts and asks for the torrents that they lack. It is safe
// for concurrent use.
type hosts struct {
	client *rtorrent.Client

	mu      sync.Mutex // guards the fields below; never held during a call
	current *Hosts
	taken   time.Time
	dropped map[rtorrent.Hash]bool
	loading chan struct{} // closed when the load under way has ended; nil none
}

func newHosts(client *rtorrent.Client) *hosts {
	return &hosts{client: client, current: &Hosts{}, dropped: map[rtorrent.Hash]bool{}}
}

// drop makes the next reader ask for a torrent's trackers.
func (h *hosts) drop(hash rtorrent.Hash) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropped[hash] = true
}

// Hosts returns the tracker hosts of the torrents of a snapshot.
func (c *Cache) Hosts(ctx context.Context, s *Snapshot) (*Hosts, error) {
	h := c.hosts
	for {
		h.mu.Lock()
		if h.loading == nil {
			missing := h.missing(s, time.Now())
			if len(missing) == 0 {
				defer h.mu.Unlock()
				return h.current, nil
			}
			loading := make(chan struct{})
			h.loading = loading
			h.mu.Unlock()
			return h.load(ctx, missing, loading)
		}
		loading := h.loading
		h.mu.Unlock()
		select {
		case <-loading:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// missing returns the torrents to ask for. The caller holds mu.
func (h *hosts) missing(s *Snapshot, now time.Time) []rtorrent.Hash {
	if now.Sub(h.taken) > hostsTTL {
		h.current, h.taken = &Hosts{}, now
	}
	var missing []rtorrent.Hash
	for _, t := range s.Torrents {
		if _, known := h.current.of[t.Hash]; !known || h.dropped[t.Hash] {
			missing = append(missing, t.Hash)
		}
	}
	return missing
}

// load asks for some torrents' trackers on behalf of one caller; the others
// wait, and try themselves if it leaves.
func (h *hosts) load(ctx context.Context, missing []rtorrent.Hash, loading chan struct{}) (*Hosts, error) {
	urls, err := h.client.TrackerURLs(ctx, missing)
	h.mu.Lock()
	defer h.mu.Unlock()
	defer close(loading)
	h.loading = nil
	if err != nil {
		return nil, err
	}
	next := &Hosts{of: make(map[rtorrent.Hash][]string, len(h.current.of)+len(missing))}
	for hash, known := range h.current.of {
		next.of[hash] = known
	}
	for _, hash := range missing {
		var of []string
		for _, u := range urls[hash] {
			if host := rtorrent.TrackerHost(u); host != "" && !slices.Contains(of, host) {
				of = append(of, host)
			}
		}
		slices.Sort(of)
		next.of[hash] = of
		delete(h.dropped, hash)
	}
	h.current = next
	return next, nil
}
