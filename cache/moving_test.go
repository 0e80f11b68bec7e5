package cache

import (
	"testing"
	"testing/synctest"
	"time"

	"rtfs/rtorrent"
)

// A walk reads some columns of all torrents each second.
type walk struct {
	t       *testing.T
	c       *Cache
	columns rtorrent.Columns
}

// newWalk returns a fake whose hashA moves, with so many torrents that a cache
// asks its views, and a walk over it.
func newWalk(t *testing.T, columns string) (*fake, walk) {
	t.Helper()
	f, c := newFake(t, Options{Views: 1})
	f.rows[hashA]["d.state"], f.rows[hashA]["d.up.rate"] = "1", "5"
	w := walk{t, c, c.client.Columns(columns)}
	w.read()
	return f, w
}

func (w walk) read() *Snapshot {
	w.t.Helper()
	s, err := w.c.Want(w.t.Context(), w.columns)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// next is what is read a second later.
func (w walk) next() *Snapshot {
	w.t.Helper()
	pass(time.Second)
	return w.read()
}

// rate is a torrent's rate in a snapshot, -1 if it is not there.
func rate(s *Snapshot, h rtorrent.Hash) int64 {
	if t := s.row(h); t != nil {
		return t.UpRate
	}
	return -1
}

func TestTicksAskWhatMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := newWalk(t, "d.up.rate")
		tables := f.count("view main")
		for i, want := range []string{"6", "7", "8"} {
			f.change(func(f *fake) { f.rows[hashA]["d.up.rate"] = want })
			if got := rate(w.next(), hashA); got != int64(6+i) {
				t.Errorf("rate = %d, want %s", got, want)
			}
		}
		if more := f.count("view main") - tables; more > 0 {
			t.Errorf("%d tables of all torrents were asked for it", more)
		}
	})
}

// TestWhatStopsIsLookedAt has a torrent leave the views while its rate goes on.
func TestWhatStopsIsLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := newWalk(t, "d.up.rate d.state")
		f.change(func(f *fake) { f.rows[hashA]["d.state"], f.rows[hashA]["d.up.rate"] = "0", "3" })
		if s := w.next(); rate(s, hashA) != 3 || s.row(hashA).State {
			t.Errorf("after the stop: %+v, want a rate of 3", s.row(hashA))
		}
		f.change(func(f *fake) { f.rows[hashA]["d.up.rate"] = "0" })
		if got := rate(w.next(), hashA); got != 0 {
			t.Errorf("rate = %d, a second later, want 0", got)
		}
		looks := f.count("d.up.rate")
		for range 3 {
			w.next()
		}
		if more := f.count("d.up.rate") - looks; more > 0 {
			t.Errorf("a torrent at rest was looked at %d times", more)
		}
	})
}

func TestAnIdleTorrentIsAskedSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := newWalk(t, "d.custom1 d.up.rate")
		f.change(func(f *fake) { f.rows[hashB]["d.custom1"] = "tv" })
		tables := f.count("view main")
		for range 10 {
			w.next()
		}
		if got := w.read().row(hashB).Custom1; got != "tv" {
			t.Errorf("custom1 = %q 10 s after somebody set it, want tv", got)
		}
		if more := f.count("view main") - tables; more < 1 || more > 2 {
			t.Errorf("%d tables in 10 s", more)
		}
		calls := f.count("system.pid")
		pass(time.Minute)
		synctest.Wait()
		if more := f.count("system.pid") - calls; more > 0 {
			t.Errorf("%d calls with nobody reading", more)
		}
	})
}

func TestTheListFollowsItsSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := newWalk(t, "d.up.rate d.name")
		const h rtorrent.Hash = "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"
		f.change(func(f *fake) { f.rows[h] = map[string]string{"d.name": "c", "d.up.rate": "9"} })
		if s := w.next(); rate(s, h) != 9 || s.row(h).Name != "c" {
			t.Errorf("the new torrent: %+v", s.row(h))
		}
		f.change(func(f *fake) { delete(f.rows, hashA); delete(f.rows, h) })
		if s := w.next(); len(s.Torrents) != 1 || rate(s, hashA) != -1 {
			t.Errorf("%d torrents after two were removed, want 1", len(s.Torrents))
		}
		f.change(func(f *fake) { // at once: the size stays
			delete(f.rows, hashB)
			f.rows[h] = map[string]string{"d.name": "c", "d.state": "1", "d.up.rate": "1"}
		})
		if s := w.next(); len(s.Torrents) != 1 || rate(s, h) != 1 {
			t.Errorf("%d torrents after one took the other's place, want that one", len(s.Torrents))
		}
	})
}

// TestUnreadColumnsAreNotAsked has a column that nobody reads any more.
func TestUnreadColumnsAreNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := newWalk(t, "d.up.rate")
		w.c.Want(t.Context(), w.c.client.Columns("d.custom1"))
		for range 2 * 60 {
			w.next()
		}
		asked := f.count("asked d.custom1")
		for range 60 {
			w.next()
		}
		if more := f.count("asked d.custom1") - asked; more > 0 {
			t.Errorf("it was asked %d times", more)
		}
		f.change(func(f *fake) { f.rows[hashB]["d.custom1"] = "new" })
		s, err := w.c.Want(t.Context(), w.c.client.Columns("d.custom1"))
		if err != nil || s.row(hashB).Custom1 != "new" {
			t.Errorf("a later reader gets %+v (%v)", s.row(hashB), err)
		}
	})
}

func TestWhatChangesRarelyIsAskedEachMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := newWalk(t, "d.state d.complete d.custom")
		rarely := f.count("asked d.custom=addtime")
		for range 65 {
			w.next()
		}
		if more := f.count("asked d.custom=addtime") - rarely; more != 1 {
			t.Errorf("the time it was added was asked %d times in 65 s, want 1", more)
		}
	})
}
