package rtorrenttest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// A witness is a test that may fail without consequence.
type witness struct {
	testing.TB
	mu    sync.Mutex // guards heard
	heard []string
}

func (w *witness) Errorf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, fmt.Sprintf(format, args...))
}

func (w *witness) said() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.heard)
}

// TestServerTellsOfWhatIsFatal: what would end or hang a real rTorrent fails the
// test that does it to the fake, which then answers nothing any more.
func TestServerTellsOfWhatIsFatal(t *testing.T) {
	for name, fatal := range map[string]func(h rtorrent.Hash) (method string, args []any){
		"stop in a check":        func(h rtorrent.Hash) (string, []any) { return "d.stop", []any{h} },
		"close in a check":       func(h rtorrent.Hash) (string, []any) { return "d.close", []any{h} },
		"erase in a check":       func(h rtorrent.Hash) (string, []any) { return "d.erase", []any{h} },
		"directory in a check":   func(h rtorrent.Hash) (string, []any) { return "d.directory.set", []any{h, "/x"} },
		"file without an index":  func(h rtorrent.Hash) (string, []any) { return "f.path", []any{h} },
		"file with no target":    func(rtorrent.Hash) (string, []any) { return "f.path", nil },
		"file with another part": func(h rtorrent.Hash) (string, []any) { return "f.priority.set", []any{string(h) + ":t0", 1} },
	} {
		w := &witness{TB: t}
		s := rtorrenttest.NewServer(w, rtorrenttest.ServerOptions{})
		s.Fill(1)
		s.HoldChecks(true)
		c := rtorrenttest.Dial(t, s.Endpoint(), func(o *rtorrent.Options) { o.Timeout = 200 * time.Millisecond })
		rows, err := c.Torrents(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		h := rows[0].Hash
		if _, err := c.Do(t.Context(), h, rtorrent.CheckHash(h)); err != nil {
			t.Fatal(err)
		}
		method, args := fatal(h)
		if err := c.CallWrite(t.Context(), nil, method, args...); err == nil || len(w.said()) != 1 {
			t.Errorf("%s: the fake said %q, error %v, want an error and one complaint", name, w.said(), err)
		}
		if err := c.Call(t.Context(), nil, "system.pid"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: then: error %v, want no answer", name, err)
		}
		s.Close()
	}
}

// TestHeldChecks: one torrent is checked at a time, the others wait.
func TestHeldChecks(t *testing.T) {
	s := rtorrenttest.NewServer(t, rtorrenttest.ServerOptions{Version: "0.16"})
	s.Fill(2)
	c := rtorrenttest.Dial(t, s.Endpoint())
	before, err := c.Torrents(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.HoldChecks(true)
	for _, row := range before {
		if _, err := c.Do(t.Context(), row.Hash, rtorrent.CheckHash(row.Hash)); err != nil {
			t.Fatal(err)
		}
	}
	rtorrenttest.Eventually(t, 10*time.Second, "the first check runs", func() bool {
		row, err := c.Torrent(t.Context(), before[0].Hash)
		return err == nil && row.IsChecking && row.IsOpen && row.CompletedPieces == 0
	})
	if row, err := c.Torrent(t.Context(), before[1].Hash); err != nil || row.IsChecking || row.IsOpen || row.Hashing != 3 {
		t.Errorf("second torrent = %+v, error %v, want it to wait for its check", row, err)
	}
	s.Change(before[0].Hash, func(t *rtorrenttest.Torrent) { t.Hashed = 5 })
	if row, err := c.Torrent(t.Context(), before[0].Hash); err != nil || row.HashedPieces != 5 {
		t.Errorf("torrent = %+v, error %v, want 5 pieces hashed", row, err)
	}
	s.HoldChecks(false)
	for _, old := range before {
		row, err := c.Torrent(t.Context(), old.Hash)
		if err != nil || row.Hashing != 0 || !row.IsActive || row.CompletedPieces != old.CompletedPieces {
			t.Errorf("torrent = %+v, error %v, want that of before: %+v", row, err, old)
		}
	}
}

// TestFillIsTheSameEachTime, so that numbers of tests stay the same.
func TestFillIsTheSameEachTime(t *testing.T) {
	var tables []string
	for range 2 {
		s := rtorrenttest.NewServer(t, rtorrenttest.ServerOptions{})
		s.Fill(20)
		rows, err := rtorrenttest.Dial(t, s.Endpoint()).Torrents(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var table strings.Builder
		for _, row := range rows {
			table.WriteString(strings.ReplaceAll(fmt.Sprintf("%+v\n", *row), s.Downloads(), "DIRECTORY"))
		}
		tables = append(tables, table.String())
	}
	if tables[0] != tables[1] {
		t.Errorf("first: %s\nsecond: %s", tables[0], tables[1])
	}
}

// TestServerKeepsTheRulesOfSCGI: what a real one closes without a word.
func TestServerKeepsTheRulesOfSCGI(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		limit := map[string]int{"0.9.8": 2 << 20, "0.16": 16 << 20}[version]
		for _, endpoint := range []string{
			rtorrenttest.NewServer(t, rtorrenttest.ServerOptions{Version: version}).Endpoint(),
			rtorrenttest.Start(t, version).Endpoint(),
		} {
			e, err := rtorrent.ParseEndpoint(endpoint)
			if err != nil {
				t.Fatal(err)
			}
			transport, err := rtorrent.NewTransport(e, rtorrent.TransportOptions{})
			if err != nil {
				t.Fatal(err)
			}
			ask := func(contentType, body string) error {
				_, _, err := transport.RoundTrip(t.Context(), contentType, []byte(body))
				return err
			}
			if err := ask("text/xml", strings.Repeat("x", limit+1)); !errors.Is(err, rtorrent.ErrUnavailable) {
				t.Errorf("%s: over the limit: error %v, want ErrUnavailable", endpoint, err)
			}
			if err := ask("text/xml", strings.Repeat("x", limit)); err != nil {
				t.Errorf("%s: at the limit: %v, want a fault in a reply", endpoint, err)
			}
			err = ask("text/html", xmlCall("system.pid"))
			if refused := errors.Is(err, rtorrent.ErrUnavailable); refused != (version == "0.16") {
				t.Errorf("%s: another content type: error %v", endpoint, err)
			}
		}
	}
}
