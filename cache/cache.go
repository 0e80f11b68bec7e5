package cache

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"rtfs/rtorrent"
)

// Options say how old an answer may be. A zero field means its default.
type Options struct {
	TTL      time.Duration // of the quickly changing columns; 1 s
	Slow     time.Duration // of the others; 10 s
	MaxStale time.Duration // how long the last Snapshot stands in for a failing rTorrent; 60 s
	Patience time.Duration // how long a reader waits for a slow rTorrent when there is a Snapshot; 2 s
	Log      *slog.Logger
}

// A Cache holds the answers of one rTorrent. It is safe for concurrent use.
type Cache struct {
	client *rtorrent.Client
	opts   Options
	writes *writeOrder

	changed chan struct{} // has room for one

	mu      sync.Mutex // guards the fields below; never held during a call
	current *Snapshot  // nil until the first load
	dropped bool       // current is not to be served while rTorrent answers
	flight  *flight    // the load under way, or nil
	pid     int64      // of the rTorrent that current came from
	failed  error      // of the last load, nil if it succeeded
	tried   time.Time  // when the last load ended
	contact time.Time  // when the last load succeeded

	files    *keyed[rtorrent.Hash, []*rtorrent.File]
	pieces   *keyed[rtorrent.Hash, *rtorrent.Pieces]
	watches  *pieceWatches
	trackers *keyed[rtorrent.Hash, []*rtorrent.Tracker]
	peers    *keyed[rtorrent.Hash, []*rtorrent.Peer]
	customs  *keyed[rtorrent.Hash, *rtorrent.Customs]
	hosts    *hosts
	views    *keyed[string, []string]
	members  *keyed[string, []rtorrent.Hash]
	onDemand []forgetter // all values that are kept for one torrent
	server   serverCache
	process  func(pid int64) // what OnProcess was given; guarded by mu
}

// A forgetter keeps a value for each torrent until it is told to forget it.
type forgetter interface{ drop(rtorrent.Hash) }

// A flight is one load and what was written while it was under way.
type flight struct {
	began    time.Time
	done     chan struct{} // closed when snapshot and err are set
	snapshot *Snapshot
	err      error
	patches  map[rtorrent.Hash]*rtorrent.Torrent // guarded by Cache.mu; nil rows are gone
	dropped  bool                                // guarded by Cache.mu; its answer is from before a Drop
}

// New returns a Cache that has loaded nothing yet.
func New(client *rtorrent.Client, o Options) *Cache {
	defaults := []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.TTL, time.Second}, {&o.Slow, 10 * time.Second},
		{&o.MaxStale, time.Minute}, {&o.Patience, 2 * time.Second},
	}
	for _, d := range defaults {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Cache{client: client, opts: o, writes: newWriteOrder(), changed: make(chan struct{}, 1)}
	c.files = newKeyed(o.TTL, confirmed(c, client.Files))
	c.pieces = newKeyed(o.TTL, confirmed(c, client.Pieces))
	c.watches = newPieceWatches(client.PiecesOf, client.Timeout())
	c.trackers = newKeyed(slowDemand*o.TTL, confirmed(c, client.Trackers))
	c.peers = newKeyed(o.TTL, confirmed(c, client.Peers))
	c.customs = newKeyed(slowDemand*o.TTL, confirmed(c, client.Customs))
	c.files.costly = 4
	c.hosts = newHosts(client)
	c.views = newKeyed(o.Slow, func(ctx context.Context, _ string) ([]string, error) { return client.Views(ctx) })
	c.members = newKeyed(o.TTL, client.View)
	c.onDemand = []forgetter{c.hosts, c.files, c.pieces, c.watches, c.trackers, c.peers, c.customs}
	c.server = newServerCache(client, o)
	return c
}

// Client returns the client that the answers come from.
func (c *Cache) Client() *rtorrent.Client { return c.client }

