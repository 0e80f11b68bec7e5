package rtorrent_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// soon bounds what takes milliseconds.
const soon = 10 * time.Second

// newFake starts a fake and returns it with a client.
func newFake(t *testing.T, o rtorrenttest.ServerOptions, opts ...func(*rtorrent.Options)) (*rtorrenttest.Server, *rtorrent.Client) {
	t.Helper()
	s := rtorrenttest.NewServer(t, o)
	return s, rtorrenttest.Dial(t, s.Endpoint(), opts...)
}

// probed makes the client know the fake, so that tests count what follows.
func probed(t *testing.T, c *rtorrent.Client) *rtorrent.Caps {
	t.Helper()
	caps, err := c.Caps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return caps
}

// add puts a torrent into the fake and returns its info-hash.
func add(s *rtorrenttest.Server, name string) rtorrent.Hash {
	h := rtorrent.Hash(fmt.Sprintf("%040X", len(name)))
	s.Add(rtorrenttest.Torrent{Hash: h, Name: name, Size: 1000})
	return h
}

// listens are the sockets of a fake.
func listens() []string { return []string{"unix", "tcp", "http"} }

// TestReadIsSentTwiceAtMost: a read without an answer is sent once more.
func TestReadIsSentTwiceAtMost(t *testing.T) {
	for _, listen := range listens() {
		s, c := newFake(t, rtorrenttest.ServerOptions{Listen: listen})
		h := add(s, "a")
		probed(t, c)
		before := len(s.Log())
		s.Spoil(rtorrenttest.Silence)
		if row, err := c.Torrent(t.Context(), h); err != nil || row.Name != "a" {
			t.Errorf("%s: one silence: row %v, error %v, want a", listen, row, err)
		}
		if got := len(s.Log()) - before; got != 2 {
			t.Errorf("%s: one silence: %d requests, want 2", listen, got)
		}
		before = len(s.Log())
		s.Spoil(rtorrenttest.Silence, rtorrenttest.Silence)
		if _, err := c.Torrent(t.Context(), h); !errors.Is(err, rtorrent.ErrUnavailable) {
			t.Errorf("%s: two silences: error %v, want ErrUnavailable", listen, err)
		}
		if got := len(s.Log()) - before; got != 2 {
			t.Errorf("%s: two silences: %d requests, want 2", listen, got)
		}
	}
}

// TestBrokenReplyIsNotAskedAgain: what broke off midway, or is no reply, would
// most likely do so again.
func TestBrokenReplyIsNotAskedAgain(t *testing.T) {
	for _, listen := range listens() {
		for _, spoiled := range []struct {
			way  rtorrenttest.Rudeness
			kind error
		}{{rtorrenttest.Half, rtorrent.ErrUnavailable}, {rtorrenttest.Garbage, rtorrent.ErrProtocol}} {
			s, c := newFake(t, rtorrenttest.ServerOptions{Listen: listen})
			h := add(s, "a")
			probed(t, c)
			for name, read := range map[string]func() error{
				"row":   func() error { _, err := c.Torrent(t.Context(), h); return err },
				"table": func() error { _, err := c.Torrents(t.Context(), nil); return err },
				"files": func() error { _, err := c.Files(t.Context(), h); return err },
				"call":  func() error { return c.Call(t.Context(), nil, "system.pid") },
			} {
				if err := read(); err != nil { // it may have something to find out
					t.Fatal(err)
				}
				before := len(s.Log())
				s.Spoil(spoiled.way)
				if err := read(); !errors.Is(err, spoiled.kind) {
					t.Errorf("%s: %s: error %v, want %v", listen, name, err, spoiled.kind)
				}
				if got := len(s.Log()) - before; got != 1 {
					t.Errorf("%s: %s: %d requests, want 1", listen, name, got)
				}
			}
		}
	}
}

