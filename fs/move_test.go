package fs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

// otherFileSystem returns a directory on another file system than that of the
// tests' other directories.
func otherFileSystem(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "rtfs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestMove moves a torrent's data inside its file system, to another one and
// back, while it seeds, is paused and is stopped.
func TestMove(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountKeeping(t, version, Options{})
			dl := m.daemon.Downloads()
			p := newPayload(t, "p", piece, map[string]int{"a": 3 * piece, "sub/b": 70_000, "sub/empty": 0})
			one := newPayload(t, "one", piece, map[string]int{"": 70_000})
			for _, each := range []*payload{p, one} {
				each.write(t, dl)
				m.add(t, "add", each)
				m.awaitState(t, each.hash, stateSeeding)
			}
			near, far := filepath.Join(dl, "near by"), otherFileSystem(t)
			if err := os.Mkdir(near, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dl, "p", "sub", "foreign"), []byte("foreign"), 0o644); err != nil {
				t.Fatal(err)
			}
			m.setenv("P", "torrents/"+string(p.hash))
			m.setenv("ONE", "torrents/"+string(one.hash))
			m.wantShell(t, "cat $P/move", 0, "idle\n")
			m.wantShell(t, "echo relative > $P/move", 1, "Invalid argument")
			m.wantShell(t, "echo /nowhere/at/all > $P/move", 1, "Invalid argument")
			m.wantShell(t, "echo "+dl+"/p/sub > $P/move", 1, "Invalid argument")
			m.wantShell(t, "echo "+dl+" > $P/move && cat $P/move", 0, "idle\n")

			for _, at := range []string{near, far} {
				for _, each := range []*payload{p, one} {
					m.wantShell(t, "echo '"+at+"' > torrents/"+string(each.hash)+"/move", 0)
					m.awaitMove(t, each, "done\n")
				}
				m.awaitState(t, p.hash, stateSeeding)
				m.awaitState(t, one.hash, stateSeeding)
				m.wantShell(t, "cat $P/directory $ONE/directory", 0, at+"/p\n"+at+"\n")
				m.wantWhole(t, p, at)
				m.wantWhole(t, one, at)
			}
			m.wantShell(t, "cd "+dl+" && find . -type f | sort | tr '\\n' ' '", 0, "./p/sub/foreign ")
			m.wantShell(t, "ls -A '"+near+"' | wc -l", 0, "0\n")
			m.wantShell(t, "grep -c moved events", 0, "4\n")

			m.wantShell(t, "echo pause > $P/state; echo stop > $ONE/state", 0)
			for _, each := range []*payload{p, one} {
				m.wantShell(t, "echo '"+dl+"' > torrents/"+string(each.hash)+"/move", 0)
				m.awaitMove(t, each, "done\n")
			}
			m.wantShell(t, "cat $P/state $ONE/state", 0, "paused\nstopped\n")
			m.wantWhole(t, p, dl)
			m.wantShell(t, "cat $P/delete_data", 0, "goes: "+dl+"/p/a")
		})
	}
}

// wantWhole fails unless a torrent's files are there, and complete for
// rTorrent.
func (m *mounted) wantWhole(t *testing.T, p *payload, at string) {
	t.Helper()
	for _, f := range p.files {
		path := filepath.Join(append([]string{at, p.name}, f.path...)...)
		if got, err := os.ReadFile(path); err != nil || string(got) != string(f.data) {
			t.Errorf("%s: %d bytes, %v, want %d", path, len(got), err, len(f.data))
		}
	}
	if got := m.read(t, "torrents", string(p.hash), "progress"); got != "100.00\n" {
		t.Errorf("progress %s, want 100.00", got)
	}
}

// TestMoveIsRefused names what stands against a move, and touches nothing.
func TestMoveIsRefused(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountKeeping(t, version, Options{})
			dl := m.daemon.Downloads()
			p := newPayload(t, "p", piece, map[string]int{"a": 3 * piece, "b": 100})
			p.write(t, dl)
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			far := otherFileSystem(t)
			m.setenv("P", "torrents/"+string(p.hash))
			m.setenv("FAR", far)
			before := m.everything(t)
			m.wantShell(t, "mkdir -p $FAR/p; touch $FAR/p/b; echo $FAR > $P/move", 1, "exists")
			m.wantShell(t, "rm -r $FAR/p; ln -s / $FAR/p; echo $FAR > $P/move", 1, "exists")
			m.wantShell(t, "rm $FAR/p; ln "+dl+"/p/a "+dl+"/hard; echo $FAR > $P/move", 1, "not permitted")
			m.wantShell(t, "rm "+dl+"/hard; mv "+dl+"/p/b "+dl+"/b; ln -s ../b "+dl+"/p/b; echo $FAR > $P/move", 1, "not permitted")
			m.wantShell(t, "rm "+dl+"/p/b; mv "+dl+"/b "+dl+"/p/b; cat $P/move", 0, "idle\n")
			if after := m.everything(t); !strings.HasPrefix(after, before) && after != before {
				t.Errorf("something has changed:\n got %s\nwant %s", after, before)
			}
			m.wantShell(t, "ls -A $FAR | wc -l", 0, "0\n")
		})
	}
}
