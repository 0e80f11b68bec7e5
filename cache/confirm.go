package cache

import (
	"context"

	"rtfs/rtorrent"
)

// confirmed is load that asks a second time before it says that a torrent is
// gone which was there a moment ago: 0.16 knows no torrent for the length of
// one call while it loads its session.
func confirmed[V any](c *Cache, load func(context.Context, rtorrent.Hash) (V, error)) func(context.Context, rtorrent.Hash) (V, error) {
	return func(ctx context.Context, h rtorrent.Hash) (V, error) {
		v, err := load(ctx, h)
		if isGone(err) && c.known(h) != nil {
			v, err = load(ctx, h)
		}
		return v, err
	}
}

// do is Client.DoSeeing, which it repeats before it says that a torrent is
// gone: what was refused for that has not happened. The row comes as a patch: of
// a torrent that has become another one, a magnet whose metadata is there, it is
// whole.
func (c *Cache) do(ctx context.Context, h rtorrent.Hash, known *rtorrent.Torrent, columns rtorrent.Columns, commands []rtorrent.Command) (seen *rtorrent.Torrent, p patch, err error) {
	seen, row, err := c.client.DoSeeing(ctx, h, known, columns, commands...)
	if isGone(err) && c.known(h) != nil {
		seen, row, err = c.client.DoSeeing(ctx, h, known, columns, commands...)
	}
	p = patch{row, rtorrent.AllColumns}
	if known == nil || row == nil {
		return seen, p, err
	}
	p.columns = columns | c.client.Changes(commands...)
	if row.IsMeta != known.IsMeta {
		if whole, failed := c.client.Torrent(ctx, h); failed == nil {
			p = patch{whole, rtorrent.AllColumns}
		}
	}
	return seen, p, err
}
