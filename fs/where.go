package fs

import (
	"context"
	"slices"
	"sync"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// recentQueries is how many queries `ls where` shows.
const recentQueries = 16

// A whereDir is where/: its directories are made by naming them.
type whereDir struct {
	d    *driver
	path string
}

// A recent keeps the queries used last, the newest first. It is safe for
// concurrent use.
type recent struct {
	mu        sync.Mutex // guards the fields below
	names     []string
	refused   string    // the last one that made no sense
	refusedAt time.Time // when that was last named
}

func (r *recent) use(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = slices.DeleteFunc(r.names, func(n string) bool { return n == name })
	r.names = slices.Insert(r.names, 0, name)
	r.names = r.names[:min(len(r.names), recentQueries)]
}

// refuse notes a query that makes no sense, and reports whether that is news:
// a shell names one several times in a row.
func (r *recent) refuse(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	again := r.refused == name && now.Sub(r.refusedAt) < time.Second
	r.refused, r.refusedAt = name, now
	return !again
}

func (r *recent) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.names)
}

func openWhere(d *driver, s subject[server]) directory { return &whereDir{d, s.path} }

func (w *whereDir) list(context.Context) ([]entry, error) {
	var entries []entry
	for _, name := range w.d.queries.all() {
		if e, err := w.entry(name); err == nil {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func (w *whereDir) find(ctx context.Context, name string) (entry, error) {
	e, err := w.entry(name)
	switch {
	case err == nil:
		w.d.queries.use(name)
	case w.d.queries.refuse(name):
		w.d.record(ctx, w.path+name, "", "", err)
	}
	return e, err
}

func (w *whereDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, w.d.started, nil
}

func (w *whereDir) entry(expr string) (entry, error) {
	q, err := parseQuery(expr, w.d.shown())
	if err != nil {
		return entry{}, err
	}
	path := w.path + expr + "/"
	l := &linkDir{d: w.d, path: path, choose: (&matches{d: w.d, query: q}).now}
	return w.d.dirEntry(expr, path, w.d.inos.named(path), w.d.opts.TTL, l), nil
}

// A matches finds the torrents that fulfil a query, and keeps them: a listing is
// followed by a lookup of each of its names. It is safe for concurrent use.
type matches struct {
	d     *driver
	query *query

	mu       sync.Mutex // guards the fields below; never held during a call
	snapshot *cache.Snapshot
	hosts    *cache.Hosts
	torrents []*rtorrent.Torrent
}

func (m *matches) now(ctx context.Context) (*cache.Snapshot, []*rtorrent.Torrent, error) {
	s, err := m.d.cache.Snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	hosts := &cache.Hosts{}
	if m.query.trackers {
		if hosts, err = m.d.cache.Hosts(ctx, s); err != nil {
			return nil, nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.snapshot == s && (m.hosts == hosts || !m.query.trackers) {
		return s, m.torrents, nil
	}
	var torrents []*rtorrent.Torrent
	for _, t := range s.Torrents {
		if m.query.match(t, hosts.Of(t.Hash)) {
			torrents = append(torrents, t)
		}
	}
	m.snapshot, m.hosts, m.torrents = s, hosts, torrents
	return s, torrents, nil
}
