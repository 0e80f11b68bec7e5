package cache

import (
	"context"
	"slices"
	"time"

	"rtfs/rtorrent"
)

// A step is one load: a tick, which brings the list and what changes quickly,
// or a part of the columns of all torrents. It takes rTorrent no longer than
// partAtMost where that is possible; who needs more waits for several.
type step struct {
	base    *Snapshot // what was known before; nil nothing
	pid     int64     // of the rTorrent that base came from
	contact time.Time // when it last answered; zero if it has failed since
	columns rtorrent.Columns
	tick    bool
	plain   bool // a tick asks the whole table instead of rTorrent's views
}

// firstLook are what a listing of torrents/ with sizes and times shows. They
// come with the first list of torrents.
const firstLook = "d.size_bytes d.custom d.load_date"

// auditEvery is how many Slow pass before what the views tell is asked of all
// torrents all the same, and what changes rarely.
const auditEvery = 6

// plan returns the step to do for one who asked for columns then. The caller
// holds mu.
func (c *Cache) plan(now time.Time, columns rtorrent.Columns, asked time.Time) step {
	s := step{base: c.current, pid: c.pid, contact: c.contact}
	if c.failed != nil {
		s.contact = time.Time{} // it may be another process by now
	}
	if c.dropped && s.base != nil {
		// Nothing that can change counts as known.
		expired := *s.base
		expired.Taken, expired.ages, expired.doubtful = time.Time{}, &ages{}, true
		c.static.Each(func(i int) { expired.ages[i] = s.base.ages[i] })
		s.base = &expired
	}
	wanted := c.wanted(now)
	rows := 0
	if s.base != nil {
		rows = len(s.base.Torrents)
	}
	s.plain = c.noViews || rows < c.opts.Views
	switch {
	case s.base == nil:
		s.tick, s.plain = true, true
		s.columns = columns | c.firstLook
	case c.expired(s.base, asked):
		s.tick = true
		s.columns = wanted & c.quick
		age := c.soon()
		if s.plain {
			age = c.opts.Slow
		}
		// What is due comes with the tick where one call can bring it.
		due := c.lacks(s.base, wanted, now, age)
		s.plain = s.plain || due != 0 && c.costs.whole(rows, s.columns|due)
		if s.plain {
			s.columns |= due
		}
	default:
		s.columns = c.part(s.base, now, asked, columns, wanted)
	}
	return s
}

// part returns the columns of the next part: what its reader lacks and what
// others will, the oldest first, and, as that fits in, what nobody has read
// yet. The caller holds mu.
func (c *Cache) part(base *Snapshot, now, asked time.Time, columns, wanted rtorrent.Columns) rtorrent.Columns {
	needed := c.lacks(base, columns, asked, c.opts.Slow)
	soon := c.lacks(base, wanted, now, c.soon()) &^ needed
	never := rtorrent.Columns(0)
	if needed != 0 {
		never = c.lacks(base, c.columns&^needed&^soon, now, c.opts.Slow)
	}
	json := c.client.JSONColumns()
	atMost := partAtMost
	if c.writes.lately(now) {
		atMost = partAmidWrites
	}
	var chosen rtorrent.Columns
	for _, from := range []rtorrent.Columns{needed, soon, never} {
		var numbers []int
		from.Each(func(i int) { numbers = append(numbers, i) })
		slices.SortStableFunc(numbers, func(a, b int) int { return base.ages[a].true.Compare(base.ages[b].true) })
		for _, i := range numbers {
			column := rtorrent.Columns(1) << i
			inJSON := json.Has(column)
			// All go the same way: one that JSON cannot carry makes a part slow.
			if chosen != 0 && (json.Has(chosen) != inJSON || chosen.Len() >= c.costs.fit(len(base.Torrents), inJSON, atMost)) {
				continue
			}
			chosen |= column
		}
	}
	return chosen
}

// soon is the age from which on a column that is wanted is asked by itself, so
// that its readers need not wait for it.
func (c *Cache) soon() time.Duration {
	return max(c.opts.Slow-2*c.opts.TTL, c.opts.Slow/2)
}

// ahead begins a part for what will be too old before the next tick is over,
// as long as somebody reads. A step has just ended that was planned then: what
// was not due yet can wait for the next one. The caller holds mu.
func (c *Cache) ahead(planned time.Time) {
	now := time.Now()
	base := c.current
	if base == nil || c.dropped || c.failed != nil || c.flight != nil || base.doubtful ||
		now.Sub(c.lastRead) >= c.opts.TTL || c.noViews || len(base.Torrents) < c.opts.Views {
		return
	}
	if columns := c.part(base, planned, planned, 0, c.wanted(now)); columns != 0 {
		c.begin(context.Background(), step{base: base, pid: c.pid, contact: c.contact, columns: columns}, now)
	}
}
