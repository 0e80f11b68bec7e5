package fs

import (
	"context"

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
		l := &linkDir{d: d, path: path, choose: (&matches{d, path, q}).now}
		return d.dirEntry(expr, path, d.inos.named(path), d.opts.TTL, l), nil
	}}
}

// A matches finds the torrents that fulfil a query, and keeps them: a listing is
// followed by a lookup of each of its names. It is safe for concurrent use.
type matches struct {
	d     *driver
	path  string
	query *query
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
	if last := m.d.links.choice(m.path); last.snapshot == s && (last.hosts == hosts || !m.query.trackers) {
		return s, last.torrents, nil
	}
	var torrents []*rtorrent.Torrent
	for _, t := range s.Torrents {
		if m.query.match(t, hosts.Of(t.Hash)) {
			torrents = append(torrents, t)
		}
	}
	m.d.links.choose(m.path, &choice{snapshot: s, hosts: hosts, torrents: torrents})
	return s, torrents, nil
}