// Snapshot returns the table of all torrents, at most TTL old, or an older
// one while rTorrent does not answer. It waits for rTorrent only as long as
// Options allow, and not past ctx.
func (c *Cache) Snapshot(ctx context.Context) (*Snapshot, error) {
	c.mu.Lock()
	now := time.Now()
	last := c.current
	if last != nil && !c.dropped && now.Sub(last.Taken) < c.opts.TTL {
		c.mu.Unlock()
		return last, nil
	}
	usable := last != nil && now.Sub(last.Taken) < c.opts.MaxStale
	if failed := c.failed; failed != nil && c.flight == nil && now.Sub(c.tried) < c.opts.TTL {
		// It failed a moment ago: do not ask again for each reader, and do not
		// make one that needs several answers wait for each of them.
		switch {
		case usable:
			c.mu.Unlock()
			return last, nil
		case errors.Is(failed, context.DeadlineExceeded):
			c.mu.Unlock()
			return nil, failed
		}
	}
	f := c.join(ctx, now)
	c.mu.Unlock()

	var patience <-chan time.Time
	if usable {
		t := time.NewTimer(time.Until(f.began.Add(c.opts.Patience)))
		defer t.Stop()
		patience = t.C
	}
	select {
	case <-f.done:
		if f.err != nil && usable {
			return last, nil
		}
		return f.snapshot, f.err
	case <-patience:
		return last, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Torrent returns one row of the Snapshot, or an error that is
// rtorrent.ErrNotFound.
func (c *Cache) Torrent(ctx context.Context, h rtorrent.Hash) (*rtorrent.Torrent, error) {
	s, err := c.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return s.Torrent(h)
}

// Files returns the files of a torrent, at most TTL old.
func (c *Cache) Files(ctx context.Context, h rtorrent.Hash) ([]*rtorrent.File, error) {
	return c.files.value(ctx, h)
}

// Drop makes the next reader load everything anew, and disowns the load that
// is under way. The last Snapshot still stands in while rTorrent fails.
func (c *Cache) Drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped = true
	if c.flight != nil {
		c.flight.dropped = true
		c.flight = nil
	}
}

// join returns the load under way, and begins one if there is none. The
// caller holds mu.
func (c *Cache) join(ctx context.Context, now time.Time) *flight {
	if c.flight != nil {
		return c.flight
	}
	f := &flight{began: now, done: make(chan struct{}), patches: map[rtorrent.Hash]*rtorrent.Torrent{}}
	c.flight = f
	old, pid, contact := c.current, c.pid, c.contact
	if c.failed != nil {
		contact = time.Time{} // it may be another process by now
	}
	if c.dropped && old != nil {
		expired := *old
		expired.SlowTaken = time.Time{}
		old = &expired
	}
	go func() {
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.client.Timeout())
		defer cancel()
		r, err := func() (r loaded, err error) {
			defer survive(&err)
			return c.load(detached, old, pid, contact)
		}()
		c.land(f, r, err)
	}()
	return f
}

// land publishes what a load brought and wakes those who wait for it.
func (c *Cache) land(f *flight, r loaded, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(f.done)
	if err != nil {
		f.err = err
		c.opts.Log.Warn("load of all torrents", "error", err)
	} else {
		f.snapshot = r.snapshot
		for h, row := range f.patches {
			f.snapshot = f.snapshot.with(h, row)
		}
	}
	if f.dropped {
		return
	}
	c.flight = nil
	c.tried, c.failed = time.Now(), err
	if err == nil {
		c.contact = c.tried
		c.noteProcess(r.pid)
		c.current, c.dropped = f.snapshot, false
		c.signal()
	}
}

// A Status tells how a Cache stands, from memory.
type Status struct {
	Connected        bool // the last load succeeded
	Failed           error
	Torrents         int
	Taken, SlowTaken time.Time // of the Snapshot; zero if there is none
}

// Status returns how the Cache stands. It never waits for rTorrent.
func (c *Cache) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Status{Connected: c.failed == nil && c.current != nil, Failed: c.failed}
	if c.current != nil {
		s.Torrents = len(c.current.Torrents)
		s.Taken, s.SlowTaken = c.current.Taken, c.current.SlowTaken
	}
	return s
}
