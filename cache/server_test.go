package cache

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rtfs/rtorrent"
)

// TestServerIsAskedOnce reads from many places at once, and once more when the
// answer is too old.
func TestServerIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		if _, err := c.Snapshot(t.Context()); err != nil { // asks what this rTorrent can, too
			t.Fatal(err)
		}
		before := f.count("system.multicall")
		f.change(func(f *fake) { f.delay = 100 * time.Millisecond })
		read := func() {
			t.Helper()
			if _, err := c.Server(t.Context()); err != nil {
				t.Error(err)
			}
		}
		var readers sync.WaitGroup
		for range 10 {
			readers.Go(read)
		}
		readers.Wait()
		read()
		if n := f.count("system.multicall") - before; n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
		time.Sleep(time.Second)
		read()
		if n := f.count("system.multicall") - before; n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
		if err := c.ApplyServer(t.Context(), rtorrent.SaveSession()); err != nil {
			t.Fatal(err)
		}
		read()
		if n := f.count("system.multicall") - before; n != 4 { // the write is one
			t.Errorf("%d requests, want 4: a write makes all answers old", n)
		}
	})
}

// TestOnProcess hears of every new rTorrent, the first included.
func TestOnProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		heard := make(chan int64, 10)
		c.OnProcess(func(pid int64) { heard <- pid })
		for _, want := range []int64{1, 7} {
			f.change(func(f *fake) { f.pid = int(want) })
			for range 3 {
				if _, err := c.Snapshot(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(20 * time.Second)
			}
			synctest.Wait()
			if len(heard) != 1 || <-heard != want {
				t.Fatalf("heard %d times, want once of %d", len(heard), want)
			}
		}
		late := make(chan int64, 1)
		c.OnProcess(func(pid int64) { late <- pid })
		synctest.Wait()
		if len(late) != 1 || <-late != 7 {
			t.Error("who comes late does not hear of the process that is there")
		}
	})
}
