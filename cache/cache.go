package cache

import (
	"context"
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
	// Views is from how many torrents on a tick asks rTorrent's views instead of
	// the whole table; 500.
	Views int
	Log   *slog.Logger
}

// A Cache holds the answers of one rTorrent. It is safe for concurrent use.
type Cache struct {
	client *rtorrent.Client
	opts   Options
	writes *writeOrder
	costs  costing

	// The columns of all torrents but the key, and some of them by their speed.
	columns, static, quick, moves, rare rtorrent.Columns
	firstLook, isMeta                   rtorrent.Columns
	restlessness                        rtorrent.Columns // not 0 while something moves

	changed chan struct{} // has room for one

	mu      sync.Mutex // guards the fields below; never held during a call
	current *Snapshot  // nil until the first load
	dropped bool       // current is not to be served while rTorrent answers
	flight  *flight    // the load under way, or nil
	pid     int64      // of the rTorrent that current came from
	failed  error      // of the last load, nil if it succeeded
	tried   time.Time  // when the last load ended
	contact time.Time  // when the last load succeeded
	noViews bool       // this rTorrent does not answer for its views
	// wants are when each column was wanted last, lastRead when anything was.
	wants    [rtorrent.ColumnsMost]time.Time
	lastRead time.Time
	looked   map[rtorrent.Hash]look
	good     verdict

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
	expiring []expirer   // those of them, and of views, that are only kept for a time
	server   serverCache
	process  func(pid int64) // what OnProcess was given; guarded by mu
}

// A forgetter keeps a value for each torrent until it is told to forget it.
type forgetter interface{ drop(rtorrent.Hash) }

// An expirer can forget the values that are too old to be given to anybody.
type expirer interface{ dropExpired() }

// Relax forgets what is too old to be given to anybody.
func (c *Cache) Relax() {
	for _, values := range c.expiring {
		values.dropExpired()
	}
}

// A flight is one load and what was written while it was under way.
type flight struct {
	began    time.Time
	done     chan struct{} // closed when snapshot and err are set
	snapshot *Snapshot
	err      error
	patches  map[rtorrent.Hash]patch // guarded by Cache.mu
	dropped  bool                    // guarded by Cache.mu; its answer is from before a Drop
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
	if o.Views <= 0 {
		o.Views = 500
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Cache{client: client, opts: o, writes: newWriteOrder(), changed: make(chan struct{}, 1), looked: map[rtorrent.Hash]look{}}
	c.static = client.ColumnsOf(rtorrent.Static) &^ client.Columns("d.hash")
	c.moves = client.ColumnsOf(rtorrent.Moving)
	c.quick = client.ColumnsOf(rtorrent.Tick, rtorrent.Moving)
	c.rare = client.ColumnsOf(rtorrent.Rare)
	c.columns = c.static | c.quick | c.rare | client.ColumnsOf(rtorrent.Slow)
	c.restlessness = c.moves &^ client.Columns("d.chunks_hashed")
	c.firstLook, c.isMeta = client.Columns(firstLook), client.Columns("d.is_meta")
	c.files = newKeyed(o.TTL, confirmed(c, client.Files))
	c.pieces = newKeyed(o.TTL, confirmed(c, client.Pieces))
	c.watches = newPieceWatches(client.PiecesOf, client.Timeout())
	c.trackers = newKeyed(slowDemand*o.TTL, confirmed(c, client.Trackers))
	c.peers = newKeyed(o.TTL, confirmed(c, client.Peers))
	c.customs = newKeyed(slowDemand*o.TTL, confirmed(c, client.Customs))
	c.files.costly = 4
	c.files.items = func(files []*rtorrent.File) int { return len(files) }
	c.trackers.items = func(trackers []*rtorrent.Tracker) int { return len(trackers) }
	c.peers.items = func(peers []*rtorrent.Peer) int { return len(peers) }
	c.hosts = newHosts(client)
	c.views = newKeyed(o.Slow, func(ctx context.Context, _ string) ([]string, error) { return client.Views(ctx) })
	c.members = newKeyed(o.TTL, client.View)
	c.onDemand = []forgetter{c.hosts, c.files, c.pieces, c.watches, c.trackers, c.peers, c.customs}
	c.expiring = []expirer{c.files, c.pieces, c.trackers, c.peers, c.customs, c.members}
	c.server = newServerCache(client, o)
	return c
}

// Client returns the client that the answers come from.
func (c *Cache) Client() *rtorrent.Client { return c.client }

// Files returns the files of a torrent, at most TTL old.
func (c *Cache) Files(ctx context.Context, h rtorrent.Hash) ([]*rtorrent.File, error) {
	return c.files.value(ctx, h)
}

// Drop makes the next reader load everything anew, and disowns the load that
// is under way. The last Snapshot still stands in while rTorrent fails.
func (c *Cache) Drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped, c.good = true, verdict{}
	if c.flight != nil {
		c.flight.dropped = true
		c.flight = nil
	}
}

// join returns the load under way, and begins one for who asked for columns then
// if there is none. The caller holds mu.
func (c *Cache) join(ctx context.Context, now time.Time, columns rtorrent.Columns, asked time.Time) *flight {
	if c.flight != nil {
		return c.flight
	}
	return c.begin(ctx, c.plan(now, columns, asked), now)
}

// begin begins a step. The caller holds mu, and there is no load under way.
func (c *Cache) begin(ctx context.Context, s step, now time.Time) *flight {
	f := &flight{began: now, done: make(chan struct{}), patches: map[rtorrent.Hash]patch{}}
	c.flight = f
	go func() {
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.client.Timeout())
		defer cancel()
		r, err := func() (r loaded, err error) {
			defer survive(&err)
			return c.load(detached, s)
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
		for h, p := range f.patches {
			f.snapshot = c.patched(f.snapshot, h, p)
		}
	}
	if f.dropped {
		return
	}
	c.flight = nil
	c.tried, c.failed = time.Now(), err
	if err == nil {
		c.contact = c.tried
		c.noViews = r.noViews || c.noViews && r.pid == c.pid
		c.noteProcess(r.pid)
		c.current, c.dropped = f.snapshot, false
		c.signal()
		c.ahead(f.began)
	}
}

// A Status tells how a Cache stands, from memory.
type Status struct {
	Connected        bool // the last load succeeded
	Failed           error
	Torrents         int
	Taken, SlowTaken time.Time // of the Snapshot, and of the oldest column in use; zero if there is none
}

// Status returns how the Cache stands. It never waits for rTorrent.
func (c *Cache) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Status{Connected: c.failed == nil && c.current != nil, Failed: c.failed}
	if c.current != nil {
		s.Torrents = len(c.current.Torrents)
		s.Taken = c.current.Taken
		s.SlowTaken = c.oldest(c.current)
	}
	return s
}
