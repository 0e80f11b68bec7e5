package fs

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent/rtorrenttest"
)

// mountKeeping mounts a new private rTorrent with a state directory.
func mountKeeping(t *testing.T, version string, o Options) *mounted {
	t.Helper()
	d := rtorrenttest.Start(t, version)
	o.StateDir = t.TempDir()
	m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{}, o)
	m.daemon = d
	return m
}

// wantShell runs a script and fails unless it ends with that status and prints
// each of the texts.
func (m *mounted) wantShell(t *testing.T, script string, status int, texts ...string) {
	t.Helper()
	out, got := m.sh(t, script)
	if got != status {
		t.Fatalf("%s: exit status %d, want %d: %s\nlog:\n%s", script, got, status, out, m.read(t, "log"))
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			t.Errorf("%s: no %q in\n%s", script, text, out)
		}
	}
}

// TestDeleteData deletes the data of a torrent that shares a file with another
// one by a hard link, and has foreign files and a link in its folder.
func TestDeleteData(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountKeeping(t, version, Options{})
			dl := m.daemon.Downloads()
			p := newPayload(t, "p", piece, map[string]int{"a": 3 * piece, "linked": 1000, "sub/b": 70_000, "sub/kept": 500})
			q := newPayload(t, "q", piece, map[string]int{"": 2 * piece})
			p.write(t, dl)
			q.write(t, dl)
			in := func(name string) string { return filepath.Join(dl, "p", name) }
			for _, err := range []error{
				os.WriteFile(in("foreign"), []byte("foreign"), 0o644),
				os.Link(in("sub/kept"), filepath.Join(dl, "elsewhere")),
				os.Rename(in("linked"), filepath.Join(dl, "away")),
				os.Symlink(filepath.Join(dl, "away"), in("linked")),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, one := range []*payload{p, q} {
				m.add(t, "add", one)
				m.awaitState(t, one.hash, stateSeeding)
			}
			m.setenv("H", string(p.hash))
			m.setenv("D", "torrents/"+string(p.hash)+"/delete_data")
			m.wantShell(t, "echo $H 0123456789abcdef > $D", 1, "not permitted")
			m.wantShell(t, "ls -l torrents/$H > /dev/null; echo $H 0123456789abcdef > $D", 1, "not permitted")
			// What reads everything has read the plan, and meant nothing by it.
			m.wantShell(t, "grep -rq nothing torrents/$H/delete_data torrents/$H/d*; cat $D > /dev/null; echo $H > $D", 1, "not permitted")
			m.wantShell(t, "tail -n1 log; grep -c 'write its last line' health", 0, "\tEPERM\t", "info-hash alone deletes nothing", "1\n")
			m.wantShell(t, "cat $D > ../plan; cat ../plan > $D", 1, "Invalid argument")
			m.wantShell(t, "echo $H 0123456789abcdef > $D", 1, "busy")
			m.wantShell(t, "cat $D", 0, "frees: 168304 bytes\n", "goes: "+in("a")+" (98304 bytes)\n",
				"goes: "+in("sub/kept")+" (500 bytes): kept elsewhere by 1 other hard links, frees 0\n",
				"stays: "+in("linked")+": a symbolic link\n", "stays: "+in("foreign")+": not of this torrent\n")
			m.wantShell(t, "echo "+string(q.hash)+" > $D", 1, "Invalid argument")
			m.wantShell(t, "touch -d '1 hour' "+in("a")+"; cat $D", 0, "stays: "+in("a")+": written by another program")
			m.wantShell(t, "touch -d '1 hour ago' "+in("a")+"; cat $D", 0, "goes: "+in("a"))
			// The plan becomes another one.
			m.wantShell(t, "order=$(tail -n1 $D); cp -p "+in("a")+" "+in("a2")+" && mv "+in("a2")+" "+in("a")+"; echo $order > $D; echo $order > $D", 1, "busy", "not permitted")
			m.wantShell(t, "cat torrents/$H/state", 0, "seeding")

			m.wantShell(t, "tail -n1 $D > $D", 0)
			m.wantShell(t, "tail -n1 log", 0, "\tp: frees: 168304 bytes\t"+string(p.hash)+" ", "\tOK\t")
			m.awaitGone(t, p)
			m.wantShell(t, "cd "+dl+" && find . | sort | tr '\\n' ' '", 0, ". ./away ./elsewhere ./p ./p/foreign ./p/linked ./q ")
			m.wantShell(t, "cmp torrents/"+string(q.hash)+"/files/q "+dl+"/q", 0)
		})
	}
}

