package fs

import (
	"bytes"
	"context"
	"fmt"
	"os"
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

// A counter is a Transport that counts the requests for a table of all
// torrents, those for what a torrent's start or stop changes, and all. It is safe
// for concurrent use.
type counter struct {
	rtorrent.Transport
	tables, rows, calls atomic.Int64
}

func (c *counter) RoundTrip(ctx context.Context, contentType string, request []byte) ([]byte, string, error) {
	c.calls.Add(1)
	if bytes.Contains(request, []byte("d.multicall")) {
		c.tables.Add(1)
	}
	c.rows.Add(int64(bytes.Count(request, []byte(">d.timestamp.started<")))) // what a start or stop changes has it, once
	return c.Transport.RoundTrip(ctx, contentType, request)
}

// mountCounted mounts an rTorrent and counts what it is asked.
func mountCounted(t *testing.T, d *rtorrent.Daemon, o cache.Options) (*mounted, *counter) {
	t.Helper()
	e, err := rtorrent.ParseEndpoint(d.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rtorrent.NewTransport(e, rtorrent.TransportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	count := &counter{Transport: transport}
	m := mountClient(t, rtorrent.New(count, rtorrent.Options{}), o, Options{})
	m.daemon = d
	return m, count
}

// many returns 1,000, or fewer when tests are to be short.
func many() int {
	if testing.Short() {
		return 100
	}
	return 1000
}

// loadMany loads n tiny torrents without data, and leaves them stopped.
func loadMany(t *testing.T, d *rtorrent.Daemon, n int) []rtorrent.Hash {
	t.Helper()
	client := rtorrenttest.Dial(t, d.Endpoint())
	hashes := make([]rtorrent.Hash, n)
	for i := range hashes {
		name := fmt.Sprintf("torrent %d", i)
		content, err := rtorrent.MakeMetainfo(name, []rtorrent.MakeFile{{Length: 10, Data: strings.NewReader(fmt.Sprintf("%010d", i))}}, 16384, "http://127.0.0.1:9/announce")
		if err != nil {
			t.Fatal(err)
		}
		m, err := rtorrent.ParseMetainfo(content)
		if err != nil {
			t.Fatal(err)
		}
		hashes[i] = m.Hash
		if err := client.LoadRaw(t.Context(), content); err != nil {
			t.Fatal(err)
		}
	}
	rtorrenttest.Eventually(t, 20*time.Second, "all are loaded", func() bool {
		var size int64
		return client.Call(t.Context(), &size, "view.size", "", "main") == nil && size == int64(n)
	})
	return hashes
}

// each calls do for every torrent, in four goroutines.
func each(hashes []rtorrent.Hash, do func(rtorrent.Hash)) {
	var wg sync.WaitGroup
	next := make(chan rtorrent.Hash)
	for range 4 {
		wg.Go(func() {
			for h := range next {
				do(h)
			}
		})
	}
	for _, h := range hashes {
		next <- h
	}
	close(next)
	wg.Wait()
}

// controlFiles returns the names of a torrent's own files.
func (m *mounted) controlFiles(t *testing.T, h rtorrent.Hash) []string {
	t.Helper()
	entries, err := os.ReadDir(m.torrent(h))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	if len(names) < 30 {
		t.Fatalf("only %d files in %s: %q", len(names), h, names)
	}
	return names
}

// wantTables fails unless at most that many tables were asked.
func (c *counter) wantTables(t *testing.T, what string, atMost int64) {
	t.Helper()
	got := c.tables.Load()
	t.Logf("%s: %d tables, %d calls", what, got, c.calls.Load())
	if got > atMost {
		t.Errorf("%s: %d tables were asked, want at most %d", what, got, atMost)
	}
	c.tables.Store(0)
	c.calls.Store(0)
}

// TestTablesAsked counts what walks over 1,000 torrents cost rTorrent.
func TestTablesAsked(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d := rtorrenttest.Start(t, version)
			hashes := loadMany(t, d, many())

			// With a TTL that does not end, the walks alone count.
			m, asked := mountCounted(t, d, cache.Options{TTL: time.Hour, Slow: time.Hour})
			listed, status := m.bounded(t, 20*time.Second, "ls -l "+m.path("torrents")+" | wc -l")
			if status != 0 || strings.TrimSpace(listed) != fmt.Sprint(1+len(hashes)) {
				t.Errorf("ls -l torrents: exit status %d, %s lines, want %d", status, listed, 1+len(hashes))
			}
			asked.wantTables(t, "ls -l torrents", 1)
			m.readEach(t, hashes, m.controlFiles(t, hashes[0]))
			asked.wantTables(t, "reading every control file", 3)
			// It looks up each of the files by itself.
			if out, status := m.bounded(t, 2*time.Minute, "find "+m.path("by-name", "torrent 1")+"/ "+m.path("torrents")+" -maxdepth 2 -printf '%s %t %p\\n' | wc -l"); status != 0 {
				t.Errorf("find with attributes: exit status %d, %s", status, out)
			}
			if calls := asked.calls.Load(); calls > 0 {
				t.Errorf("a walk over names and attributes asked rTorrent %d times, want never", calls)
			}

			// With the ordinary one, one table more for each second that goes by.
			m, asked = mountCounted(t, d, cache.Options{})
			begun := time.Now()
			m.readEach(t, hashes, m.controlFiles(t, hashes[0])[:4])
			asked.wantTables(t, "reading files of each", 3+ticks(begun))
			begun = time.Now()
			m.rewriteEach(t, hashes)
			asked.wantTables(t, "reading and writing a file of each", 1+ticks(begun))
		})
	}
}

// ticks is how often the cache's ordinary TTL ended since then, and its time for
// the slow columns.
func ticks(begun time.Time) int64 {
	seconds := int64(time.Since(begun) / time.Second)
	return seconds + seconds/10
}

// readEach reads those files of every torrent.
func (m *mounted) readEach(t *testing.T, hashes []rtorrent.Hash, names []string) {
	t.Helper()
	each(hashes, func(h rtorrent.Hash) {
		buf := make([]byte, 4096)
		for _, name := range names {
			// Without os.ReadFile's fstat and second read, which are not the point.
			fd, err := syscall.Open(m.torrent(h, name), syscall.O_RDONLY, 0)
			for err == syscall.EINTR { // a signal of the runtime's
				fd, err = syscall.Open(m.torrent(h, name), syscall.O_RDONLY, 0)
			}
			if err != nil {
				t.Errorf("open %s: %v", name, err)
				continue
			}
			_, err = syscall.Read(fd, buf)
			for err == syscall.EINTR {
				_, err = syscall.Read(fd, buf)
			}
			if err != nil {
				t.Errorf("read %s: %v", name, err)
			}
			syscall.Close(fd)
		}
	})
}

// rewriteEach writes the tags of every torrent and reads them back.
func (m *mounted) rewriteEach(t *testing.T, hashes []rtorrent.Hash) {
	t.Helper()
	each(hashes, func(h rtorrent.Hash) {
		tags := m.torrent(h, "tags")
		if err := writeFile(tags, []byte(h+"\n")); err != nil {
			t.Error(err)
		}
		if got, err := os.ReadFile(tags); err != nil || string(got) != string(h)+"\n" {
			t.Errorf("tags of %s = %q (%v), want what was written", h, got, err)
		}
	})
}
