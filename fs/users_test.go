package fs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtfs/cache"
	"rtfs/rtorrent/rtorrenttest"
)

// The users of these tests: who a mount belongs to, and somebody else.
const (
	ownerUID = 4242
	otherUID = 4343
)

// as does something as a user, in a thread that ends with it. Only root can.
func as(t *testing.T, uid int, do func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: nobody else may get a thread like this
		for _, call := range [][]uintptr{
			{unix.SYS_SETGROUPS, 0, 0, 0},
			{unix.SYS_SETRESGID, uintptr(uid), uintptr(uid), uintptr(uid)},
			{unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)},
		} {
			if _, _, errno := syscall.RawSyscall(call[0], call[1], call[2], call[3]); errno != 0 {
				done <- errno
				return
			}
		}
		do()
		done <- nil
	}()
	if err := <-done; err != nil {
		t.Fatalf("becoming user %d: %v", uid, err)
	}
}

// asEach does something as the owner of a mount and as somebody else. Without
// root the mount must belong to another one, and we are somebody else.
func asEach(t *testing.T, do func(owner bool)) {
	t.Helper()
	if os.Geteuid() != 0 {
		do(false)
		return
	}
	as(t, ownerUID, func() { do(true) })
	as(t, otherUID, func() { do(false) })
}

// mountOthers mounts an rTorrent so that other users are let in.
func mountOthers(t *testing.T, m *mounted) *mounted {
	t.Helper()
	return mountKernel(t, rtorrenttest.Dial(t, m.daemon.Endpoint()), cache.Options{Slow: 50 * time.Millisecond}, Options{UID: ownerUID, GID: ownerUID},
		MountOptions{AllowOther: os.Geteuid() == 0})
}

// TestOtherUsers walks the table as the owner of a mount and as somebody else:
// each may do just what the modes say.
func TestOtherUsers(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			w := prepareRows(t, mountDaemon(t, version))
			others := mountOthers(t, w.mounted)
			looked := 0
			for _, l := range w.rows() {
				path := others.path(w.names.Replace(l.Path))
				if _, err := os.Lstat(path); err != nil || l.Mode[0] == 'l' {
					continue // what has a name of its own is looked at by other tests
				}
				looked++
				asEach(t, func(owner bool) {
					bits := l.Mode[7:10]
					if owner {
						bits = l.Mode[1:4]
					}
					for i, flag := range []int{os.O_RDONLY, os.O_WRONLY} {
						if l.Mode[0] == 'd' && flag == os.O_WRONLY {
							continue
						}
						file, err := os.OpenFile(path, flag, 0)
						if may := bits[i] != '-'; may != (err == nil) || err != nil && !errors.Is(err, syscall.EACCES) {
							t.Errorf("%s, %s, owner %t: open with flag %d: %v", l.Mode, l.Path, owner, flag, err)
						}
						if err == nil {
							file.Close()
						}
					}
					if l.Mode[0] == 'd' && !owner && l.Path != "where/" && l.Path != "list/" { // there a name is a query
						if err := os.Mkdir(filepath.Join(path, "x"), 0o755); !errors.Is(err, syscall.EACCES) {
							t.Errorf("mkdir in %s as somebody else: %v", l.Path, err)
						}
						if err := os.Rename(others.path("by-name", "p"), filepath.Join(path, "x")); !errors.Is(err, syscall.EACCES) {
							t.Errorf("rename to %s as somebody else: %v", l.Path, err)
						}
					}
				})
			}
			if looked < 80 {
				t.Errorf("only %d rows were looked at", looked)
			}
		})
	}
}