// TestDeleteDataKeeps ends before the unlink, and has the next mount tell it.
func TestDeleteDataKeeps(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountKeeping(t, version, Options{})
			p := newPayload(t, "it's one", piece, map[string]int{"": 70_000})
			p.write(t, m.daemon.Downloads())
			m.add(t, "add-stopped", p)
			// Stopped and never opened, nothing of it is verified.
			m.setenv("D", "torrents/"+string(p.hash)+"/delete_data")
			m.wantShell(t, "cat $D", 0, "frees: 0 bytes", "no verified piece")
			m.wantShell(t, "echo start > ${D%/*}/state", 0)
			m.awaitState(t, p.hash, stateSeeding)
			m.wantShell(t, "echo stop > ${D%/*}/state; cat $D; echo keep $(tail -n1 $D) > $D", 0, "frees: 70000 bytes")
			dl := m.daemon.Downloads()
			m.awaitGone(t, p)
			m.wantShell(t, "ls -A "+dl+" "+dl+"/.rtfs*", 0, ".rtfs-delete-"+string(p.hash), "it's one")
			m.wantShell(t, `eval "$(sed -n 's/.*undo: \(sh .*\); finish.*/\1/p' health)" && cmp "`+dl+`/it's one" "`+dl+`/it's one"`, 0, "add it again")
			m.wantShell(t, "grep interrupted health", 1)
		})
	}
}

// TestNothingIsTouchedElsewhere has an rTorrent that sees other files than are
// here under the same paths, and one on a host of another name.
func TestNothingIsTouchedElsewhere(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountKeeping(t, version, Options{})
			p := newPayload(t, "p", piece, map[string]int{"a": 3 * piece})
			p.write(t, m.daemon.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			twin := t.TempDir()
			p.write(t, twin)
			mapped := mountClient(t, m.client, cache.Options{}, Options{
				StateDir: t.TempDir(), Maps: []PathMap{{Remote: m.daemon.Downloads(), Local: twin}}})
			mapped.setenv("H", string(p.hash))
			mapped.wantShell(t, "cat torrents/$H/delete_data", 0, "goes: "+twin)
			mapped.wantShell(t, "tail -n1 torrents/$H/delete_data > torrents/$H/delete_data", 1, "not supported")
			mapped.wantShell(t, "cat torrents/$H/files/a | cmp - "+twin+"/p/a; ls -A "+twin+"/p "+twin, 0)
			mapped.awaitState(t, p.hash, stateSeeding)
			m.wantShell(t, "mkdir "+twin+"/to; cmp "+twin+"/p/a "+m.daemon.Downloads()+"/p/a", 0)
			mapped.wantShell(t, "echo "+filepath.Join(m.daemon.Downloads(), "to")+" > torrents/$H/move", 0)
			mapped.awaitMove(t, p, "failed: ")
			mapped.wantShell(t, "cmp "+twin+"/p/a "+m.daemon.Downloads()+"/p/a; ls -A "+twin+"/to", 0)
			mapped.awaitState(t, p.hash, stateSeeding)
		})
	}
}

// awaitGone waits until the kernel has forgotten a torrent.
func (m *mounted) awaitGone(t *testing.T, p *payload) {
	t.Helper()
	rtorrenttest.Eventually(t, 30*time.Second, string(p.hash)+" is gone", func() bool {
		_, err := os.Lstat(m.torrent(p.hash))
		return os.IsNotExist(err)
	})
}

// awaitMove waits until the move of a torrent reads as something that begins
// with want.
func (m *mounted) awaitMove(t *testing.T, p *payload, want string) {
	t.Helper()
	var now string
	for deadline := time.Now().Add(time.Minute); ; <-time.After(20 * time.Millisecond) {
		now = m.read(t, "torrents", string(p.hash), "move")
		if strings.HasPrefix(now, want) {
			return
		}
		if !strings.HasPrefix(now, "copying") || time.Now().After(deadline) {
			t.Fatalf("move reads %q, want %q", now, want)
		}
	}
}

// TestDeleteDataAsksTheOtherServers has the same file in two rTorrents of one
// mount.
func TestDeleteDataAsksTheOtherServers(t *testing.T) {
	versions := rtorrenttest.Versions()
	one, two := rtorrenttest.Start(t, versions[0]), rtorrenttest.Start(t, versions[1])
	m := mountServers(t, time.Second, []string{"one", "two"}, rtorrenttest.Dial(t, one.Endpoint()), rtorrenttest.Dial(t, two.Endpoint()))
	p := newPayload(t, "p", piece, map[string]int{"": 10_000})
	p.write(t, one.Downloads())
	if err := os.Symlink(filepath.Join(one.Downloads(), "p"), filepath.Join(two.Downloads(), "p")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two"} {
		at := &mounted{dir: m.path(name)}
		at.add(t, "add", p)
		at.awaitState(t, p.hash, stateSeeding)
	}
	out, status := m.sh(t, "cat */torrents/"+string(p.hash)+"/delete_data")
	for _, want := range []string{"frees: 0 bytes", "shared with two/" + string(p.hash) + " by device and inode", "/p: a symbolic link\n"} {
		if status != 0 || !strings.Contains(out, want) {
			t.Errorf("exit status %d, no %q in:\n%s", status, want, out)
		}
	}
}

// lastLine returns the last line of a plan, which carries it out.
func lastLine(plan []byte) []byte {
	return plan[bytes.LastIndexByte(bytes.TrimSuffix(plan, []byte("\n")), '\n')+1:]
}
