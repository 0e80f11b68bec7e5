package fs

import (
	"context"
	"sync"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// openWhere opens where/, whose directories are queries.
func openWhere(d *driver, s subject[server]) directory {
	return &namedDir{d, s.path, &d.queries, func(expr string) (entry, error) {
		q, err := parseQuery(expr, d.shown())
		if err != nil {
			return entry{}, err
		}
		path := s.path + expr + "/"
		l := &linkDir{d: d, path: path, choose: (&matches{d: d, query: q}).now}
		return d.dirEntry(expr, path, d.inos.named(path), d.opts.TTL, l), nil
	}}
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
	s, err := m.d.cache.Want(ctx, m.d.columns(memberColumns+" "+m.query.from))
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
