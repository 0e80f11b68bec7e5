package rtorrent_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
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
