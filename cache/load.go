package cache

import (
	"context"
	"errors"
	"slices"
	"time"

	"rtfs/rtorrent"
)

type loaded struct {
	snapshot *Snapshot
	pid      int64
	noViews  bool // rTorrent does not answer for its views
}

// load carries out a step.
func (c *Cache) load(ctx context.Context, s step) (loaded, error) {
	began := time.Now()
	switch {
	case s.tick && !s.plain:
		r, err := c.loadMoving(ctx, s, began)
		if fault := (*rtorrent.Fault)(nil); errors.As(err, &fault) {
			// Strangers may not ask for sizes, and a user can do away with a view.
			c.opts.Log.Info("the whole table is asked instead of the views", "error", err)
			s.plain = true
			r, err = c.loadTable(ctx, s, began)
			r.noViews = true
		}
		return r, err
	case s.tick:
		return c.loadTable(ctx, s, began)
	}
	return c.loadPart(ctx, s, began)
}

// loadTable is the tick that asks the whole table.
func (c *Cache) loadTable(ctx context.Context, s step, began time.Time) (loaded, error) {
	r := loaded{pid: s.pid}
	if s.base == nil || s.columns&^c.quick != 0 || began.Sub(s.contact) > 2*c.opts.TTL {
		if err := c.client.Call(ctx, &r.pid, "system.pid"); err != nil {
			return r, err
		}
	}
	if r.pid != s.pid {
		c.restarted(&s, r.pid)
	}
	columns := s.columns | c.isMeta
	if s.base == nil {
		count, err := c.client.Count(ctx)
		if err != nil {
			return r, err
		}
		columns = c.firstPart(int(count), s.columns)
		if int(count) < c.opts.Views {
			columns = c.columns
		}
	}
	rows, err := c.table(ctx, s.base, columns)
	if err != nil {
		return r, err
	}
	next := &ages{}
	if s.base != nil {
		*next = *s.base.ages
		if rows, err = c.complete(ctx, s.base, rows, next, &columns, began); err != nil {
			return r, err
		}
	}
	next.now(columns, began)
	r.snapshot = newSnapshot(began, rows, next, s.base)
	r.snapshot.quick = columns & c.quick
	r.snapshot.moving = c.restless(rows, columns)
	return r, nil
}

// restarted makes a step that of a cache that knows nothing, if there was
// another rTorrent before.
func (c *Cache) restarted(s *step, pid int64) {
	if s.pid != 0 {
		c.opts.Log.Info("rTorrent was restarted", "pid", pid)
		c.client.Forget()
	}
	if s.base != nil {
		c.mu.Lock()
		s.columns = c.wanted(time.Now()) | c.firstLook
		c.mu.Unlock()
	}
	s.base = nil
}

// firstPart returns as many of the columns as the first list of torrents has
// time for.
func (c *Cache) firstPart(rows int, columns rtorrent.Columns) (first rtorrent.Columns) {
	most := max(c.costs.fit(rows, false, partAtMost), c.firstLook.Len())
	for _, from := range []rtorrent.Columns{c.firstLook & columns, columns &^ c.firstLook} {
		from.Each(func(i int) {
			if first.Len() < most {
				first |= 1 << i
			}
		})
	}
	return first
}

// table asks some columns of all torrents. That there suddenly are none needs a
// second answer: 0.16 answers one empty list while it still loads its session;
// the call after that waits until it has.
func (c *Cache) table(ctx context.Context, base *Snapshot, columns rtorrent.Columns) ([]*rtorrent.Torrent, error) {
	asked := time.Now()
	json := c.client.JSONColumns().Has(columns)
	rows, err := c.client.Table(ctx, base.rowOf, columns)
	if err == nil && len(rows) == 0 && (base == nil || len(base.Torrents) > 0) {
		rows, err = c.client.Table(ctx, base.rowOf, columns)
	}
	if err == nil {
		c.costs.learn(len(rows), columns, json, time.Since(asked))
	}
	return rows, err
}

// aloneAtOnce is how many torrents are asked by themselves in one request.
const aloneAtOnce = 20

// complete fetches whole rows for the torrents that base lacks, and for magnets
// whose metadata has arrived: only some of their columns were asked. Where those
// are so many that a table is cheaper, what is wanted is asked of all, and
// columns says what; the others are not known any more.
func (c *Cache) complete(ctx context.Context, base *Snapshot, rows []*rtorrent.Torrent, next *ages, columns *rtorrent.Columns, began time.Time) ([]*rtorrent.Torrent, error) {
	var partial []int
	for i, t := range rows {
		before := base.row(t.Hash)
		if before == nil || before.IsMeta != t.IsMeta {
			partial = append(partial, i)
		}
	}
	if len(partial) == 0 {
		return rows, nil
	}
	if !c.costs.alone(len(partial), len(rows), c.columns.Len()) {
		*next = ages{}
		c.mu.Lock()
		wanted := c.wanted(began)
		c.mu.Unlock()
		*columns = c.firstPart(len(rows), wanted|c.firstLook)
		return c.table(ctx, base, *columns)
	}
	gone := 0
	for len(partial) > 0 {
		some := partial[:min(aloneAtOnce, len(partial))]
		partial = partial[len(some):]
		known := make([]*rtorrent.Torrent, len(some))
		for i, at := range some {
			known[i] = &rtorrent.Torrent{Hash: rows[at].Hash}
		}
		whole, err := c.client.Rows(ctx, known, rtorrent.AllColumns)
		if err != nil {
			return nil, err
		}
		for i, at := range some {
			if rows[at] = whole[i]; whole[i] == nil {
				gone++
			}
		}
	}
	if gone == 0 {
		return rows, nil
	}
	kept := make([]*rtorrent.Torrent, 0, len(rows)-gone)
	for _, t := range rows {
		if t != nil {
			kept = append(kept, t)
		}
	}
	return kept, nil
}

// loadPart asks some columns of all torrents.
func (c *Cache) loadPart(ctx context.Context, s step, began time.Time) (loaded, error) {
	r := loaded{pid: s.pid}
	rows, err := c.table(ctx, s.base, s.columns)
	if err != nil {
		return r, err
	}
	next := *s.base.ages
	next.now(s.columns, began)
	all, unknown := s.base.replaced(rows)
	r.snapshot = newSnapshot(s.base.Taken, all, &next, s.base)
	r.snapshot.quick = s.base.quick
	r.snapshot.doubtful = len(rows) != len(all) || len(unknown) > 0
	r.snapshot.moving = s.base.moving
	r.snapshot.moving = append(slices.Clip(r.snapshot.moving), c.restless(rows, s.columns)...)
	return r, nil
}
