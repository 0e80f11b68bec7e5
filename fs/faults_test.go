package fs

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// dial returns a client of what listens at endpoint.
func dial(t *testing.T, endpoint string, o rtorrent.Options) *rtorrent.Client {
	t.Helper()
	e, err := rtorrent.ParseEndpoint(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rtorrent.NewTransport(e, rtorrent.TransportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return rtorrent.New(transport, o)
}

// The bounds of the mounts in these tests, and what a loaded machine may add.
const (
	faultTimeout  = time.Second
	faultMaxStale = 500 * time.Millisecond
	faultSlack    = 3 * time.Second
)

// mountFragile mounts an rTorrent that is going to fail.
func mountFragile(t *testing.T, d *rtorrent.Daemon) *mounted {
	t.Helper()
	client := dial(t, d.Endpoint(), rtorrent.Options{Timeout: faultTimeout})
	m := mountClient(t, client, cache.Options{TTL: 50 * time.Millisecond, MaxStale: faultMaxStale, Patience: 100 * time.Millisecond}, Options{TTL: 50 * time.Millisecond})
	m.daemon = d
	return m
}

// A reader reads one thing again and again and judges what it gets.
type reader struct {
	name string
	read func() (string, error)
	good func(string) bool
	// How many reads brought what is good, and how many were refused because
	// rTorrent is away.
	right, refused atomic.Int64
}

// run reads until stop is closed. An answer may be right or ECONNREFUSED or
// ETIMEDOUT, and takes no longer than the client's timeout.
func (r *reader) run(t *testing.T, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		begun := time.Now()
		got, err := r.read()
		if took := time.Since(begun); took > faultTimeout+faultSlack {
			t.Errorf("%s took %s", r.name, took)
			return
		}
		switch {
		case err == nil && r.good(got):
			r.right.Add(1)
		case err == nil:
			t.Errorf("%s: %q, which was never true", r.name, got)
			return
		case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ETIMEDOUT):
			r.refused.Add(1)
		default:
			t.Errorf("%s: %v, want ECONNREFUSED or ETIMEDOUT", r.name, err)
			return
		}
	}
}

// readersOf returns readers of a torrent's state, its size, the table and the
// listing of all torrents.
func readersOf(m *mounted, torrents []*payload) []*reader {
	file := func(path string) func() (string, error) {
		return func() (string, error) {
			b, err := os.ReadFile(path)
			return string(b), err
		}
	}
	return []*reader{
		{name: "state", read: file(m.torrent(torrents[0].hash, "state")), good: func(s string) bool { return s == "stopped\n" }},
		{name: "size", read: file(m.torrent(torrents[1].hash, "size")), good: func(s string) bool { return s == "1001\n" }},
		{name: "list.tsv", read: file(m.path("list.tsv")), good: func(s string) bool {
			for i, p := range torrents { // rTorrent changes their order when it restarts
				if !strings.Contains(s, fmt.Sprintf("\n%s\t%s\t%d\t", p.hash, p.name, 1000+i)) {
					return false
				}
			}
			return strings.HasPrefix(s, "hash\tname\tsize\t") && strings.Count(s, "\n") == 1+len(torrents)
		}},
		{name: "ls", good: func(s string) bool { return strings.Count(s, "\n") == len(torrents) },
			read: func() (string, error) {
				entries, err := os.ReadDir(m.path("by-name"))
				names := ""
				for _, e := range entries {
					names += e.Name() + "\n"
				}
				return names, err
			}},
	}
}

// stoppedTorrents adds n torrents, of 1000 bytes and more.
func stoppedTorrents(t *testing.T, m *mounted, n int) []*payload {
	t.Helper()
	var all []*payload
	for i := range n {
		all = append(all, newPayload(t, fmt.Sprintf("torrent %d", i), 32768, map[string]int{"": 1000 + i}))
	}
	for _, p := range all {
		m.add(t, "add-stopped", p)
	}
	return all
}

