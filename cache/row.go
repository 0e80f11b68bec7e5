package cache

import (
	"context"
	"time"

	"rtfs/rtorrent"
)

// lookedAtMost is how many torrents are remembered that were looked at by
// themselves.
const lookedAtMost = 256

// A look says which columns of a torrent were asked by themselves, and when.
type look struct {
	at      time.Time
	columns rtorrent.Columns
}

// Row returns the row of one torrent with some columns at least, as old as Want
// allows. What the Snapshot lacks is asked of this torrent alone.
func (c *Cache) Row(ctx context.Context, h rtorrent.Hash, columns rtorrent.Columns) (*rtorrent.Torrent, error) {
	columns &= c.columns
	s, err := c.Want(ctx, 0)
	if err != nil {
		return nil, err
	}
	t, err := s.Torrent(h)
	if err != nil || c.covers(s, h, columns) {
		return t, err
	}
	return c.Look(ctx, h, columns)
}

// covers reports whether what is known of a torrent has some columns.
func (c *Cache) covers(s *Snapshot, h rtorrent.Hash, columns rtorrent.Columns) bool {
	now := time.Now()
	lacks := c.lacks(s, columns, now, c.opts.Slow)
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.looked[h]
	return lacks == 0 || now.Sub(last.at) < c.opts.TTL && last.columns.Has(lacks)
}

// noteLook takes note of what a patch has told of a torrent. The caller holds mu.
func (c *Cache) noteLook(h rtorrent.Hash, p patch) {
	if p.row == nil {
		delete(c.looked, h)
		return
	}
	if len(c.looked) >= lookedAtMost {
		clear(c.looked)
	}
	now := look{time.Now(), p.columns}
	if last := c.looked[h]; now.at.Sub(last.at) < c.opts.TTL && p.columns != rtorrent.AllColumns {
		now = look{last.at, last.columns | p.columns}
	}
	c.looked[h] = now
}

// Look asks some columns of a torrent, and puts them into the Snapshot. The row
// is as it was in all others.
func (c *Cache) Look(ctx context.Context, h rtorrent.Hash, columns rtorrent.Columns) (*rtorrent.Torrent, error) {
	leave, err := c.enter(ctx, h)
	if err != nil {
		return nil, err
	}
	defer leave()
	return c.lookAt(ctx, h, columns)
}

// lookAt is Look for the one who is in.
func (c *Cache) lookAt(ctx context.Context, h rtorrent.Hash, columns rtorrent.Columns) (*rtorrent.Torrent, error) {
	known := c.known(h)
	if known == nil {
		return c.apply(ctx, h, nil)
	}
	columns |= c.isMeta
	row, err := c.look(ctx, known, columns)
	if err == nil && row == nil {
		row, err = c.look(ctx, known, columns) // as confirmed
	}
	switch {
	case err != nil:
		return nil, err
	case row == nil:
		c.Patch(h, nil)
		return nil, goneError(h)
	case row.IsMeta != known.IsMeta: // its other columns are not those of known
		return c.apply(ctx, h, nil)
	}
	return c.patch(h, patch{row, columns}), nil
}

// look returns the row, nil if the torrent is gone.
func (c *Cache) look(ctx context.Context, known *rtorrent.Torrent, columns rtorrent.Columns) (*rtorrent.Torrent, error) {
	rows, err := c.client.Rows(ctx, []*rtorrent.Torrent{known}, columns)
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}
