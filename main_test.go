package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtfs/rtorrent/rtorrenttest"
)

func TestMountServesAndUnmounts(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		rt, dir := rtorrenttest.Start(t, version), mountDir(t)
		r := startMount(t, rt.Endpoint(), dir)
		if got, want := r.output(), fmt.Sprintf("rtfs: %s mounted on %s; Ctrl-C unmounts\n", rt.Endpoint(), dir); got != want {
			t.Errorf("output = %q, want %q", got, want)
		}
		wantMounted(t, dir, true)
		if _, err := os.ReadDir(filepath.Join(dir, "torrents")); err != nil {
			t.Error(err)
		}
		if health := read(t, dir, "health"); !strings.Contains(health, "server: "+rt.Endpoint()+"\n") {
			t.Errorf("health = %q, want the server in it", health)
		}
		rtfs(t, "umount", dir).want(t, exitOK)
		if got := r.wait(t); got != exitOK {
			t.Errorf("exit code = %d, want %d", got, exitOK)
		}
		wantMounted(t, dir, false)
	})
}

func TestMountEndsBySignal(t *testing.T) {
	rt := rtorrenttest.Start(t, oldest())
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		dir := mountDir(t)
		r := startMount(t, rt.Endpoint(), dir)
		r.signal(t, s)
		if got := r.wait(t); got != exitOK {
			t.Errorf("%s: exit code = %d, want %d", s, got, exitOK)
		}
		wantMounted(t, dir, false)
	}
}

func TestMountEndsByUmountOfOthers(t *testing.T) {
	rt, dir := rtorrenttest.Start(t, oldest()), mountDir(t)
	r := startMount(t, rt.Endpoint(), dir)
	if out, err := exec.Command("fusermount3", "-u", dir).CombinedOutput(); err != nil {
		t.Fatalf("fusermount3: %v: %s", err, out)
	}
	if got := r.wait(t); got != exitOK {
		t.Errorf("exit code = %d, want %d", got, exitOK)
	}
}

func TestBusyMountIsDetachedAndServesWhatIsOpen(t *testing.T) {
	t.Parallel()
	rt := rtorrenttest.Start(t, oldest())
	for _, c := range []struct {
		name string
		shut bool // the open file, after a while
		code int
	}{{"closed in time", true, exitOK}, {"never closed", false, exitBusy}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := mountDir(t)
			r := startMount(t, rt.Endpoint(), dir)
			open, err := os.Open(filepath.Join(dir, "README"))
			if err != nil {
				t.Fatal(err)
			}
			defer open.Close()
			r.signal(t, syscall.SIGTERM)
			rtorrenttest.Eventually(t, 3*time.Second, "the mount is detached", func() bool { return mountedAt(t, dir) == "" })
			if text, err := io.ReadAll(open); err != nil || !strings.Contains(string(text), "torrents/") {
				t.Errorf("the open file reads %q, %v; want the tree", text, err)
			}
			if c.shut {
				open.Close()
			}
			if got := r.wait(t); got != c.code {
				t.Errorf("exit code = %d, want %d", got, c.code)
			}
		})
	}
}

func TestUmountDetachesABusyMount(t *testing.T) {
	t.Parallel()
	rt, dir := rtorrenttest.Start(t, oldest()), mountDir(t)
	missing := loadMissing(t, rt)
	r := startMount(t, "--wait", "10m", rt.Endpoint(), dir)
	open, err := os.Open(filepath.Join(dir, "README"))
	if err != nil {
		t.Fatal(err)
	}
	w := startWaiter(t, filepath.Join(dir, missing))
	rtfs(t, "umount", dir).want(t, exitOK, "was busy")
	wantMounted(t, dir, false)
	w.wantWoken(t)
	open.Close()
	if got := r.wait(t); got != exitOK {
		t.Errorf("exit code = %d, want %d", got, exitOK)
	}
	rtfs(t, "umount", dir).want(t, exitMountpoint, "no rtfs is mounted there")
}

