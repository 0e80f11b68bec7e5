package fs

import (
	"context"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// A torrentsDir is torrents/: a directory for every torrent, and, unlisted, a
// link from its info-hash in lower case.
type torrentsDir struct {
	d    *driver
	path string
}

func openTorrents(d *driver, s subject[server]) directory { return &torrentsDir{d, s.path} }

func torrentReference(prefix string) []Line {
	dir := Dir[rtorrent.Torrent]{Name: "<HASH>", Doc: "one torrent; its time is time_added, its size is the data's", Nodes: torrentNodes()}
	return dir.reference(prefix)
}

func (t *torrentsDir) list(ctx context.Context) ([]entry, error) {
	s, err := t.d.cache.Want(ctx, 0)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(s.Torrents))
	for i, torrent := range s.Torrents {
		entries[i] = t.entry(torrent.Hash)
	}
	return entries, nil
}

func (t *torrentsDir) find(ctx context.Context, name string) (entry, error) {
	h, err := rtorrent.ParseHash(name)
	if err != nil {
		return entry{}, errNoEntry
	}
	known, err := t.d.cache.WantTorrent(ctx, h, 0)
	if err != nil {
		return entry{}, err
	}
	h = known.Hash // which is kept already
	if string(h) != name {
		return t.d.linkEntry(name, t.path+name, fixedTarget(string(h)), t.d.inos.torrent(h)+inoAlias, t.d.opts.TTL, t.d.addedTime(h)), nil
	}
	return t.entry(h), nil
}

// never implements foreseer: what is not an info-hash will not be here.
func (t *torrentsDir) never(name string) bool {
	_, err := rtorrent.ParseHash(name)
	return err != nil
}

func (t *torrentsDir) torrent(ctx context.Context, name string) (*rtorrent.Torrent, error) {
	h, err := rtorrent.ParseHash(name)
	if err != nil {
		return nil, errNoEntry
	}
	return t.d.cache.Torrent(ctx, h)
}

func (t *torrentsDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, t.d.started, nil
}

func (t *torrentsDir) entry(h rtorrent.Hash) entry {
	s := subject[rtorrent.Torrent]{
		path:  t.path + string(h) + "/",
		hash:  h,
		ino:   t.d.inos.torrent(h),
		find:  func(ctx context.Context) (*rtorrent.Torrent, error) { return t.d.cache.Torrent(ctx, h) },
		mtime: timeAdded,
		dated: addedColumns,
	}
	s.want = func(ctx context.Context, from string) (*rtorrent.Torrent, error) {
		return t.d.cache.WantTorrent(ctx, h, t.d.columns(from))
	}
	s.at = func(ctx context.Context, from string) (*rtorrent.Torrent, cache.Span, error) {
		return t.d.torrentAt(ctx, h, t.d.columns(from))
	}
	s.alone = func(ctx context.Context, from string) (*rtorrent.Torrent, error) {
		return t.d.cache.Row(ctx, h, t.d.columns(from))
	}
	dir := newTableDir(t.d, s, t.d.torrentNodes)
	dir.size, dir.sized = func(torrent *rtorrent.Torrent) int64 { return torrent.Size }, " d.size_bytes"
	return t.d.dirEntry(string(h), s.path, s.ino, t.d.opts.TTL, dir)
}

// torrentAt returns a torrent with some columns, and the time that these are of.
func (d *driver) torrentAt(ctx context.Context, h rtorrent.Hash, columns rtorrent.Columns) (*rtorrent.Torrent, cache.Span, error) {
	s, err := d.cache.Want(ctx, columns)
	if err != nil {
		return nil, cache.Span{}, err
	}
	t, err := s.Torrent(h)
	return t, d.cache.Span(s, columns), err
}

// addedTime returns a function that tells when a torrent was added.
func (d *driver) addedTime(h rtorrent.Hash) func(context.Context) int64 {
	return func(ctx context.Context) int64 {
		t, err := d.cache.WantTorrent(ctx, h, d.columns(addedColumns))
		if err != nil {
			return 0
		}
		return timeAdded(t)
	}
}

// An eraseDir is erase/: it is always empty, and what is moved into it is
// erased.
type eraseDir struct {
	d    *driver
	path string
}

func openErase(d *driver, s subject[server]) directory { return &eraseDir{d, s.path} }

var _ receiver = (*eraseDir)(nil)

func (e *eraseDir) list(context.Context) ([]entry, error) { return nil, nil }

func (e *eraseDir) find(ctx context.Context, name string) (entry, error) {
	return e.d.arrival(ctx, e.path, name)
}

func (e *eraseDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, e.d.started, nil
}

func (e *eraseDir) receive(ctx context.Context, from *dirNode, name, newName string) error {
	t, err := e.d.moved(ctx, from, name, newName)
	if err != nil {
		return err
	}
	err = e.d.erase(ctx, t.Hash)
	e.d.record(ctx, from.path+name, t.Name, "erased", err)
	if err == nil {
		e.d.arrived(ctx, e.path+newName, t.Hash)
	}
	return err
}
