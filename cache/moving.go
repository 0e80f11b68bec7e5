package cache

import (
	"context"
	"time"

	"rtfs/rtorrent"
)

// loadMoving is the tick that asks rTorrent's views: the quick columns of the
// torrents in which something moves, and of those in which something did. The
// list of all torrents is asked when their number is another than it was.
func (c *Cache) loadMoving(ctx context.Context, s step, began time.Time) (loaded, error) {
	columns := s.columns | c.isMeta
	m, err := c.client.Moving(ctx, s.base.rowOf, columns)
	r := loaded{pid: s.pid}
	if err != nil {
		return r, err
	}
	r.pid = m.PID
	if m.PID != s.pid {
		c.restarted(&s, m.PID)
		return c.loadTable(ctx, s, began)
	}
	next := *s.base.ages
	c.carry(&next, columns, s.base, began)
	list, unknown := s.base.replaced(m.Torrents)
	if s.base.doubtful || int(m.Size) != len(list) || len(unknown) > 0 {
		now := newSnapshot(began, append(list, unknown...), &next, nil)
		if list, err = c.table(ctx, now, 0); err != nil {
			return r, err
		}
	}
	asked := rtorrent.Columns(0) // of all
	if list, err = c.complete(ctx, s.base, list, &next, &asked, began); err != nil {
		return r, err
	}
	next.now(asked, began)
	list, moving, err := c.settle(ctx, s.base, m.Torrents, list, columns)
	if err != nil {
		return r, err
	}
	r.snapshot = newSnapshot(began, list, &next, s.base)
	r.snapshot.quick = columns & c.quick
	r.snapshot.moving = moving
	return r, nil
}

// carry notes which columns are still known of the torrents in no view: they
// were right at the tick before, and nothing moves without being in a view then.
// Now and then they are asked all the same.
func (c *Cache) carry(next *ages, columns rtorrent.Columns, base *Snapshot, began time.Time) {
	if began.Sub(base.Taken) > 2*c.opts.TTL {
		return
	}
	(columns & c.moves).Each(func(i int) {
		if !next[i].true.Before(base.Taken) && began.Sub(next[i].asked) < auditEvery*c.opts.Slow {
			next[i].true = began
		}
	})
}

// restless returns the torrents in which something moves, as far as columns tell
// that were asked right now.
func (c *Cache) restless(rows []*rtorrent.Torrent, asked rtorrent.Columns) (moving []rtorrent.Hash) {
	if asked &= c.restlessness; asked == 0 {
		return nil
	}
	var still rtorrent.Torrent
	for _, t := range rows {
		if c.client.Differ(t, &still, asked) {
			moving = append(moving, t.Hash)
		}
	}
	return moving
}

// settle asks the columns of the torrents that moved at the tick before and are
// in no view now: their rates go on for some seconds. It returns all rows and
// the torrents to look at the next time.
func (c *Cache) settle(ctx context.Context, base *Snapshot, inViews, list []*rtorrent.Torrent, columns rtorrent.Columns) (rows []*rtorrent.Torrent, moving []rtorrent.Hash, err error) {
	seen := make(map[rtorrent.Hash]bool, len(inViews))
	for _, t := range inViews {
		seen[t.Hash] = true
		moving = append(moving, t.Hash)
	}
	now := newSnapshot(base.Taken, list, base.ages, base)
	var left []*rtorrent.Torrent
	for _, h := range base.moving {
		if t := now.row(h); t != nil && !seen[h] {
			seen[h] = true
			left = append(left, t)
		}
	}
	var settled []*rtorrent.Torrent
	if !c.costs.alone(len(left), len(list), columns.Len()) {
		if settled, err = c.table(ctx, now, columns); err != nil {
			return nil, nil, err
		}
		left = nil
	}
	for len(left) > 0 {
		some := left[:min(len(left), aloneAtOnce)]
		left = left[len(some):]
		asked, err := c.client.Rows(ctx, some, columns)
		if err != nil {
			return nil, nil, err
		}
		settled = append(settled, compact(asked)...)
	}
	if len(settled) == 0 {
		return list, moving, nil
	}
	rows, _ = now.replaced(settled)
	return rows, append(moving, c.restless(settled, columns)...), nil
}

// compact returns the rows that are there.
func compact(rows []*rtorrent.Torrent) []*rtorrent.Torrent {
	kept := rows[:0]
	for _, t := range rows {
		if t != nil {
			kept = append(kept, t)
		}
	}
	return kept
}
