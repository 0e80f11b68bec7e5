package fs

import (
	"context"
	"slices"
	"sync"

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
	mu    sync.Mutex // guards names
	names []string
}

func (r *recent) use(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = slices.DeleteFunc(r.names, func(n string) bool { return n == name })
	r.names = slices.Insert(r.names, 0, name)
	r.names = r.names[:min(len(r.names), recentQueries)]
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

func (w *whereDir) find(_ context.Context, name string) (entry, error) {
	e, err := w.entry(name)
	if err == nil {
		w.d.queries.use(name)
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
	l := &linkDir{d: w.d, path: path, choose: func(ctx context.Context) (*cache.Snapshot, []*rtorrent.Torrent, error) {
		return w.d.matching(ctx, q)
	}}
	return w.d.dirEntry(expr, path, w.d.inos.named(path), w.d.opts.TTL, l), nil
}

// matching returns the torrents that fulfil a query.
func (d *driver) matching(ctx context.Context, q *query) (*cache.Snapshot, []*rtorrent.Torrent, error) {
	s, err := d.cache.Snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	hosts := &cache.Hosts{}
	if q.trackers {
		if hosts, err = d.cache.Hosts(ctx, s); err != nil {
			return nil, nil, err
		}
	}
	var matching []*rtorrent.Torrent
	for _, t := range s.Torrents {
		if q.match(t, hosts.Of(t.Hash)) {
			matching = append(matching, t)
		}
	}
	return s, matching, nil
}
