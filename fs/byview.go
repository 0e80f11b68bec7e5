package fs

import (
	"context"
	"slices"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// A viewsDir is by-view/: rTorrent's own views, as it keeps them. They lag
// behind the states.
type viewsDir struct {
	d    *driver
	path string
}

func openByView(d *driver, s subject[server]) directory { return &viewsDir{d, s.path} }

func (v *viewsDir) list(ctx context.Context) ([]entry, error) {
	views, err := v.d.cache.Views(ctx)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(views))
	for i, view := range views {
		entries[i] = v.entry(view)
	}
	return entries, nil
}

func (v *viewsDir) find(ctx context.Context, name string) (entry, error) {
	views, err := v.d.cache.Views(ctx)
	if err != nil {
		return entry{}, err
	}
	for _, view := range views {
		if fileName(view) == name {
			return v.entry(view), nil
		}
	}
	return entry{}, errNoEntry
}

func (v *viewsDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, v.d.started, nil
}

func (v *viewsDir) entry(view string) entry {
	path := v.path + fileName(view) + "/"
	l := &linkDir{d: v.d, path: path, choose: (&members{v.d, path, view}).now}
	return v.d.dirEntry(fileName(view), path, v.d.inos.named(path), v.d.opts.TTL, l)
}

// A members finds the torrents of a view, and keeps them: a listing is followed
// by a lookup of each of its names. It is safe for concurrent use.
type members struct {
	d    *driver
	path string
	view string
}

func (m *members) now(ctx context.Context) (*cache.Snapshot, []*rtorrent.Torrent, error) {
	s, err := m.d.cache.Want(ctx, m.d.columns(linkColumns))
	if err != nil {
		return nil, nil, err
	}
	hashes, err := m.d.cache.View(ctx, m.view)
	if err != nil {
		return nil, nil, err
	}
	if last := m.d.links.choice(m.path); last.snapshot == s && slices.Equal(last.members, hashes) {
		return s, last.torrents, nil
	}
	var torrents []*rtorrent.Torrent
	for _, h := range hashes {
		if t, err := s.Torrent(h); err == nil {
			torrents = append(torrents, t)
		}
	}
	m.d.links.choose(m.path, &choice{snapshot: s, members: hashes, torrents: torrents})
	return s, torrents, nil
}
