package rtorrent_test

import (
	"errors"
	"fmt"
	"testing"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

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