func TestStaleMountIsRecovered(t *testing.T) {
	t.Parallel()
	rt, dir := rtorrenttest.Start(t, oldest()), mountDir(t)
	kill := func() {
		t.Helper()
		r := startMount(t, rt.Endpoint(), dir)
		r.signal(t, syscall.SIGKILL)
		r.wait(t)
		if _, err := os.ReadDir(dir); !errors.Is(err, syscall.ENOTCONN) {
			t.Fatalf("reading the dead mount: %v, want ENOTCONN", err)
		}
	}
	kill()
	rtfs(t, "umount", dir).want(t, exitOK)
	wantMounted(t, dir, false)

	kill()
	link := filepath.Join(rtorrenttest.ShortDir(t), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	r := startMount(t, rt.Endpoint(), link)
	if !strings.Contains(r.output(), "was left mounted") {
		t.Errorf("output = %q, want that a dead mount was found", r.output())
	}
	read(t, dir, "README")
	r.signal(t, syscall.SIGINT)
	if got := r.wait(t); got != exitOK {
		t.Errorf("exit code = %d, want %d", got, exitOK)
	}
	wantMounted(t, dir, false)
}

func TestMountOverAMountIsRefused(t *testing.T) {
	t.Parallel()
	rt, dir := rtorrenttest.Start(t, oldest()), mountDir(t)
	r := startMount(t, rt.Endpoint(), dir)
	rtfs(t, "mount", rt.Endpoint(), dir).want(t, exitMountpoint, "an rtfs is mounted there")
	// One that is stopped must not hang the second.
	r.signal(t, syscall.SIGSTOP)
	rtfs(t, "mount", rt.Endpoint(), dir).want(t, exitMountpoint, "an rtfs is mounted there")
	r.signal(t, syscall.SIGCONT)
	r.signal(t, syscall.SIGTERM)
	r.wait(t)
}

func TestMountInAMountIsRefused(t *testing.T) {
	rt, dir := rtorrenttest.Start(t, oldest()), mountDir(t)
	r := startMount(t, rt.Endpoint(), dir)
	for _, inside := range []string{"by-tag", filepath.Join("rtorrent", "settings")} {
		inside = filepath.Join(dir, inside)
		rtfs(t, "mount", rt.Endpoint(), inside).want(t, exitMountpoint, "lies in the rtfs mounted on "+dir)
		wantMounted(t, inside, false)
	}
	r.signal(t, syscall.SIGTERM)
	r.wait(t)
}

func TestMountWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	rt := rtorrenttest.Start(t, oldest())
	if err := rt.Pause(); err != nil {
		t.Fatal(err)
	}
	for _, server := range []string{rt.Endpoint(), "scgi:///nonexistent/rpc.sock"} {
		dir := mountDir(t)
		r := startMount(t, server, dir)
		if !strings.Contains(r.output(), "warning: "+server+" does not answer") {
			t.Errorf("output = %q, want a warning", r.output())
		}
		read(t, dir, "README")
		read(t, dir, "health")
		r.signal(t, syscall.SIGINT)
		if got := r.wait(t); got != exitOK {
			t.Errorf("exit code = %d, want %d", got, exitOK)
		}
	}
	if err := rt.Continue(); err != nil {
		t.Fatal(err)
	}
}

func TestMountMayOpenManyFiles(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	rt, dir := rtorrenttest.Start(t, oldest()), mountDir(t)
	cmd := command(t, "mount", rt.Endpoint(), dir)
	cmd.Args = append([]string{"sh", "-c", `ulimit -Sn 64; exec "$0" "$@"`}, cmd.Args...)
	cmd.Path = "/bin/sh"
	r := start(t, cmd, "Ctrl-C unmounts")
	if err := unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_NOFILE, nil, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Cur < limit.Max-1 { // Go leaves one, to tell its own setting from others'
		t.Errorf("open files: %d allowed, want %d", limit.Cur, limit.Max)
	}
	r.signal(t, syscall.SIGINT)
	r.wait(t)
}