// TestWriteIsSentOnce: a write whose answer is missing may have happened.
func TestWriteIsSentOnce(t *testing.T) {
	for _, listen := range listens() {
		s, c := newFake(t, rtorrenttest.ServerOptions{Listen: listen})
		h := add(s, "a")
		probed(t, c)
		for _, way := range []rtorrenttest.Rudeness{rtorrenttest.Silence, rtorrenttest.Half, rtorrenttest.Garbage} {
			before, saves := len(s.Log()), s.Calls("d.save_resume")
			s.Spoil(way)
			if _, err := c.Do(t.Context(), h, rtorrent.SetCustom1(h, fmt.Sprint(way))); err == nil {
				t.Errorf("%s: spoiled by %d: no error", listen, way)
			}
			if got := len(s.Log()) - before; got != 1 {
				t.Errorf("%s: spoiled by %d: %d requests, want 1", listen, way, got)
			}
			if got := s.Calls("d.save_resume") - saves; got > 1 {
				t.Errorf("%s: spoiled by %d: written %d times", listen, way, got)
			}
		}
	}
}

// TestAbsentServer: a closed server is ErrUnavailable at once, and the client
// goes on when it is back.
func TestAbsentServer(t *testing.T) {
	for _, listen := range listens() {
		s, c := newFake(t, rtorrenttest.ServerOptions{Listen: listen})
		h := add(s, "a")
		probed(t, c)
		s.Close()
		if _, err := c.Torrent(t.Context(), h); !errors.Is(err, rtorrent.ErrUnavailable) {
			t.Errorf("%s: read: error %v, want ErrUnavailable", listen, err)
		}
		if _, err := c.Do(t.Context(), h, rtorrent.SetPriority(h, 1)); !errors.Is(err, rtorrent.ErrUnavailable) {
			t.Errorf("%s: write: error %v, want ErrUnavailable", listen, err)
		}
		s.Reopen()
		if _, err := c.Do(t.Context(), h, rtorrent.SetPriority(h, 1)); err != nil {
			t.Errorf("%s: write to the server that is back: %v", listen, err)
		}
	}
}

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
	if took := time.Since(began); took > 3*time.Second {
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

// TestCapsOfAnotherRun: what an rTorrent can do is asked once, and again after
// Forget.
func TestCapsOfAnotherRun(t *testing.T) {
	s, c := newFake(t, rtorrenttest.ServerOptions{Version: "0.16"})
	first := probed(t, c)
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			if caps, err := c.Caps(t.Context()); err != nil || caps != first {
				t.Errorf("caps = %p, %v, want those known: %p", caps, err, first)
			}
		})
	}
	calls.Wait()
	if got := s.Calls("system.listMethods"); got != 1 {
		t.Errorf("the commands were listed %d times, want once", got)
	}
	s.Restart()
	if caps := probed(t, c); caps != first {
		t.Error("the client has probed by itself")
	}
	c.Forget()
	if known := c.KnownCaps(); known != nil {
		t.Errorf("after Forget the client knows %+v", known)
	}
	for range 8 {
		calls.Go(func() {
			if _, err := c.Caps(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if caps := probed(t, c); caps.PID != first.PID+1 {
		t.Errorf("pid = %d, want that of the second run: %d", caps.PID, first.PID+1)
	}
	if got := s.Calls("system.listMethods"); got != 2 {
		t.Errorf("the commands were listed %d times, want twice", got)
	}
}

// TestProbeBelongsToNobody: who leaves must not fail the others.
func TestProbeBelongsToNobody(t *testing.T) {
	s, c := newFake(t, rtorrenttest.ServerOptions{})
	s.Freeze()
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := c.Caps(ctx); first <- err }()
	rtorrenttest.Eventually(t, soon, "the probe has arrived", func() bool { return s.Waiting() == 1 })
	go func() { _, err := c.Caps(t.Context()); second <- err }()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("who left: error %v, want context.Canceled", err)
	}
	s.Thaw()
	if err := <-second; err != nil {
		t.Errorf("who stayed: %v", err)
	}
}

// TestOlderServer: a command that is not there leaves one field empty.
func TestOlderServer(t *testing.T) {
	s, c := newFake(t, rtorrenttest.ServerOptions{Without: []string{"d.is_meta", "d.custom2", "f.frozen_path", "directory.default"}})
	h := add(s, "a")
	s.Change(h, func(t *rtorrenttest.Torrent) { t.Custom = [5]string{"one", "two"}; t.Meta = true })
	caps := probed(t, c)
	if caps.Has("d.is_meta") || caps.Has("d.custom2.hex") || !caps.Has("d.custom=addtime") || caps.Directory != "" {
		t.Errorf("caps = %+v", caps)
	}
	rows, err := c.Torrents(t.Context(), nil)
	if err != nil || len(rows) != 1 || rows[0].IsMeta || rows[0].Custom1 != "one" || rows[0].Custom2 != "" {
		t.Errorf("rows = %+v, error %v, want one without is_meta and custom2", rows, err)
	}
	if row, err := c.Torrent(t.Context(), h); err != nil || *row != *rows[0] {
		t.Errorf("row = %+v, error %v, want that of the table", row, err)
	}
	if files, err := c.Files(t.Context(), h); err != nil || len(files) != 1 || files[0].Path != "a" {
		t.Errorf("files = %+v, error %v, want one", files, err)
	}
}

// TestStats counts requests, tables and bytes.
func TestStats(t *testing.T) {
	s, c := newFake(t, rtorrenttest.ServerOptions{})
	s.Fill(3)
	if got := c.Stats(); got != (rtorrent.Stats{}) {
		t.Errorf("a new client's stats = %+v", got)
	}
	if _, err := c.Torrents(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	var sent, received int64
	for _, r := range s.Log() {
		sent, received = sent+int64(r.Size), received+int64(r.Reply)
	}
	want := rtorrent.Stats{Calls: int64(len(s.Log())), Tables: 1, Sent: sent, Received: received}
	if got := c.Stats(); got != want {
		t.Errorf("stats = %+v, want what the server counted: %+v", got, want)
	}
}

// TestRestartHidesTorrents: the fake does what 0.16 does when it has just
// started, for the tests of those who must not believe it.
func TestRestartHidesTorrents(t *testing.T) {
	s, c := newFake(t, rtorrenttest.ServerOptions{})
	s.Fill(3)
	count := func() int {
		rows, err := c.Torrents(t.Context(), nil, rtorrent.Static)
		if err != nil {
			t.Fatal(err)
		}
		return len(rows)
	}
	if got := count(); got != 3 {
		t.Errorf("%d torrents, want 3", got)
	}
	s.Restart()
	if got := []int{count(), count()}; !slices.Equal(got, []int{0, 3}) {
		t.Errorf("torrents after a restart = %v, want none and then 3", got)
	}
}

// TestGuardedCommands: on 0.9.8 what would hang in a check does not reach it,
// and says so; 0.16 carries it out.
func TestGuardedCommands(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		s, c := newFake(t, rtorrenttest.ServerOptions{Version: version})
		s.Fill(3)
		s.HoldChecks(true)
		rows, err := c.Torrents(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			h := row.Hash
			if now, err := c.Do(t.Context(), h, rtorrent.CheckHash(h)); err != nil || now.Hashing != 3 {
				t.Fatalf("%s: check: row %+v, error %v", version, now, err)
			}
			commands := [][]rtorrent.Command{{rtorrent.Stop(h)}, {rtorrent.Pause(h)}, {rtorrent.Close(h)}, {rtorrent.Stop(h), rtorrent.Close(h)}, {rtorrent.Erase(h)}}[i:]
			for _, do := range commands {
				now, err := c.Do(t.Context(), h, do...)
				if version != "0.9.8" {
					if err != nil {
						t.Errorf("%s: command in a check: %v", version, err)
					}
					break
				}
				if !errors.Is(err, rtorrent.ErrChecking) {
					t.Errorf("%s: command in a check: error %v, want ErrChecking", version, err)
				}
				if now != nil && (now.Hashing != 3 || !now.State) {
					t.Errorf("%s: command in a check: row = %+v, want it unchanged", version, now)
				}
			}
		}
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
