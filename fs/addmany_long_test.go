//go:build long

package fs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestManyAtOnce drops 500 torrents at once, from 20 programs into five tags:
// all are loaded, none twice, with their tags, within a minute, and other
// files can be read meanwhile.
func TestManyAtOnce(t *testing.T) {
	const torrents, programs, tags = 500, 20, 5
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			dir := t.TempDir()
			want := map[rtorrent.Hash]string{}
			for i := range torrents {
				p := newPayload(t, fmt.Sprintf("many %d", i), piece, map[string]int{"": 1000})
				tag := fmt.Sprintf("tag %d", i%tags)
				want[p.hash] = tag
				at := filepath.Join(dir, fmt.Sprint(i%programs), tag)
				if err := os.MkdirAll(at, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(at, fmt.Sprintf("%d.torrent", i)), p.torrent, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			m.setenv("DIR", dir)
			if out, status := m.sh(t, `mkdir "add/tag 0" "add/tag 1" "add/tag 2" "add/tag 3" "add/tag 4"`); status != 0 {
				t.Fatal(out)
			}
			stop, slowest := make(chan struct{}), time.Duration(0)
			var reader sync.WaitGroup
			reader.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(20 * time.Millisecond):
					}
					begun := time.Now()
					for _, name := range []string{"list.tsv", "health", "rtorrent/down_rate", "add/log"} {
						if _, err := os.ReadFile(m.path(name)); err != nil {
							t.Errorf("%s: %v", name, err)
						}
						slowest = max(slowest, time.Since(begun))
						begun = time.Now()
					}
				}
			})
			begun := time.Now()
			var droppers sync.WaitGroup
			for i := range programs {
				droppers.Go(func() {
					if out, status := m.sh(t, fmt.Sprintf(`cp -r "$DIR/%d/"* add/`, i)); status != 0 || out != "" {
						t.Errorf("cp -r: exit status %d, %s", status, out)
					}
				})
			}
			droppers.Wait()
			took := time.Since(begun)
			close(stop)
			reader.Wait()
			entries, err := os.ReadDir(m.path("torrents"))
			if err != nil || len(entries) != torrents {
				t.Errorf("%d torrents, %v, want %d", len(entries), err, torrents)
			}
			for h, tag := range want {
				if got := m.read(t, "torrents", string(h), "tags"); got != tag+"\n" {
					t.Errorf("%s: tags = %q, want %q", h, got, tag)
				}
			}
			if n := strings.Count(m.read(t, "add", "log"), "\tOK\t"); n != torrents {
				t.Errorf("%d were loaded by the log, want %d", n, torrents)
			}
			t.Logf("rTorrent %s: %d drops in %.1f s, the slowest read of another file %.2f s", version, torrents, took.Seconds(), slowest.Seconds())
			if took > time.Minute || slowest > time.Second {
				t.Errorf("%d drops took %s, the slowest read %s; want a minute and a second at most", torrents, took, slowest)
			}
		})
	}
}
