package cache

import (
	"context"
	"slices"

	"rtfs/rtorrent"
)

// slowDemand is how many TTLs old the trackers and custom values of a torrent
// may be: they change seldom but by our own writes, which drop them.
const slowDemand = 5

// Trackers returns the trackers of a torrent, at most 5 TTL old.
func (c *Cache) Trackers(ctx context.Context, h rtorrent.Hash) ([]*rtorrent.Tracker, error) {
	return c.trackers.value(ctx, h)
}

// KnownTrackers returns the trackers of a torrent as they were last asked, nil
// if they are not kept. It never waits for rTorrent.
func (c *Cache) KnownTrackers(h rtorrent.Hash) []*rtorrent.Tracker {
	return c.trackers.known(h)
}

// Peers returns the peers of a torrent, at most TTL old.
func (c *Cache) Peers(ctx context.Context, h rtorrent.Hash) ([]*rtorrent.Peer, error) {
	return c.peers.value(ctx, h)
}

// Customs returns the custom values of a torrent, at most 5 TTL old.
func (c *Cache) Customs(ctx context.Context, h rtorrent.Hash) (*rtorrent.Customs, error) {
	return c.customs.value(ctx, h)
}

// Change carries out a write that is more than commands on a torrent, in the
// order of the torrent's writes, and refreshes the columns that it can change, as
// Apply does.
func (c *Cache) Change(ctx context.Context, h rtorrent.Hash, columns rtorrent.Columns, write func(context.Context) error) error {
	leave, err := c.enter(ctx, h)
	if err != nil {
		return err
	}
	defer leave()
	err = write(ctx)
	if _, refreshed := c.lookAt(ctx, h, columns); refreshed != nil && !isGone(refreshed) {
		c.Drop()
	}
	for _, values := range c.onDemand {
		values.drop(h)
	}
	return err
}

// SetFilePriority sets the priority of one file, which d.update_priorities
// must follow, and puts it into the list of files that is kept: a loop over
// the files of a torrent asks for them once.
func (c *Cache) SetFilePriority(ctx context.Context, h rtorrent.Hash, index int, p int64) error {
	leave, err := c.enter(ctx, h)
	if err != nil {
		return err
	}
	defer leave()
	_, shown, err := c.do(ctx, h, c.known(h), 0, []rtorrent.Command{rtorrent.SetFilePriority(h, index, p)})
	if shown.row != nil || isGone(err) {
		c.patch(h, shown)
	}
	if err != nil {
		c.files.drop(h)
		return err
	}
	c.files.change(h, func(files []*rtorrent.File) []*rtorrent.File {
		if index >= len(files) {
			return files
		}
		changed := *files[index]
		changed.Priority = p
		files = slices.Clone(files)
		files[index] = &changed
		return files
	})
	return nil
}
