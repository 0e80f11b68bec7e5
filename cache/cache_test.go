package cache

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rtfs/rtorrent"
)

// snapshot returns the cache's Snapshot, which must be there.
func snapshot(t *testing.T, c *Cache) *Snapshot {
	t.Helper()
	s, err := c.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantTables fails unless that many tables were loaded so far.
func wantTables(t *testing.T, f *fake, want int) {
	t.Helper()
	if got := f.count("d.multicall2"); got != want {
		t.Errorf("%d tables were loaded, want %d", got, want)
	}
}

func TestSnapshotIsKeptForTheTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{TTL: 3 * time.Second})
		first := snapshot(t, c)
		if len(first.Torrents) != 2 || first.Torrents[0].Name != "a" {
			t.Fatalf("torrents %v", first.Torrents)
		}
		pass(3*time.Second - 1)
		if snapshot(t, c) != first {
			t.Error("a Snapshot younger than the TTL was replaced")
		}
		wantTables(t, f, 1)
		pass(1)
		second := snapshot(t, c)
		wantTables(t, f, 2)
		if !second.Taken.Equal(first.Taken.Add(3 * time.Second)) {
			t.Errorf("taken %s after the first, want 3s", second.Taken.Sub(first.Taken))
		}
		if second.Torrents[0] != first.Torrents[0] {
			t.Error("a row in which nothing changed was made anew")
		}
	})
}

// pass lets time go by inside a synctest bubble.
func pass(d time.Duration) { <-time.After(d) }

func TestColumnsAreAskedByTheirSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{TTL: time.Second, Slow: 10 * time.Second})
		asked := func() (name, rate, tags bool) {
			snapshot(t, c)
			return slices.Contains(f.asked, "d.name="), slices.Contains(f.asked, "d.up.rate="), slices.Contains(f.asked, "d.custom1=")
		}
		if name, rate, tags := asked(); !name || !rate || !tags {
			t.Errorf("the first table lacks columns: %q", f.asked)
		}
		pass(time.Second)
		if name, rate, tags := asked(); name || !rate || tags {
			t.Errorf("the second table has not the quick columns: %q", f.asked)
		}
		if s := snapshot(t, c); s.Torrents[0].Name != "a" {
			t.Errorf("name = %q after a load without it, want %q", s.Torrents[0].Name, "a")
		}
		pass(9 * time.Second)
		if name, rate, tags := asked(); name || !rate || !tags {
			t.Errorf("the table after 10 s has not the slow columns: %q", f.asked)
		}
	})
}

func TestOneLoadServesAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		f.delay = 100 * time.Millisecond
		var wg sync.WaitGroup
		got := make([]*Snapshot, 20)
		for i := range got {
			wg.Go(func() { got[i] = snapshot(t, c) })
		}
		wg.Wait()
		for _, s := range got {
			if s != got[0] {
				t.Error("two who waited for one load got different Snapshots")
			}
		}
		wantTables(t, f, 1)
	})
}

func TestAWaiterLeavesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		f.delay = 100 * time.Millisecond
		begun := time.Now()
		first, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { // this one begins the load
			if _, err := c.Snapshot(first); !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v, want %v", err, context.Canceled)
			}
			if waited := time.Since(begun); waited != 10*time.Millisecond {
				t.Errorf("who left after 10ms had to wait %s", waited)
			}
		})
		synctest.Wait()
		wg.Go(func() { snapshot(t, c) })
		pass(10 * time.Millisecond)
		leave()
		wg.Wait()
		wantTables(t, f, 1)
	})
}

func TestNewTorrentIsAskedByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		snapshot(t, c)
		const h rtorrent.Hash = "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"
		f.change(func(f *fake) { f.rows[h] = map[string]string{"d.name": "c"} })
		pass(time.Second)
		row, err := snapshot(t, c).Torrent(h)
		if err != nil || row.Name != "c" {
			t.Errorf("the new torrent is %+v (%v), want its name to be c", row, err)
		}
		wantTables(t, f, 2)
		f.change(func(f *fake) { delete(f.rows, h) })
		pass(time.Second)
		if _, err := snapshot(t, c).Torrent(h); !errors.Is(err, rtorrent.ErrNotFound) {
			t.Errorf("the torrent that is gone: %v, want %v", err, rtorrent.ErrNotFound)
		}
	})
}

func TestRowOfAMissingTorrent(t *testing.T) {
	_, c := newFake(t, Options{})
	if _, err := c.Torrent(t.Context(), "DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD"); !errors.Is(err, rtorrent.ErrNotFound) {
		t.Errorf("got %v, want %v", err, rtorrent.ErrNotFound)
	}
}
