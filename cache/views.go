package cache

import (
	"context"

	"rtfs/rtorrent"
)

// Views returns the names of rTorrent's views, at most Slow old.
func (c *Cache) Views(ctx context.Context) ([]string, error) {
	return c.views.value(ctx, "")
}

// View returns the torrents in a view, at most TTL old.
func (c *Cache) View(ctx context.Context, name string) ([]rtorrent.Hash, error) {
	return c.members.value(ctx, name)
}
