package rtorrent_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestConnections: reads leave one of four connections to writes.
func TestConnections(t *testing.T) {
	for _, listen := range listens() {
		s, c := newFake(t, rtorrenttest.ServerOptions{Listen: listen})
		h := add(s, "a")
		probed(t, c)
		s.Freeze()
		var calls sync.WaitGroup
		for range 10 {
			calls.Go(func() {
				if _, err := c.Torrent(t.Context(), h); err != nil {
					t.Errorf("%s: read: %v", listen, err)
				}
			})
		}
		rtorrenttest.Eventually(t, soon, "three reads wait", func() bool { return s.Waiting() == 3 })
		for i := range 5 {
			calls.Go(func() {
				if _, err := c.Do(t.Context(), h, rtorrent.SetPriority(h, int64(i%4))); err != nil {
					t.Errorf("%s: write: %v", listen, err)
				}
			})
		}
		rtorrenttest.Eventually(t, soon, "a write waits beside them", func() bool { return s.Waiting() == 4 })
		s.Thaw()
		calls.Wait()
		if got := s.Peak(); got != 4 {
			t.Errorf("%s: %d requests at once, want at most 4", listen, got)
		}
	}
}

// TestReadThatIsGivenUpFreesItsConnection: also while rTorrent is frozen.
func TestReadThatIsGivenUpFreesItsConnection(t *testing.T) {
	for _, listen := range listens() {
		s, c := newFake(t, rtorrenttest.ServerOptions{Listen: listen})
		h := add(s, "a")
		probed(t, c)
		s.Freeze()
		for round := range 5 { // more than there are connections
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := c.Torrent(ctx, h)
				done <- err
			}()
			rtorrenttest.Eventually(t, soon, "the read has arrived", func() bool { return s.Waiting() == round+1 })
			cancel()
			select {
			case err := <-done:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%s: error %v, want context.Canceled", listen, err)
				}
			case <-time.After(soon):
				t.Fatalf("%s: a read that was given up goes on", listen)
			}
		}
		s.Thaw()
		if _, err := c.Torrent(t.Context(), h); err != nil {
			t.Errorf("%s: read after it: %v", listen, err)
		}
	}
}

// TestTimeout bounds a call to an rTorrent that never answers.
func TestTimeout(t *testing.T) {
	s, c := newFake(t, rtorrenttest.ServerOptions{}, func(o *rtorrent.Options) { o.Timeout = 50 * time.Millisecond })
	h := add(s, "a")
	probed(t, c)
	s.Freeze()
	if _, err := c.Torrent(t.Context(), h); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("read: error %v, want DeadlineExceeded", err)
	}
	if _, err := c.Do(t.Context(), h, rtorrent.SetPriority(h, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("write: error %v, want DeadlineExceeded", err)
	}
}

// TestInterruptedWrite: the outcome of a write is waited for a little when its
// caller leaves, and unknown after that. It happens all the same.
func TestInterruptedWrite(t *testing.T) {
	s, c := newFake(t, rtorrenttest.ServerOptions{})
	h := add(s, "a")
	probed(t, c)
	write := func(text string, leave func(cancel func())) error {
		rtorrenttest.Eventually(t, soon, "nothing else waits", func() bool { return s.Waiting() == 0 })
		s.Freeze()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		go func() {
			_, err := c.Do(ctx, h, rtorrent.SetCustom1(h, text))
			done <- err
		}()
		rtorrenttest.Eventually(t, soon, "the write has arrived", func() bool { return s.Waiting() == 1 })
		leave(cancel)
		select {
		case err := <-done:
			return err
		case <-time.After(soon):
			t.Fatal("an interrupted write goes on")
			return nil
		}
	}
	stored := func(text string) bool {
		torrent, _ := s.Torrent(h)
		return torrent.Custom[0] == text
	}
	if err := write("answered at once", func(cancel func()) { cancel(); s.Thaw() }); err != nil || !stored("answered at once") {
		t.Errorf("answered within the grace: error %v, want that of the write: none", err)
	}
	began := time.Now()
	if err := write("answered late", func(cancel func()) { cancel() }); !errors.Is(err, rtorrent.ErrInterrupted) || !errors.Is(err, context.Canceled) {
		t.Errorf("not answered: error %v, want ErrInterrupted", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("an interrupted write took %v, want about a second", took)
	}
	s.Thaw()
	rtorrenttest.Eventually(t, soon, "the write has happened", func() bool { return stored("answered late") })
}

// TestSlowServer: calls queue up in rTorrent; each of them is answered.
func TestSlowServer(t *testing.T) {
	s, c := newFake(t, rtorrenttest.ServerOptions{})
	h := add(s, "a")
	probed(t, c)
	s.Delay(20 * time.Millisecond)
	began := time.Now()
	var calls sync.WaitGroup
	for range 6 {
		calls.Go(func() {
			if _, err := c.Torrent(t.Context(), h); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if took := time.Since(began); took < 120*time.Millisecond {
		t.Errorf("6 calls of 20 ms took %v: the fake has not delayed them", took)
	}
}

// TestTimeoutIsTheDefault keeps the bound that the options leave open.
func TestTimeoutIsTheDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := rtorrent.New(mute{}, rtorrent.Options{})
		began := time.Now()
		if err := c.Call(t.Context(), nil, "system.pid"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want DeadlineExceeded", err)
		}
		if took := time.Since(began); took != c.Timeout() || took != 30*time.Second {
			t.Errorf("the call took %v, want 30 s", took)
		}
	})
}

// mute is a Transport without answers.
type mute struct{}

func (mute) RoundTrip(ctx context.Context, _ string, _ []byte) ([]byte, string, error) {
	<-ctx.Done()
	return nil, "", ctx.Err()
}
