package cache

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rtfs/rtorrent"
)

// errRefused is what a Transport answers when nobody listens.
var errRefused = fmt.Errorf("%w: %w", rtorrent.ErrUnavailable, syscall.ECONNREFUSED)

func TestLastSnapshotStandsInUntilMaxStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{TTL: time.Second, MaxStale: 10 * time.Second})
		first := snapshot(t, c)
		f.change(func(f *fake) { f.err = errRefused })
		for time.Since(first.Taken) < 10*time.Second {
			if snapshot(t, c) != first {
				t.Fatal("another Snapshot came from nowhere")
			}
			if status := c.Status(); time.Since(first.Taken) >= time.Second && (status.Connected || !errors.Is(status.Failed, errRefused)) {
				t.Errorf("status after %s: %+v, want it to tell of the failure", time.Since(first.Taken), status)
			}
			pass(100 * time.Millisecond)
		}
		// One attempt a second, which begins by asking the pid or the table.
		if attempts := f.count("d.multicall2") + f.count("system.pid"); attempts > 13 {
			t.Errorf("a failing rTorrent was asked %d times in 10 s", attempts)
		}
		if s, err := c.Snapshot(t.Context()); !errors.Is(err, rtorrent.ErrUnavailable) {
			t.Errorf("after 10 s: %v, %v, want %v", s, err, rtorrent.ErrUnavailable)
		}
		f.change(func(f *fake) { f.err = nil })
		if snapshot(t, c) == first {
			t.Error("the old Snapshot was served after rTorrent was back")
		}
		if status := c.Status(); !status.Connected || status.Failed != nil {
			t.Errorf("status after it was back: %+v", status)
		}
	})
}

func TestNothingLoadedIsAnErrorAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		f.err = errRefused
		begun := time.Now()
		if s, err := c.Snapshot(t.Context()); !errors.Is(err, rtorrent.ErrUnavailable) {
			t.Errorf("got %v, %v, want %v", s, err, rtorrent.ErrUnavailable)
		}
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("it took %s", waited)
		}
	})
}

func TestASlowRTorrentCostsPatienceOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{TTL: time.Second, Patience: 2 * time.Second})
		first := snapshot(t, c)
		f.change(func(f *fake) { f.delay = 3 * time.Second })
		pass(time.Second)
		for _, want := range []time.Duration{2 * time.Second, 0, 0} {
			begun := time.Now()
			if snapshot(t, c) != first {
				t.Error("a Snapshot that cannot be there yet")
			}
			if waited := time.Since(begun); waited != want {
				t.Errorf("a reader waited %s, want %s", waited, want)
			}
		}
		pass(time.Second)
		synctest.Wait()
		if taken := c.Status().Taken; time.Since(taken) != 3*time.Second {
			t.Errorf("after 3 s there is a Snapshot of %s ago, want that of 3s", time.Since(taken))
		}
		wantTables(t, f, 2)
	})
}

func TestAHungRTorrentIsATimeoutAfterMaxStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{MaxStale: 10 * time.Second})
		first := snapshot(t, c)
		f.change(func(f *fake) { f.mute = true })
		pass(9 * time.Second)
		if snapshot(t, c) != first {
			t.Error("another Snapshot came from nowhere")
		}
		pass(time.Second)
		begun := time.Now()
		if s, err := c.Snapshot(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, %v, want %v", s, err, context.DeadlineExceeded)
		}
		if waited := time.Since(begun); waited > timeout {
			t.Errorf("it took %s, the client's timeout is %s", waited, timeout)
		}
		begun = time.Now() // path walks ask twice, and cat * many times
		if s, err := c.Snapshot(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 0 {
			t.Errorf("right after it: %v, %v after %s, want %v at once", s, err, time.Since(begun), context.DeadlineExceeded)
		}
		f.change(func(f *fake) { f.mute = false })
		pass(time.Second)
		if snapshot(t, c) == first {
			t.Error("the old Snapshot was served after rTorrent went on")
		}
	})
}

func TestEmptyListIsConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		f.empty = 1
		if n := len(snapshot(t, c).Torrents); n != 2 {
			t.Errorf("%d torrents after a first empty list, want 2", n)
		}
		wantTables(t, f, 2)
		f.change(func(f *fake) { f.empty = 1 })
		pass(time.Second)
		if n := len(snapshot(t, c).Torrents); n != 2 {
			t.Errorf("%d torrents after a sudden empty list, want 2", n)
		}
		f.change(func(f *fake) { clear(f.rows) })
		pass(time.Second)
		if n := len(snapshot(t, c).Torrents); n != 0 {
			t.Errorf("%d torrents after two empty lists, want 0", n)
		}
		wantTables(t, f, 6)
		pass(time.Second)
		snapshot(t, c) // empty is what it was, which needs no second answer
		wantTables(t, f, 7)
	})
}

func TestRestartIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		snapshot(t, c)
		f.change(func(f *fake) { f.err = errRefused })
		pass(time.Second)
		snapshot(t, c)
		f.change(func(f *fake) {
			f.err, f.pid, f.empty = nil, 2, 1
			f.rows[hashA]["d.name"] = "renamed"
		})
		pass(time.Second)
		s := snapshot(t, c)
		if len(s.Torrents) != 2 || s.Torrents[0].Name != "renamed" {
			t.Errorf("after the restart: %d torrents, the first of name %q; want 2 and all columns anew", len(s.Torrents), s.Torrents[0].Name)
		}
		if got := f.count("system.listMethods"); got != 2 {
			t.Errorf("the commands were asked %d times, want once for each process", got)
		}
	})
}
