//go:build long

package fs

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// rawTracked is rawTorrent with more trackers.
func rawTracked(name string, number, trackers int) ([]byte, rtorrent.Hash) {
	content, h := rawTorrent(name, number, "http://127.0.0.1:9/a")
	tiers := ""
	for i := range trackers {
		url := fmt.Sprintf("http://127.0.0.1:%d/announce?passkey=%d", 1+i%9, i)
		tiers += fmt.Sprintf("l%d:%se", len(url), url)
	}
	head, rest, _ := strings.Cut(string(content), "4:info")
	return []byte(head + "13:announce-listl" + tiers + "e4:info" + rest), h
}

// hostileLoad puts everything into an rTorrent that makes clients break, and
// returns how many torrents that are.
func hostileLoad(t *testing.T, d *rtorrent.Daemon, client *rtorrent.Client, tracker *rtorrenttest.Tracker) int {
	t.Helper()
	const equal, files = 2000, 50_000
	names := map[rtorrent.Hash]string{}
	load := func(name string, content []byte, h rtorrent.Hash) {
		t.Helper()
		names[h] = name
		path := filepath.Join(d.Downloads(), fmt.Sprint(len(names), ".torrent"))
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := client.CallWrite(t.Context(), nil, "load.normal", "", path); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range append(hostileNames(), strings.Repeat("5", 5000), strings.Repeat("\U0001F600", 1250)) {
		content, h := rawTorrent(name, i, tracker.URL)
		load(name, content, h)
	}
	for i := range equal {
		content, h := rawTorrent("as many others", 1000+i, "http://127.0.0.1:9/a")
		load(fmt.Sprint("as many others, ", i), content, h)
	}
	content, h := rawTracked("of 300 trackers", 10_000, 300)
	load("of 300 trackers", content, h)
	var many [][]string
	for i := range files {
		many = append(many, []string{fmt.Sprint("folder ", i/500), fmt.Sprintf("file %d\x01", i)})
	}
	deep := strings.Split(strings.Repeat(strings.Repeat("d", 60)+"/", 55)+"end", "/")
	for name, paths := range map[string][][]string{
		"of 50,000 files": many, "deep": {deep, {"a"}}, "of long paths": {{strings.Repeat("p", 5000)}, {strings.Repeat("q", 5000), strings.Repeat("r", 5000)}},
	} {
		content, h := rawFolder(name, paths)
		load(name, content, h)
	}
	var loaded int64
	defer func() {
		if !t.Failed() {
			return
		}
		hashes, err := client.View(t.Context(), "main")
		for _, h := range hashes {
			delete(names, h)
		}
		t.Logf("%d are loaded (%v), and not: %.300q", loaded, err, slices.Collect(maps.Values(names)))
	}()
	rtorrenttest.Eventually(t, 2*time.Minute, "all are loaded", func() bool {
		return client.Call(t.Context(), &loaded, "view.size", "", "main") == nil && loaded == int64(len(names))
	})
	return len(names)
}

// TestHostileAtOnce has all at once in one rTorrent what breaks clients. Programs
// that walk the whole tree end without an error, and an ordinary torrent is read
// and written as usual meanwhile.
func TestHostileAtOnce(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			d := rtorrenttest.Start(t, version)
			client, tracker := rtorrenttest.Dial(t, d.Endpoint()), rtorrenttest.NewTracker(t)
			tracker.Fail("]]>&#x1; caf\xe9 \U0001F600 \xed\xa0\x80\x01")
			n := hostileLoad(t, d, client, tracker)
			m := mountClient(t, client, cache.Options{}, Options{})
			p := newPayload(t, "ordinary", piece, map[string]int{"": 50_000})
			p.write(t, d.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			if out, status := m.sh(t, "for t in by-name/plain by-name/caf*; do echo start > $t/state; done"); status != 0 && !strings.Contains(out, "Input/output") {
				t.Errorf("starting two of them: %s", out)
			}

			over := make(chan struct{})
			var ordinary sync.WaitGroup
			slowest, rounds := time.Duration(0), 0
			ordinary.Go(func() {
				for ; ; rounds++ {
					select {
					case <-over:
						return
					case <-time.After(50 * time.Millisecond):
					}
					begun := time.Now()
					want := fmt.Sprint("tag ", rounds, "\n")
					if err := writeFile(m.torrent(p.hash, "tags"), []byte(want)); err != nil {
						t.Errorf("a tag: %v", err)
					}
					for file, want := range map[string]string{"tags": want, "state": "seeding\n", "size": "50000\n", "name": "ordinary\n"} {
						if got, err := os.ReadFile(m.torrent(p.hash, file)); err != nil || string(got) != want {
							t.Errorf("%s reads %q, %v; want %q", file, got, err, want)
						}
					}
					slowest = max(slowest, time.Since(begun))
				}
			})
			for _, script := range []string{
				"find . -print0 | tr -cd '\\0' | wc -c",
				"ls -lR . | wc -l",
				"grep -rl --exclude-dir=files nothing-has-this . ; test $? = 1 && echo none",
				"wc -l < list.tsv; wc -l < files.tsv",
				"ls by-name | wc -l",
				"du -s torrents/*/files | wc -l",
			} {
				begun := time.Now()
				out, status := m.sh(t, "set -o pipefail; "+script)
				t.Logf("%s: %s in %s", script, strings.Join(strings.Fields(out), " "), time.Since(begun).Round(100*time.Millisecond))
				if status != 0 || strings.Contains(out, ": ") {
					t.Errorf("%s: exit status %d, %.2000s", script, status, out)
				}
			}
			close(over)
			ordinary.Wait()
			if got := strings.Count(m.read(t, "list.tsv"), "\n"); got != 1+n+1 {
				t.Errorf("list.tsv has %d lines, want %d", got, 1+n+1)
			}
			t.Logf("%d torrents; the ordinary one was written and read %d times meanwhile, in %s at most", n+1, rounds, slowest.Round(time.Millisecond))
		})
	}
}

