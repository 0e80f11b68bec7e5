//go:build long

package fs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// A smallDisk is a file system of 4 MiB, for which the test must be root.
type smallDisk struct{ dir string }

func newSmallDisk(t *testing.T) smallDisk {
	t.Helper()
	return newLimitedDisk(t, "size=4m")
}

// newLimitedDisk is newSmallDisk with other limits.
func newLimitedDisk(t *testing.T, limits string) smallDisk {
	t.Helper()
	d := smallDisk{rtorrenttest.ShortDir(t)}
	if err := unix.Mount("tmpfs", d.dir, "tmpfs", 0, limits); err != nil {
		t.Fatalf("a small file system, for which this must be root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(d.dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return d
}

// fill leaves no room, and returns what makes some again.
func (d smallDisk) fill(t *testing.T) (free func()) {
	t.Helper()
	path := filepath.Join(d.dir, "fill")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDiskUnderTheSession lets rTorrent's session run full. The mount lives
// and tells what rTorrent has; what is written when there is room again is kept
// over a kill.
func TestFullDiskUnderTheSession(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			disk, downloads := newSmallDisk(t), rtorrenttest.ShortDir(t)
			m := mountDaemon(t, version, func(o *rtorrent.DaemonOptions) { o.Dir, o.DownloadDir = disk.dir, downloads })
			p := newPayload(t, "p", piece, map[string]int{"": 50_000})
			p.write(t, downloads)
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			free := disk.fill(t)

			m.put(t, "while full\n", "torrents", string(p.hash), "tags")
			if got := m.read(t, "torrents", string(p.hash), "tags"); got != "while full\n" {
				t.Errorf("tags = %q", got)
			}
			q := newPayload(t, "q", piece, map[string]int{"": 50_000})
			q.write(t, downloads)
			err := writeFile(m.path("add", "q.torrent"), q.torrent)
			_, there := m.client.Torrent(t.Context(), q.hash)
			t.Logf("a drop while it is full: %v; rTorrent says: %v", err, there)
			if (err == nil) != (there == nil) {
				t.Errorf("a drop while it is full: %v; rTorrent says: %v", err, there)
			}
			for _, file := range []string{"list.tsv", "health", "log"} {
				m.read(t, file)
			}

			free()
			m.put(t, "with room\n", "torrents", string(p.hash), "tags")
			m.client.AwaitSaved(t.Context(), p.hash)
			if err := m.daemon.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := m.daemon.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			rtorrenttest.Eventually(t, 30*time.Second, "what was written with room is there after a kill", func() bool {
				got, err := os.ReadFile(m.torrent(p.hash, "tags"))
				return err == nil && string(got) == "with room\n"
			})
		})
	}
}

// TestFullDiskUnderOurState lets rtfs's own directory run full. What needs a
// record there is refused with ENOSPC, and has not happened; all else works.
func TestFullDiskUnderOurState(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			disk, d := newSmallDisk(t), rtorrenttest.Start(t, version)
			m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{}, Options{StateDir: filepath.Join(disk.dir, "state"), ConfigDir: filepath.Join(disk.dir, "config")})
			p := newPayload(t, "p", piece, map[string]int{"a": 50_000})
			p.write(t, d.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			free := disk.fill(t)
			h, to := string(p.hash), filepath.Join(d.Downloads(), "to")
			if err := os.Mkdir(to, 0o755); err != nil {
				t.Fatal(err)
			}
			wantFull := func(what string, err error) {
				t.Helper()
				if !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("%s: %v, want %v", what, err, syscall.ENOSPC)
				}
			}
			wantFull("erase", os.Rename(m.torrent(p.hash), m.path("erase", h)))
			plan := m.read(t, "torrents", h, "delete_data")
			wantFull("delete_data", writeFile(m.torrent(p.hash, "delete_data"), lastLine([]byte(plan))))
			m.put(t, to+"\n", "torrents", h, "move") // 0 is that it was accepted
			rtorrenttest.Eventually(t, 10*time.Second, "the move has failed", func() bool {
				said := m.read(t, "torrents", h, "move")
				return strings.HasPrefix(said, "failed: ") && strings.Contains(said, "no space left")
			})
			wantFull("defaults", writeFile(m.path("add", "defaults"), []byte("tags: x\n")))
			if got := m.read(t, "torrents", h, "state"); got != "seeding\n" {
				t.Errorf("state = %q, want seeding", got)
			}
			if got, err := os.ReadFile(filepath.Join(d.Downloads(), "p", "a")); err != nil || string(got) != string(p.files[0].data) {
				t.Errorf("the data: %d bytes, %v", len(got), err)
			}
			m.put(t, "while full\n", "torrents", h, "tags")
			q := newPayload(t, "q", piece, map[string]int{"": 50_000})
			if err := writeFile(m.path("add-stopped", "q.torrent"), q.torrent); err != nil {
				t.Errorf("a drop: %v", err)
			}

			free()
			if err := os.Rename(m.torrent(p.hash), m.path("erase", h)); err != nil {
				t.Errorf("erase with room: %v", err)
			}
		})
	}
}
