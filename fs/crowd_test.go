package fs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestCrowd has 64 writers and 64 readers at one mount for a moment.
func TestCrowd(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) { runCrowd(t, version, 3*time.Second) })
	}
}

// wholeTag is what a tag of a crowd reads as; it begins without one.
var wholeTag = regexp.MustCompile("^(value-[0-9]+-[0-9]+)?\n$")

// runCrowd lets 64 writers, each with a file of its own, and 64 readers at one
// mount. No call may fail, and each writer reads back what it wrote.
func runCrowd(t *testing.T, version string, long time.Duration) {
	m := mountDaemon(t, version)
	var torrents []*payload
	for i := range 16 {
		torrents = append(torrents, newPayload(t, fmt.Sprintf("crowd %d", i), 16384, map[string]int{"": 1000 + i}))
		m.add(t, "add-stopped", torrents[i])
	}
	names := []string{"tags", "comment", "custom/a", "custom/b"}
	var writes, reads, interrupted atomic.Int64
	begun := time.Now()
	over := func() bool { return t.Failed() || time.Since(begun) >= long }
	var crowd sync.WaitGroup
	for i := range 64 {
		path := m.torrent(torrents[i/4].hash, names[i%4])
		crowd.Go(func() {
			for n := 0; !over(); n++ {
				want := fmt.Sprintf("value-%d-%d", i, n)
				err := writeFile(path, []byte(want+"\n"))
				if errors.Is(err, syscall.EINTR) {
					interrupted.Add(1) // a signal of the test's own process
					continue
				}
				writes.Add(1)
				if err != nil {
					t.Errorf("write: %v", err)
				}
				if got, err := os.ReadFile(path); err != nil || string(got) != want+"\n" {
					t.Errorf("lost: %s is %q (%v) after writing %q", path, got, err, want)
				}
			}
		})
		crowd.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 0))
			for !over() {
				p := torrents[rnd.IntN(len(torrents))]
				what := pick(rnd, []string{m.path("list.tsv"), m.torrent(p.hash, "state"), m.torrent(p.hash, "info"), m.torrent(p.hash, "tags"), m.path("health")})
				got, err := os.ReadFile(what)
				if err != nil {
					t.Errorf("read: %v", err)
				}
				if filepath.Base(what) == "tags" && !wholeTag.Match(got) {
					t.Errorf("read: the tag %q, of those like value-1-1", got)
				}
				if _, err := os.ReadDir(m.torrent(p.hash, "files")); err != nil {
					t.Errorf("listing: %v", err)
				}
				reads.Add(2)
			}
		})
	}
	crowd.Wait()
	t.Logf("%s: %d writes, %d reads in %s; %d interrupted", version, writes.Load(), reads.Load(), time.Since(begun).Round(time.Second), interrupted.Load())
	if writes.Load() == 0 || reads.Load() == 0 {
		t.Error("nothing was done")
	}
	var sockets int64
	if err := m.client.Call(t.Context(), &sockets, "network.open_sockets"); err != nil && !errors.Is(err, rtorrent.ErrUnsupported) {
		t.Errorf("rTorrent itself: %v", err)
	}
}
