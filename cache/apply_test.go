package cache

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"rtfs/rtorrent"
)

// tag sets custom1 of a torrent by way of the cache.
func tag(ctx context.Context, c *Cache, h rtorrent.Hash, value string) error {
	_, err := c.Apply(ctx, h, rtorrent.SetCustom1(h, value))
	return err
}

// wantTag fails unless the Snapshot shows that custom1.
func wantTag(t *testing.T, c *Cache, h rtorrent.Hash, want string) {
	t.Helper()
	row, err := snapshot(t, c).Torrent(h)
	if err != nil || row.Custom1 != want {
		t.Errorf("custom1 = %q (%v), want %q", row.Custom1, err, want)
	}
}

func TestAWriteIsInTheNextSnapshotWithoutATable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		before := snapshot(t, c)
		if err := tag(t.Context(), c, hashA, "tv"); err != nil {
			t.Fatal(err)
		}
		wantTag(t, c, hashA, "tv")
		wantTables(t, f, 1)
		if before.Torrents[0].Custom1 == "tv" {
			t.Error("a published Snapshot was changed")
		}
		if _, err := c.Apply(t.Context(), hashB, rtorrent.Erase(hashB)); err != nil {
			t.Fatal(err)
		}
		if _, err := snapshot(t, c).Torrent(hashB); !errors.Is(err, rtorrent.ErrNotFound) {
			t.Errorf("the erased torrent: %v, want %v", err, rtorrent.ErrNotFound)
		}
		if err := tag(t.Context(), c, hashB, "x"); !errors.Is(err, rtorrent.ErrNotFound) {
			t.Errorf("a write to the erased torrent: %v, want %v", err, rtorrent.ErrNotFound)
		}
		wantTables(t, f, 1)
	})
}

// TestALoadInFlightKeepsTheWrite has a table answered before a write and
// delivered after it.
func TestALoadInFlightKeepsTheWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{Slow: time.Second})
		snapshot(t, c)
		f.change(func(f *fake) { f.delay = 300 * time.Millisecond })
		pass(time.Second)
		loaded := make(chan *Snapshot)
		go func() { loaded <- snapshot(t, c) }()
		pass(400 * time.Millisecond) // the pid is there, the table is on its way
		wantTables(t, f, 2)
		f.change(func(f *fake) { f.delay = 0 })
		if err := tag(t.Context(), c, hashA, "tv"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Apply(t.Context(), hashB, rtorrent.Erase(hashB)); err != nil {
			t.Fatal(err)
		}
		if s := <-loaded; s.Torrents[0].Custom1 != "tv" || len(s.Torrents) != 1 {
			t.Errorf("the load brought %d torrents, the first with custom1 %q; want 1 and tv", len(s.Torrents), s.Torrents[0].Custom1)
		}
		wantTag(t, c, hashA, "tv")
		wantTables(t, f, 2)
	})
}

func TestDropDisownsTheLoadInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{Slow: time.Second})
		snapshot(t, c)
		f.change(func(f *fake) { f.delay = 300 * time.Millisecond })
		pass(time.Second)
		go c.Snapshot(t.Context())
		pass(400 * time.Millisecond)
		f.change(func(f *fake) { f.delay, f.rows[hashA]["d.custom1"] = 0, "tv" }) // by somebody else
		c.Drop()
		wantTag(t, c, hashA, "tv")
		wantTables(t, f, 3)
		pass(300 * time.Millisecond) // what was on its way lands
		synctest.Wait()
		wantTag(t, c, hashA, "tv")
		wantTables(t, f, 3)
	})
}

func TestDropEndsTheTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{TTL: time.Hour, Slow: time.Hour})
		snapshot(t, c)
		f.change(func(f *fake) { f.rows[hashA]["d.custom1"] = "tv" }) // by somebody else
		c.Drop()
		wantTag(t, c, hashA, "tv")
		wantTag(t, c, hashA, "tv")
		wantTables(t, f, 2)
	})
}

func TestAnUnknownOutcomeIsLookedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		first := snapshot(t, c)
		f.change(func(f *fake) { f.mute = true })
		if err := tag(t.Context(), c, hashA, "tv"); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v, want %v", err, context.DeadlineExceeded)
		}
		if snapshot(t, c) != first {
			t.Error("the last Snapshot does not stand in while rTorrent hangs")
		}
		f.change(func(f *fake) { f.mute = false })
		pass(timeout)
		wantTag(t, c, hashA, "tv")
		if err := tag(t.Context(), c, hashA, "hd"); err != nil {
			t.Fatal(err)
		}

		f.change(func(f *fake) { f.err = errRefused })
		if err := tag(t.Context(), c, hashA, "x"); !errors.Is(err, rtorrent.ErrUnavailable) {
			t.Fatalf("got %v, want %v", err, rtorrent.ErrUnavailable)
		}
		wantTag(t, c, hashA, "hd") // one that refuses does not take the rest along
		f.change(func(f *fake) { f.err = nil })
		pass(time.Second)
		wantTag(t, c, hashA, "x") // the fake refused the answer only
	})
}

func TestAWriteWaitsForTheEndOfACheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		snapshot(t, c)
		f.change(func(f *fake) { f.busy = 10 })
		begun := time.Now()
		if _, err := c.Apply(t.Context(), hashA, rtorrent.Stop(hashA)); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(begun); waited != 10*checkingPoll {
			t.Errorf("it took %s, want %s", waited, 10*checkingPoll)
		}
		f.change(func(f *fake) { f.busy = 1000 })
		begun = time.Now()
		if _, err := c.Apply(t.Context(), hashA, rtorrent.Stop(hashA)); !errors.Is(err, rtorrent.ErrChecking) {
			t.Errorf("got %v, want %v", err, rtorrent.ErrChecking)
		}
		if waited := time.Since(begun); waited > checkingWait+checkingPoll {
			t.Errorf("it took %s, want at most %s", waited, checkingWait)
		}
	})
}

func TestWritesToOneTorrentHappenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		snapshot(t, c)
		f.change(func(f *fake) { f.delay = 300 * time.Millisecond })
		done := make(chan error)
		go func() { done <- tag(t.Context(), c, hashA, "first") }()
		synctest.Wait()
		second, leave := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer leave()
		if err := tag(second, c, hashA, "second"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a write that left before its turn: %v, want %v", err, context.DeadlineExceeded)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		wantTag(t, c, hashA, "first")
		if got := f.count("d.custom1.set"); got != 1 {
			t.Errorf("%d writes were sent, want 1", got)
		}
	})
}