// TestSessionOfThousandsReloads kills rTorrent with 2,000 torrents, and starts
// it again under the same mount. Whoever lists them gets all or an errno.
func TestSessionOfThousandsReloads(t *testing.T) {
	const n = 2000
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			d := rtorrenttest.Start(t, version)
			client := dial(t, d.Endpoint(), rtorrent.Options{Timeout: 10 * time.Second})
			for i := range n {
				content, _ := rawTorrent(fmt.Sprint("torrent ", i), i, "http://127.0.0.1:9/a")
				if err := client.LoadRaw(t.Context(), content); err != nil {
					t.Fatal(err)
				}
			}
			rtorrenttest.Eventually(t, 2*time.Minute, "all are saved", func() bool {
				saved, err := filepath.Glob(filepath.Join(d.Session(), "*.torrent"))
				return err == nil && len(saved) == n
			})
			m := mountClient(t, client, cache.Options{TTL: 50 * time.Millisecond, MaxStale: time.Second}, Options{TTL: 50 * time.Millisecond})
			over := make(chan struct{})
			var readers sync.WaitGroup
			whole, refused := make([]int, 3), make([]int, 3)
			for i, count := range []func() (int, error){
				func() (int, error) {
					b, err := os.ReadFile(m.path("list.tsv"))
					return strings.Count(string(b), "\n") - 1, err
				},
				func() (int, error) { e, err := os.ReadDir(m.path("by-name")); return len(e), err },
				func() (int, error) { e, err := os.ReadDir(m.path("by-state", "stopped")); return len(e), err },
			} {
				readers.Go(func() {
					for {
						select {
						case <-over:
							return
						case <-time.After(10 * time.Millisecond):
						}
						got, err := count()
						switch {
						case err != nil:
							refused[i]++
						case got == n:
							whole[i]++
						default:
							t.Errorf("reader %d is told of %d torrents, want %d or an errno", i, got, n)
							return
						}
					}
				})
			}
			for range 3 {
				if err := d.Kill(); err != nil {
					t.Fatal(err)
				}
				begun := time.Now()
				if err := d.Restart(t.Context()); err != nil {
					t.Fatal(err)
				}
				rtorrenttest.Eventually(t, 2*time.Minute, "all are told again", func() bool {
					b, err := os.ReadFile(m.path("list.tsv"))
					return err == nil && strings.Count(string(b), "\n") == 1+n
				})
				t.Logf("all are told again %s after the start", time.Since(begun).Round(time.Millisecond))
			}
			close(over)
			readers.Wait()
			t.Logf("readings of all: %v; refused: %v", whole, refused)
		})
	}
}
