package cache

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestSpanIsOfTheColumns has columns that are as new as the last tick, and some
// that are not.
func TestSpanIsOfTheColumns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, w := newWalk(t, "d.up.rate d.custom1 d.name")
		first := time.Now()
		w.next()
		s := w.next()
		tick := first.Add(2 * time.Second)
		age := func(by time.Duration) {
			aged := *s.ages
			w.c.client.Columns("d.custom1").Each(func(i int) { aged[i].true = tick.Add(-by) })
			s.ages = &aged
		}
		for _, c := range []struct {
			what, columns string
			old           time.Duration // of custom1; 0 as it is
			want          Span
		}{
			{"the rate, of the last tick", "d.up.rate", 0, Span{tick, tick.Add(time.Second)}},
			{"custom1, of the first", "d.custom1", 0, Span{first, tick.Add(time.Second)}},
			{"both", "d.up.rate d.custom1", 0, Span{first, tick.Add(time.Second)}},
			{"what never changes", "d.name", 0, Span{tick, tick.Add(time.Second)}},
			{"custom1, soon too old", "d.custom1", 9700 * time.Millisecond, Span{tick.Add(-9700 * time.Millisecond), tick.Add(300 * time.Millisecond)}},
			{"custom1, too old", "d.custom1", 10 * time.Second, Span{tick.Add(-10 * time.Second), tick}},
			{"the rate beside it", "d.up.rate", 10 * time.Second, Span{tick, tick.Add(time.Second)}},
		} {
			if c.old > 0 {
				age(c.old)
			}
			if got := w.c.Span(s, w.c.client.Columns(c.columns)); got != c.want {
				t.Errorf("%s: %v after the first tick until %v after the last, want %v until %v",
					c.what, got.Taken.Sub(first), got.Until.Sub(tick), c.want.Taken.Sub(first), c.want.Until.Sub(tick))
			}
		}
	})
}
