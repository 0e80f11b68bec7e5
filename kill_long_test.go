//go:build long

package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// A killed is a torrent whose delete or move meets a kill -9 of rtfs.
type killed struct {
	rt    *rtorrent.Daemon
	dir   string // the mount
	state string
	hash  string
	files map[string][]byte // by their path in the torrent
}

// newKilled loads a complete torrent of many files, beside a foreign one.
func newKilled(t *testing.T, version string) *killed {
	t.Helper()
	k := &killed{rt: rtorrenttest.Start(t, version), dir: mountDir(t), state: rtorrenttest.ShortDir(t), files: map[string][]byte{}}
	var files []rtorrent.MakeFile
	for i := range 300 {
		data := make([]byte, 1000+i*40)
		rand.Read(data)
		path := []string{fmt.Sprintf("dir%d", i/50), fmt.Sprintf("file%03d", i)}
		k.files[filepath.Join(path...)] = data
		files = append(files, rtorrent.MakeFile{Path: path, Length: int64(len(data)), Data: bytes.NewReader(data)})
		at := filepath.Join(append([]string{k.rt.Downloads(), "p"}, path...)...)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(k.rt.Downloads(), "p", "foreign"), []byte("foreign"), 0o644); err != nil {
		t.Fatal(err)
	}
	torrent, err := rtorrent.MakeMetainfo("p", files, 32768, "http://127.0.0.1:9/announce")
	if err != nil {
		t.Fatal(err)
	}
	m, err := rtorrent.ParseMetainfo(torrent)
	if err != nil {
		t.Fatal(err)
	}
	k.hash = string(m.Hash)
	name := filepath.Join(k.state, "p.torrent")
	if err := os.WriteFile(name, torrent, 0o644); err != nil {
		t.Fatal(err)
	}
	r := k.mount(t)
	k.shell(t, "cp "+name+" add/; until grep -q seeding torrents/"+k.hash+"/state; do sleep 0.1; done")
	k.unmount(t, r)
	return k
}

func (k *killed) mount(t *testing.T) *running {
	t.Helper()
	cmd := command(t, "mount", k.rt.Endpoint(), k.dir)
	cmd.Env = append(cmd.Env, "XDG_STATE_HOME="+k.state)
	return start(t, cmd, "Ctrl-C unmounts")
}

func (k *killed) unmount(t *testing.T, r *running) {
	t.Helper()
	r.signal(t, syscall.SIGINT)
	if code := r.wait(t); code != exitOK {
		t.Errorf("exit code %d: %s", code, r.output())
	}
}

func (k *killed) shell(t *testing.T, script string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", "cd "+k.dir+" && "+script).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
	return string(out)
}

// killDuring mounts, runs a script there, and kills rtfs a moment after begun.
func (k *killed) killDuring(t *testing.T, script string, begun func() bool, within time.Duration) {
	t.Helper()
	r := k.mount(t)
	cmd := exec.Command("sh", "-c", "cd "+k.dir+" && "+script)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, runBound, "it has begun", begun)
	<-time.After(mathrand.N(within))
	r.signal(t, syscall.SIGKILL)
	r.wait(t)
	_ = cmd.Wait() // it was cut off
}

// boxed reports whether files of the torrent are on their way out.
func (k *killed) boxed() bool {
	boxes, err := filepath.Glob(filepath.Join(k.rt.Downloads(), "p", "*", ".rtfs-delete-*"))
	return err == nil && len(boxes) > 0
}

// present returns how many files are whole below a directory.
func (k *killed) present(root string) int {
	n := 0
	for path, want := range k.files {
		if got, err := os.ReadFile(filepath.Join(root, "p", path)); err == nil && bytes.Equal(got, want) {
			n++
		}
	}
	return n
}

var scripts = regexp.MustCompile(`undo: sh '([^']*)'; finish: sh '([^']*)'`)

// TestKilledDeleteLosesNothing kills rtfs while it deletes. What the next
// mount tells is undone: then either all files are there, or rTorrent had
// erased the torrent already.
func TestKilledDeleteLosesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		interrupted := 0
		for range 12 {
			k := newKilled(t, version)
			k.killDuring(t, "tail -n1 torrents/"+k.hash+"/delete_data > torrents/"+k.hash+"/delete_data", k.boxed, 30*time.Millisecond)
			r := k.mount(t)
			if found := scripts.FindStringSubmatch(k.shell(t, "cat health")); found != nil {
				interrupted++
				t.Logf("%s", k.shell(t, "sh "+found[1]))
			}
			loaded := strings.Contains(k.shell(t, "ls torrents"), k.hash)
			left := k.present(k.rt.Downloads())
			if loaded && left != len(k.files) {
				t.Errorf("%d of %d files are there, and rTorrent has the torrent", left, len(k.files))
			}
			if got := read(t, k.rt.Downloads(), "p", "foreign"); got != "foreign" {
				t.Errorf("the foreign file reads %q", got)
			}
			k.shell(t, "! grep interrupted health")
			k.unmount(t, r)
		}
		if t.Logf("%d of 12 were interrupted in the middle", interrupted); interrupted == 0 {
			t.Error("nothing was interrupted, so nothing is shown")
		}
	})
}

// TestKilledMoveLosesNothing kills rtfs while it moves, inside a file system
// and to another one.
func TestKilledMoveLosesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		interrupted := 0
		for i := range 12 {
			k := newKilled(t, version)
			to := filepath.Join(k.rt.Downloads(), "to")
			if i%2 == 0 {
				var err error
				if to, err = os.MkdirTemp("/dev/shm", "rtfs"); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { os.RemoveAll(to) })
			}
			if err := os.MkdirAll(to, 0o755); err != nil {
				t.Fatal(err)
			}
			k.killDuring(t, "echo "+to+" > torrents/"+k.hash+"/move; sleep 1", func() bool { return true }, 600*time.Millisecond)
			r := k.mount(t)
			at := strings.TrimSpace(k.shell(t, "cat torrents/"+k.hash+"/directory"))
			if found := scripts.FindStringSubmatch(k.shell(t, "cat health")); found != nil {
				interrupted++
				script := found[1]
				if strings.HasPrefix(at, to) {
					script = found[2]
				}
				t.Logf("%s", k.shell(t, "sh "+script))
			}
			if n := k.present(filepath.Dir(at)); n != len(k.files) {
				t.Errorf("%d of %d files are in %s", n, len(k.files), at)
			}
			if got := read(t, k.rt.Downloads(), "p", "foreign"); got != "foreign" {
				t.Errorf("the foreign file reads %q", got)
			}
			k.shell(t, "! grep interrupted health; echo start > torrents/"+k.hash+"/state; echo check > torrents/"+k.hash+"/state; "+
				"until grep -q seeding torrents/"+k.hash+"/state; do sleep 0.1; done")
			k.unmount(t, r)
		}
		if t.Logf("%d of 12 were interrupted in the middle", interrupted); interrupted == 0 {
			t.Error("nothing was interrupted, so nothing is shown")
		}
	})
}
