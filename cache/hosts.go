package cache

import (
	"context"
	"maps"
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
	dropped map[rtorrent.Hash]bool // changed since they were asked
	flight  *hostsFlight           // the load under way, or nil
}

// A hostsFlight is one load, which belongs to none of those who wait for it.
type hostsFlight struct {
	done chan struct{} // closed when err is set
	err  error
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
	for {
		current, f := c.hosts.now(ctx, s)
		if f == nil {
			return current, nil
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if f.err != nil {
			return nil, f.err
		}
	}
}

// now returns the Hosts if they have all torrents of the snapshot, else the
// load that will bring what they lack.
func (h *hosts) now(ctx context.Context, s *Snapshot) (*Hosts, *hostsFlight) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.flight != nil {
		return nil, h.flight
	}
	if now := time.Now(); now.Sub(h.taken) > hostsTTL {
		h.current, h.taken = &Hosts{}, now
		clear(h.dropped)
	}
	var missing []rtorrent.Hash
	for _, t := range s.Torrents {
		if _, known := h.current.of[t.Hash]; !known || h.dropped[t.Hash] {
			missing = append(missing, t.Hash)
			delete(h.dropped, t.Hash) // what is dropped from here on is asked again
		}
	}
	if len(missing) == 0 {
		return h.current, nil
	}
	f := &hostsFlight{done: make(chan struct{})}
	h.flight = f
	go h.load(context.WithoutCancel(ctx), f, missing)
	return nil, f
}

func (h *hosts) load(ctx context.Context, f *hostsFlight, missing []rtorrent.Hash) {
	urls, err := h.client.TrackerURLs(ctx, missing)
	h.mu.Lock()
	defer h.mu.Unlock()
	defer close(f.done)
	h.flight = nil
	if f.err = err; err != nil {
		for _, hash := range missing {
			h.dropped[hash] = true
		}
		return
	}
	next := &Hosts{of: make(map[rtorrent.Hash][]string, len(h.current.of)+len(missing))}
	maps.Copy(next.of, h.current.of)
	for _, hash := range missing {
		next.of[hash] = hostsOf(urls[hash])
	}
	h.current = next
}

// hostsOf returns the hosts of URLs, sorted, each once.
func hostsOf(urls []string) []string {
	var of []string
	for _, u := range urls {
		if host := rtorrent.TrackerHost(u); host != "" {
			of = append(of, host)
		}
	}
	slices.Sort(of)
	return slices.Compact(of)
}
