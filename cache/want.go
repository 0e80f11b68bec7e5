package cache

import (
	"context"
	"errors"
	"time"

	"rtfs/rtorrent"
)

// wantedFor is how long a column is asked again and again after somebody read
// it.
const wantedFor = time.Minute

// Snapshot is Want for all columns.
func (c *Cache) Snapshot(ctx context.Context) (*Snapshot, error) {
	return c.Want(ctx, rtorrent.AllColumns)
}

// Want returns the table of all torrents with some columns of it at least: no
// older than Options say, or an older one while rTorrent does not answer. It
// waits for rTorrent only as long as Options allow, and not past ctx.
func (c *Cache) Want(ctx context.Context, columns rtorrent.Columns) (*Snapshot, error) {
	columns &= c.columns
	asked := time.Now()
	var patience <-chan time.Time
	for {
		c.mu.Lock()
		now := time.Now()
		last := c.current
		if c.good.holds(last, columns, now) {
			c.mu.Unlock()
			return last, nil
		}
		c.note(columns, now)
		if last != nil && !c.dropped && c.serves(last, columns, asked) {
			c.good.note(last, columns, now, min(goodFor, c.opts.TTL-now.Sub(last.Taken)))
			c.mu.Unlock()
			return last, nil
		}
		usable := c.standsIn(last, columns, now)
		if failed := c.failed; failed != nil && c.flight == nil && now.Sub(c.tried) < c.opts.TTL {
			// It failed a moment ago: do not ask again for each reader, and do not
			// make one that needs several answers wait for each of them.
			switch {
			case usable:
				c.mu.Unlock()
				return last, nil
			case errors.Is(failed, context.DeadlineExceeded):
				c.mu.Unlock()
				return nil, failed
			}
		}
		f := c.join(ctx, now, columns, asked)
		c.mu.Unlock()
		if usable && patience == nil {
			t := time.NewTimer(time.Until(f.began.Add(c.opts.Patience)))
			defer t.Stop()
			patience = t.C
		}
		select {
		case <-f.done:
			switch {
			case f.err != nil && usable:
				return last, nil
			case f.err != nil:
				return nil, f.err
			case c.serves(f.snapshot, columns, asked):
				return f.snapshot, nil
			}
		case <-patience:
			if usable {
				return last, nil
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Torrent returns one row of the Snapshot, or an error that is
// rtorrent.ErrNotFound.
func (c *Cache) Torrent(ctx context.Context, h rtorrent.Hash) (*rtorrent.Torrent, error) {
	return c.WantTorrent(ctx, h, rtorrent.AllColumns)
}

// WantTorrent is Torrent with some columns at least.
func (c *Cache) WantTorrent(ctx context.Context, h rtorrent.Hash, columns rtorrent.Columns) (*rtorrent.Torrent, error) {
	s, err := c.Want(ctx, columns)
	if err != nil {
		return nil, err
	}
	return s.Torrent(h)
}

// A verdict remembers what was found new enough, so that a walk over thousands of
// files does not look at each column's age for each of them.
type verdict struct {
	snapshot *Snapshot
	columns  rtorrent.Columns
	until    time.Time
}

// goodFor is how long a verdict holds at most: a column can be that much too old.
const goodFor = 50 * time.Millisecond

func (v *verdict) holds(s *Snapshot, columns rtorrent.Columns, now time.Time) bool {
	return s != nil && v.snapshot == s && v.columns.Has(columns) && now.Before(v.until)
}

func (v *verdict) note(s *Snapshot, columns rtorrent.Columns, now time.Time, holds time.Duration) {
	if until := now.Add(holds); v.snapshot != s || !now.Before(v.until) {
		*v = verdict{s, columns, until}
	} else if v.columns |= columns; until.Before(v.until) {
		v.until = until
	}
}

// note takes note that columns are wanted. The caller holds mu.
func (c *Cache) note(columns rtorrent.Columns, now time.Time) {
	c.lastRead = now
	columns.Each(func(i int) { c.wants[i] = now })
}

// wanted returns the columns that somebody read lately. The caller holds mu.
func (c *Cache) wanted(now time.Time) (wanted rtorrent.Columns) {
	c.columns.Each(func(i int) {
		if last := c.wants[i]; !last.IsZero() && now.Sub(last) < wantedFor {
			wanted |= 1 << i
		}
	})
	return wanted
}

// serves reports whether a Snapshot is new enough for one who asked then.
func (c *Cache) serves(s *Snapshot, columns rtorrent.Columns, asked time.Time) bool {
	return !c.expired(s, asked) && c.lacks(s, columns, asked, c.opts.Slow) == 0
}

// expired reports whether a tick is due for one who asked then.
func (c *Cache) expired(s *Snapshot, asked time.Time) bool {
	return s.doubtful || asked.Sub(s.Taken) >= c.opts.TTL
}

// lacks returns those of some columns that were never asked, or longer ago than
// that; what changes rarely, auditEvery times as long. What can change while a torrent moves must have been asked by the last
// tick, too.
func (c *Cache) lacks(s *Snapshot, columns rtorrent.Columns, asked time.Time, atMost time.Duration) (lacks rtorrent.Columns) {
	columns.Each(func(i int) {
		column, known := rtorrent.Columns(1)<<i, s.ages[i].true
		switch {
		case known.IsZero():
		case c.static.Has(column):
			return
		case asked.Sub(known) >= c.slowness(i)*atMost:
		case c.quick.Has(column) && !s.quick.Has(column) && known.Before(s.Taken):
		default:
			return
		}
		lacks |= column
	})
	return lacks
}

// slowness is how many Slow old a column may be.
func (c *Cache) slowness(i int) time.Duration {
	if c.rare.Has(1 << i) {
		return auditEvery
	}
	return 1
}

// standsIn reports whether a Snapshot can be served while rTorrent fails.
func (c *Cache) standsIn(s *Snapshot, columns rtorrent.Columns, now time.Time) bool {
	if s == nil || now.Sub(s.Taken) >= c.opts.MaxStale {
		return false
	}
	oldest := s.Taken
	(columns &^ c.static &^ c.rare).Each(func(i int) {
		if known := s.ages[i].true; known.Before(oldest) {
			oldest = known
		}
	})
	return s.Has(columns) && now.Sub(oldest) < c.opts.MaxStale+c.opts.Slow
}

// oldest is the age of the oldest column of a Snapshot that somebody reads, of
// those that are to be no older than Slow. The caller holds mu.
func (c *Cache) oldest(s *Snapshot) time.Time {
	oldest := s.Taken
	(c.wanted(time.Now()) &^ c.static &^ c.rare).Each(func(i int) {
		if known := s.ages[i].true; !known.IsZero() && known.Before(oldest) {
			oldest = known
		}
	})
	return oldest
}