// TestKilledUnderReaders kills rTorrent while four readers read, and starts it
// again under the same mount.
func TestKilledUnderReaders(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountFragile(t, rtorrenttest.Start(t, version))
			torrents := stoppedTorrents(t, m, 3)
			readers := readersOf(m, torrents)
			stop := make(chan struct{})
			var wg sync.WaitGroup
			for _, r := range readers {
				wg.Go(func() { r.run(t, stop) })
			}
			defer wg.Wait()
			defer close(stop)
			each := func(what string, count func(*reader) int64) {
				t.Helper()
				before := make([]int64, len(readers))
				for i, r := range readers {
					before[i] = count(r)
				}
				rtorrenttest.Eventually(t, 15*time.Second, what, func() bool {
					done := t.Failed()
					return done || !slices.ContainsFunc(readers, func(r *reader) bool { return count(r) < before[slices.Index(readers, r)]+5 })
				})
			}
			right := func(r *reader) int64 { return r.right.Load() }
			refused := func(r *reader) int64 { return r.refused.Load() }
			for range 2 {
				each("everybody reads", right)
				if err := m.daemon.Kill(); err != nil {
					t.Fatal(err)
				}
				each("everybody is refused", refused)
				if err := m.daemon.Restart(t.Context()); err != nil {
					t.Fatal(err)
				}
				each("everybody reads again", right)
			}
		})
	}
}

// TestStaleDataEndsInAnErrno tells one that refuses from one that hangs.
func TestStaleDataEndsInAnErrno(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountFragile(t, rtorrenttest.Start(t, version))
			state := m.torrent(stoppedTorrents(t, m, 1)[0].hash, "state")
			until := func(want syscall.Errno) {
				t.Helper()
				begun := time.Now()
				for {
					b, err := os.ReadFile(state)
					switch {
					case errors.Is(err, want):
						if waited := time.Since(begun); waited < faultMaxStale-100*time.Millisecond {
							t.Errorf("%v after %s, want the last data for %s", err, waited, faultMaxStale)
						}
						return
					case err != nil || string(b) != "stopped\n":
						t.Fatalf("%q, %v, want stopped, then %v", b, err, want)
					case time.Since(begun) > faultMaxStale+faultTimeout+faultSlack:
						t.Fatalf("still served after %s, want %v", time.Since(begun), want)
					}
				}
			}
			if err := m.daemon.Pause(); err != nil {
				t.Fatal(err)
			}
			until(syscall.ETIMEDOUT)
			if err := m.daemon.Continue(); err != nil {
				t.Fatal(err)
			}
			rtorrenttest.Eventually(t, 10*time.Second, "it is served again", func() bool {
				b, err := os.ReadFile(state)
				return err == nil && string(b) == "stopped\n"
			})
			if err := m.daemon.Kill(); err != nil {
				t.Fatal(err)
			}
			until(syscall.ECONNREFUSED)
		})
	}
}

// TestMountWhileDown mounts an rTorrent that is not there yet.
func TestMountWhileDown(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			d := rtorrenttest.Start(t, version)
			if err := d.Kill(); err != nil {
				t.Fatal(err)
			}
			m := mountFragile(t, d)
			for _, script := range []string{"ls", "cat README >/dev/null", "cat health log", "grep 'connected: 0' health", "stat torrents add by-name", "df ."} {
				if out, status := m.sh(t, script); status != 0 {
					t.Errorf("%s: exit status %d, %s", script, status, out)
				}
			}
			for _, script := range []string{"ls torrents", "ls by-name", "cat list.tsv", "echo stop > torrents/" + strings.Repeat("A", 40) + "/state"} {
				if out, status := m.sh(t, script); status == 0 || !strings.Contains(out, "Connection refused") {
					t.Errorf("%s: exit status %d, %q, want Connection refused", script, status, out)
				}
			}
			if err := d.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			rtorrenttest.Eventually(t, 10*time.Second, "it is served", func() bool {
				_, err := os.ReadDir(m.path("torrents"))
				return err == nil
			})
			m.awaitState(t, stoppedTorrents(t, m, 1)[0].hash, stateStopped)
		})
	}
}
