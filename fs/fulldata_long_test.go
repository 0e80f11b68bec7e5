//go:build long

package fs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"rtfs/cache"
	"rtfs/rtorrent/rtorrenttest"
)

// fillInodes takes what inodes are left in a file system, and returns the files.
func fillInodes(t *testing.T, dir string) (fillers []string) {
	t.Helper()
	for i := 0; ; i++ {
		name := filepath.Join(dir, fmt.Sprint("filler", i))
		err := os.WriteFile(name, nil, 0o644)
		if errors.Is(err, unix.ENOSPC) {
			return fillers
		}
		if err != nil || i > 1000 {
			t.Fatal(i, err)
		}
		fillers = append(fillers, name)
	}
}

// TestFullDiskUnderTheData deletes and moves where the disk is full: what that takes is
// refused or undone, and is done when there is room.
func TestFullDiskUnderTheData(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			daemon := rtorrenttest.Start(t, version)
			state := newLimitedDisk(t, "size=1m,nr_inodes=20").dir
			m := mountClient(t, rtorrenttest.Dial(t, daemon.Endpoint()), cache.Options{}, Options{StateDir: state})
			m.daemon = daemon
			dl, near := newLimitedDisk(t, "size=4m,nr_inodes=30").dir, newLimitedDisk(t, "size=64m,nr_inodes=5").dir
			p := newPayload(t, "p", piece, map[string]int{"a": 3 * piece, "sub/b": 70_000, "sub/c": 5000})
			p.write(t, dl)
			if err := os.WriteFile(m.path("add", "defaults"), []byte("directory: "+dl+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			m.setenv("H", string(p.hash))
			m.setenv("P", "torrents/"+string(p.hash))
			same := func() {
				t.Helper()
				m.awaitState(t, p.hash, stateSeeding)
				m.wantWhole(t, p, dl)
			}

			// The disk has the bytes, and not the inodes: that shows midway.
			m.setenv("NEAR", near)
			m.wantShell(t, "echo $NEAR > $P/move", 0)
			m.awaitMove(t, p, "failed: ")
			m.wantShell(t, "cat $P/move", 0, "no space left")
			m.wantShell(t, "ls -A $NEAR | wc -l", 0, "0\n")
			same()
			// Not even the bytes: that shows at once.
			m.setenv("TINY", newLimitedDisk(t, "size=64k").dir)
			m.wantShell(t, "echo $TINY > $P/move", 1, "No space left")
			m.wantShell(t, "ls -A $TINY | wc -l", 0, "0\n")
			same()
			// No directory can be made for what is to go.
			fillers := fillInodes(t, dl)
			m.wantShell(t, "cat $P/delete_data", 0, "goes: "+dl+"/p/a")
			m.wantShell(t, "tail -n1 $P/delete_data > $P/delete_data", 1, "No space left")
			same()
			for _, name := range fillers {
				if err := os.Remove(name); err != nil {
					t.Fatal(err)
				}
			}
			// Nothing can be noted for the next mount.
			fillers = fillInodes(t, state)
			m.wantShell(t, "cat $P/delete_data", 0, "goes: "+dl+"/p/a")
			m.wantShell(t, "tail -n1 $P/delete_data > $P/delete_data", 1, "No space left")
			same()
			for _, name := range fillers {
				if err := os.Remove(name); err != nil {
					t.Fatal(err)
				}
			}
			m.wantShell(t, "cat $P/delete_data > /dev/null; tail -n1 $P/delete_data > $P/delete_data", 0)
			m.awaitGone(t, p)
			m.wantShell(t, "ls -A "+dl+" | wc -l", 0, "0\n")
		})
	}
}

// TestForeignOwner has an rtfs of root delete and move nothing that is not of
// rTorrent's user.
func TestForeignOwner(t *testing.T) {
	const user = 12345
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountKeeping(t, version, Options{DataUID: user})
			dl := m.daemon.Downloads()
			p := newPayload(t, "p", piece, map[string]int{"a": 3 * piece, "sub/b": 70_000})
			p.write(t, dl)
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			m.setenv("H", string(p.hash))
			m.setenv("P", "torrents/"+string(p.hash))
			to := filepath.Join(dl, "to")
			m.setenv("TO", to)
			m.setenv("FAR", otherFileSystem(t))
			if out, status := m.sh(t, "mkdir $TO; chown -R 12345 "+dl); status != 0 {
				t.Fatalf("%s: these tests are for root", out)
			}
			for _, foreign := range []string{"p/a", "p/sub/b", "p/sub", "p"} {
				m.setenv("FOREIGN", filepath.Join(dl, foreign))
				m.wantShell(t, "chown 0 $FOREIGN; cat $P/delete_data", 0)
				m.wantShell(t, "tail -n1 $P/delete_data > $P/delete_data", 1, "not permitted")
				m.wantShell(t, "echo $TO > $P/move", 1, "not permitted")
				m.wantShell(t, "echo $FAR > $P/move", 1, "not permitted")
				m.wantShell(t, "ls -A $TO $FAR | grep -c p; chown 12345 $FOREIGN", 0)
				m.awaitState(t, p.hash, stateSeeding)
				m.wantWhole(t, p, dl)
			}
			m.wantShell(t, "cat $P/delete_data > /dev/null; tail -n1 $P/delete_data > $P/delete_data", 0)
			m.awaitGone(t, p)
			m.wantShell(t, "find "+dl+" -type f | wc -l", 0, "0\n")
		})
	}
}