// TestPasskeysAreTheOwners has a passkey in a tracker's URL, in what a tracker
// says, and in what was written. Whatever somebody else can read does not have
// it.
func TestPasskeysAreTheOwners(t *testing.T) {
	const passkey = "5ecre7pa55key"
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			tracker := rtorrenttest.NewTracker(t)
			tracker.Fail("see http://127.0.0.1:9/" + passkey + "/why")
			p := newTracked(t, "p", piece, 50_000, tracker.URL+"?passkey="+passkey)
			p.write(t, m.daemon.Downloads())
			others := mountOthers(t, m)
			others.add(t, "add", p)
			others.awaitState(t, p.hash, stateSeeding)
			rtorrenttest.Eventually(t, 30*time.Second, "the tracker has answered", func() bool {
				return strings.Contains(others.read(t, "torrents", string(p.hash), "message"), passkey)
			})
			others.put(t, "http://127.0.0.1:9/"+passkey+"\n", "torrents", string(p.hash), "trackers", "new")
			for _, path := range []string{others.torrent(p.hash, "trackers", "new"), others.path("add", "url")} {
				if err := writeFile(path, []byte("magnet:?xt=urn:btih:none&tr=http://127.0.0.1:9/"+passkey+"\n")); !errors.Is(err, syscall.EINVAL) {
					t.Errorf("%s: %v, want %v", path, err, syscall.EINVAL)
				}
			}
			seen := map[bool]int{}
			asEach(t, func(owner bool) {
				err := filepath.WalkDir(others.dir, func(path string, e fs.DirEntry, err error) error {
					if err != nil || !e.Type().IsRegular() || strings.Contains(path, "/files/") {
						return nil
					}
					content, err := os.ReadFile(path)
					if err == nil && strings.Contains(string(content), passkey) {
						seen[owner]++
						if !owner {
							t.Errorf("somebody else reads a passkey in %s", path)
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
			if os.Geteuid() == 0 && seen[true] < 4 {
				t.Errorf("its owner finds the passkey in %d files, want the URL, the message, the magnet link and the .torrent", seen[true])
			}
		})
	}
}

// TestReadOnly writes to each row of the table and does to each directory what
// can be done to one, on a mount that is read-only.
func TestReadOnly(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			w := prepareRows(t, mountDaemon(t, version))
			m := mountClient(t, rtorrenttest.Dial(t, w.daemon.Endpoint()), cache.Options{}, Options{ReadOnly: true})
			before := w.read(t, "list.tsv")
			want := func(what, path string, err error) {
				t.Helper()
				if !errors.Is(err, syscall.EROFS) {
					t.Errorf("%s %s: %v, want %v", what, path, err, syscall.EROFS)
				}
			}
			looked := 0
			for _, l := range w.rows() {
				path := m.path(w.names.Replace(l.Path))
				info, err := os.Lstat(path)
				if err != nil {
					continue
				}
				looked++
				if info.Mode().Perm()&0o222 != 0 && l.Mode[0] != 'l' {
					t.Errorf("%s has mode %s", l.Path, info.Mode())
				}
				if l.Mode[0] == '-' {
					file, err := os.OpenFile(path, os.O_WRONLY, 0)
					want("open", l.Path, err)
					if err == nil {
						file.Close()
					}
					want("truncate", l.Path, os.Truncate(path, 0))
				}
				if l.Mode[0] == 'd' && l.Path != "where/" && l.Path != "list/" { // there a name is a query
					inside := filepath.Join(path, "x")
					want("mkdir in", l.Path, os.Mkdir(inside, 0o755))
					want("symlink in", l.Path, os.Symlink(string(w.hash), inside))
					want("create in", l.Path, os.WriteFile(inside, nil, 0o600))
					want("rename to", l.Path, os.Rename(m.path("by-name", "p"), inside))
				}
				want("remove", l.Path, syscall.Unlink(path))
				want("rmdir", l.Path, syscall.Rmdir(path))
				want("rename", l.Path, os.Rename(path, path+"x"))
				if l.Mode[0] != 'l' {
					want("chmod", l.Path, os.Chmod(path, 0o600))
				}
			}
			if looked < 80 {
				t.Errorf("only %d rows were looked at", looked)
			}
			lines := func(text string) []string { return strings.Split(text, "\n") }
			if after := w.read(t, "list.tsv"); len(lines(after)) != len(lines(before)) || !slices.Contains(lines(after), lines(before)[1]) && !slices.Contains(lines(after), lines(before)[2]) {
				t.Errorf("something changed:\n got %s\nwant %s", after, before)
			}
		})
	}
}

// TestRootActsForRTorrentAlone has data that is not rTorrent's user's, as root
// would meet: it is neither shown nor deleted nor moved.
func TestRootActsForRTorrentAlone(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			d := rtorrenttest.Start(t, version)
			m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{}, Options{DataUID: int64(os.Getuid()) + ownerUID})
			p := newPayload(t, "p", piece, map[string]int{"a": 50_000, "b": 100})
			p.write(t, d.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			if got, err := os.ReadFile(m.torrent(p.hash, "files", "a")); !errors.Is(err, syscall.EPERM) {
				t.Errorf("content: %d bytes, %v, want %v", len(got), err, syscall.EPERM)
			}
			plan, err := os.ReadFile(m.torrent(p.hash, "delete_data"))
			if err == nil {
				err = writeFile(m.torrent(p.hash, "delete_data"), lastLine(plan))
			}
			if !errors.Is(err, syscall.EPERM) {
				t.Errorf("delete_data: %v, want %v; its plan:\n%s", err, syscall.EPERM, plan)
			}
			if err := writeFile(m.torrent(p.hash, "move"), []byte(t.TempDir()+"\n")); !errors.Is(err, syscall.EPERM) {
				t.Errorf("move: %v, want %v", err, syscall.EPERM)
			}
			if state := m.read(t, "torrents", string(p.hash), "state"); state != "seeding\n" {
				t.Errorf("state = %q, want seeding", state)
			}
			for _, f := range p.files {
				if got, err := os.ReadFile(filepath.Join(d.Downloads(), "p", f.path[0])); err != nil || string(got) != string(f.data) {
					t.Errorf("%s: %d bytes, %v", f.path, len(got), err)
				}
			}
		})
	}
}
