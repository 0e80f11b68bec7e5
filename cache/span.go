package cache

import (
	"time"

	"rtfs/rtorrent"
)

// A Span is the time that some columns of a Snapshot are of.
type Span struct {
	// Taken is when the oldest of them was asked of all torrents. What never
	// changes is of the last tick.
	Taken time.Time
	// Until is when they are too old: then Want asks rTorrent. It has passed where
	// the Snapshot stands in for a failing one.
	Until time.Time
}

// Span returns the time of some columns of a Snapshot that Want returned for
// them.
func (c *Cache) Span(s *Snapshot, columns rtorrent.Columns) Span {
	columns &= c.columns &^ c.static
	span := Span{s.Taken, s.Taken.Add(c.opts.TTL)}
	if s.doubtful || c.lacks(s, columns, time.Now(), c.opts.Slow) != 0 {
		span.Until = s.Taken
	}
	first := true
	columns.Each(func(i int) {
		known := s.ages[i].true
		if first || known.Before(span.Taken) {
			span.Taken, first = known, false
		}
		if old := known.Add(c.slowness(i) * c.opts.Slow); old.Before(span.Until) {
			span.Until = old
		}
	})
	return span
}
