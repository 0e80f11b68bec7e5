package fs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

// TestRefusedDirectoryChangesNothing writes directories in which the data
// cannot be, and wants each torrent where and as it was.
func TestRefusedDirectoryChangesNothing(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountQuick(t, rtorrenttest.Start(t, version))
			dl := m.daemon.Downloads()
			one, many := newPayload(t, "one", piece, map[string]int{"": 3 * piece}), newPayload(t, "many", piece, map[string]int{"a": 3 * piece, "d/b": 1000})
			empty := filepath.Join(dl, "empty")
			if err := os.Mkdir(empty, 0o755); err != nil {
				t.Fatal(err)
			}
			for _, p := range []*payload{one, many} {
				p.write(t, dl)
				// rTorrent knows a file by its time in seconds: not that of those it makes.
				m.wantShell(t, "find "+dl+" -type f -exec touch -d '1 hour ago' {} +", 0)
				m.add(t, "add", p)
				m.awaitState(t, p.hash, stateSeeding)
				was := m.read(t, "torrents", string(p.hash), "directory")
				for _, tc := range []struct {
					state, dir string
					want       error
					say        string
				}{
					{stateSeeding, dl + "/none", syscall.EINVAL, "no such file"},
					{stateSeeding, dl + "/none/deep", syscall.EINVAL, "no such file"},
					{stateSeeding, dl + "/one", syscall.EINVAL, "not a directory"},
					{stateSeeding, empty, syscall.EIO, "it is back in " + dl},
					{stateStopped, dl + "/none/deep", syscall.EINVAL, "only the last folder"},
				} {
					if tc.state == stateStopped {
						m.put(t, "stop\n", "torrents", string(p.hash), "state")
					}
					if err := writeFile(m.torrent(p.hash, "directory"), []byte(tc.dir+"\n")); !errors.Is(err, tc.want) {
						t.Errorf("%s, to %s: %v, want %v", p.name, tc.dir, err, tc.want)
					}
					if log := m.read(t, "log"); !strings.Contains(log[strings.LastIndexByte(log[:len(log)-1], '\n')+1:], tc.say) {
						t.Errorf("%s, to %s: the last line of the log does not say %q:\n%s", p.name, tc.dir, tc.say, log)
					}
					if now := m.read(t, "torrents", string(p.hash), "directory"); now != was {
						t.Errorf("%s, to %s: directory is %q, was %q", p.name, tc.dir, now, was)
					}
					m.awaitState(t, p.hash, tc.state)
				}
				// What is to be there later can be set on what is stopped.
				m.put(t, dl+"/none\n", "torrents", string(p.hash), "directory")
			}
		})
	}
}

// TestPathsThatCannotBe writes paths at which the file system lets nothing be
// into each file that takes a directory, of a torrent that runs and of one that
// is stopped.
func TestPathsThatCannotBe(t *testing.T) {
	m := mountQuick(t, rtorrenttest.Start(t, "0.16"))
	dl := m.daemon.Downloads()
	p := newPayload(t, "here", piece, map[string]int{"": 3 * piece})
	p.write(t, dl)
	m.add(t, "add", p)
	m.awaitState(t, p.hash, stateSeeding)
	if err := os.Symlink("loop", filepath.Join(dl, "loop")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(m.path("add", "tag"), 0o755); err != nil {
		t.Fatal(err)
	}
	was := m.read(t, "torrents", string(p.hash), "directory")
	for _, state := range []string{stateSeeding, stateStopped} {
		if state == stateStopped {
			m.put(t, "stop\n", "torrents", string(p.hash), "state")
			m.awaitState(t, p.hash, state)
		}
		for dir, say := range map[string]string{
			filepath.Join(dl, strings.Repeat("n", 256)):          "at most 255 bytes",
			filepath.Join(dl, strings.Repeat("n", 256), "below"): "at most 255 bytes",
			filepath.Join(dl, strings.Repeat("deep/", 900)):      "paths of 4095",
			filepath.Join(dl, "loop"):                            "symbolic links",
			filepath.Join(dl, "here", "below"):                   "not a directory",
		} {
			for file, value := range map[string]string{
				"torrents/" + string(p.hash) + "/directory": dir, "torrents/" + string(p.hash) + "/move": dir,
				"add/defaults": "directory: " + dir, "add/tag/defaults": "directory: " + dir,
			} {
				if err := writeFile(m.path(file), []byte(value+"\n")); !errors.Is(err, syscall.EINVAL) {
					t.Errorf("%s, %s: %.300q: %v, want EINVAL", state, file, dir, err)
				}
				if log := strings.TrimSpace(m.read(t, "log")); !strings.Contains(log[strings.LastIndexByte(log, '\n')+1:], say) {
					t.Errorf("%s, %s: the last line of the log does not say %q:\n%s", state, file, say, log)
				}
			}
		}
		if now := m.read(t, "torrents", string(p.hash), "directory"); now != was {
			t.Errorf("%s: directory is %q, was %q", state, now, was)
		}
		m.awaitState(t, p.hash, state)
	}
}
