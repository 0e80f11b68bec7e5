package fs

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestFS has the standard library judge the tree. The data is an hour fresh,
// so that what is read twice is the same. It reads byte by byte, too: the files
// are small.
func TestFS(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			d := rtorrenttest.Start(t, version)
			file := newPayload(t, "a file.bin", 32768, map[string]int{"": 2000})
			folder := newPayload(t, "folder", 32768, map[string]int{"a.txt": 100, "sub/b.bin": 1500, "sub/empty": 0})
			first := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{}, Options{})
			for _, p := range []*payload{file, folder} {
				p.write(t, d.Downloads())
				first.add(t, "add", p)
				first.awaitState(t, p.hash, stateSeeding)
			}
			m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{TTL: time.Hour, Slow: time.Hour}, Options{})
			if err := fstest.TestFS(os.DirFS(m.dir),
				"README", "health", "log", "list.tsv", "add/log",
				path.Join("torrents", string(file.hash), "state"),
				path.Join("torrents", string(file.hash), "files", "a file.bin"),
				path.Join("torrents", string(folder.hash), "files", "sub", "b.bin"),
				"by-name/folder", "by-state/seeding/a file.bin",
			); err != nil {
				t.Fatal(err)
			}
			for _, p := range []*payload{file, folder} {
				for _, f := range p.files {
					at := m.torrent(p.hash, append([]string{"files"}, f.path...)...)
					if f.path == nil {
						at = m.torrent(p.hash, "files", p.name)
					}
					if got, err := os.ReadFile(at); err != nil || string(got) != string(f.data) {
						t.Errorf("%s: %d bytes, %v, want the %d of the torrent", at, len(got), err, len(f.data))
					}
				}
			}
		})
	}
}

// TestReadersAmongWriters has 32 readers of everything while torrents are
// tagged, rated, started and stopped. Each value read was written at some
// time, whole.
func TestReadersAmongWriters(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			d := rtorrenttest.Start(t, version)
			m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{TTL: 20 * time.Millisecond}, Options{TTL: 20 * time.Millisecond})
			var torrents []rtorrent.Hash
			for i := range 8 {
				p := newPayload(t, fmt.Sprintf("torrent %d", i), 32768, map[string]int{"": 40_000 + i})
				p.write(t, d.Downloads())
				m.add(t, "add", p)
				m.awaitState(t, p.hash, stateSeeding)
				torrents = append(torrents, p.hash)
			}
			values := map[string][]string{
				"tags":     {"", "tv", strings.Repeat("long ", 100) + "tag", "one\ntwo\nthree"},
				"comment":  {"", "short", strings.Repeat("comment ", 400) + "!"},
				"priority": {"0", "1", "2", "3"},
				"state":    {stateSeeding, stateStopped, statePaused, stateChecking, stateQueued},
			}
			names := m.controlFiles(t, torrents[0])
			m.runReaders(t, torrents, names, values, func() {
				for i := range 3 * len(torrents) {
					h := torrents[i%len(torrents)]
					for name, all := range values {
						value := all[i%len(all)]
						if name == "state" {
							value = []string{"stop", "start", "check"}[i%3]
						}
						// stop and check can meet a check under way
						if err := writeFile(m.torrent(h, name), []byte(value+"\n")); err != nil && name != "state" {
							t.Errorf("%s of %s: %v", name, h, err)
						}
					}
				}
			})
		})
	}
}

// runReaders runs 32 readers until write returns.
func (m *mounted) runReaders(t *testing.T, torrents []rtorrent.Hash, names []string, values map[string][]string, write func()) {
	t.Helper()
	var wg sync.WaitGroup
	var done atomic.Bool
	var reads atomic.Int64
	for i := range 32 {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		wg.Go(func() {
			for !done.Load() {
				h, name := torrents[random.IntN(len(torrents))], names[random.IntN(len(names))]
				got, err := os.ReadFile(m.torrent(h, name))
				text, whole := strings.CutSuffix(string(got), "\n")
				if all, ok := values[name]; err != nil || ok && !(whole && slices.Contains(all, text)) {
					t.Errorf("%s of %s = %q, %v", name, h, got, err)
					return
				}
				if table, err := os.ReadFile(m.path("list.tsv")); err != nil || strings.Count(string(table), "\n") != 1+len(torrents) {
					t.Errorf("list.tsv: %d lines (%v), want %d", strings.Count(string(table), "\n"), err, 1+len(torrents))
					return
				}
				if links, err := os.ReadDir(m.path("by-name")); err != nil || len(links) != len(torrents) {
					t.Errorf("by-name: %d links (%v), want %d", len(links), err, len(torrents))
					return
				}
				reads.Add(3)
			}
		})
	}
	write()
	done.Store(true)
	wg.Wait()
	t.Logf("%d reads", reads.Load())
}
