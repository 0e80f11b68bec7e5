package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent/rtorrenttest"
)

// spawnCommand returns mount --spawn with an rTorrent that stays on the
// loopback, and the directory for its state.
func spawnCommand(t *testing.T, version, state, dir string) *running {
	t.Helper()
	bin := t.TempDir()
	script := "#!/bin/sh\nexec " + rtorrenttest.Binary(t, version) + ` "$@" -o network.bind_address.set=127.0.0.1,dht.mode.set=disable` + "\n"
	if err := os.WriteFile(filepath.Join(bin, "rtorrent"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, "mount", "--spawn", "--download-dir", filepath.Join(state, "dl"), dir)
	cmd.Env = append(cmd.Env, "XDG_STATE_HOME="+state, "PATH="+bin+":"+os.Getenv("PATH"))
	return start(t, cmd, "Ctrl-C unmounts")
}

// spawnedPID returns the process id of the spawned rTorrent. It is killed at
// the end of the test.
func spawnedPID(t *testing.T, r *running) int {
	t.Helper()
	before, _, _ := strings.Cut(r.output(), " mounted on ")
	server := before[strings.LastIndex(before, " ")+1:]
	var pid int
	if err := rtorrenttest.Dial(t, server).Call(t.Context(), &pid, "system.pid"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) }) // it has ended, as a rule
	return pid
}

func runs(pid int) bool {
	_, err := os.Stat("/proc/" + strconv.Itoa(pid) + "/exe")
	return err == nil
}

func TestSpawn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, version string) {
		state, dir := rtorrenttest.ShortDir(t), mountDir(t)
		r := spawnCommand(t, version, state, dir)
		pid := spawnedPID(t, r)
		r.signal(t, syscall.SIGTERM)
		if got := r.wait(t); got != exitOK {
			t.Errorf("exit code = %d, want %d", got, exitOK)
		}
		if runs(pid) {
			t.Error("the spawned rTorrent outlives an unmount")
		}

		r = spawnCommand(t, version, state, dir)
		pid = spawnedPID(t, r)
		r.signal(t, syscall.SIGKILL)
		r.wait(t)
		if !runs(pid) {
			t.Error("the spawned rTorrent ends with a crash")
		}

		r = spawnCommand(t, version, state, dir)
		if got := spawnedPID(t, r); got != pid {
			t.Errorf("pid = %d, want that of the rTorrent that was left, %d", got, pid)
		}
		rtfs(t, "umount", dir).want(t, exitOK)
		if got := r.wait(t); got != exitOK {
			t.Errorf("exit code = %d, want %d", got, exitOK)
		}
		if !runs(pid) {
			t.Error("the adopted rTorrent was stopped")
		}
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		rtorrenttest.Eventually(t, 20*time.Second, "rTorrent has ended", func() bool { return !runs(pid) })
	})
}

func TestSpawnWithoutRTorrent(t *testing.T) {
	cmd := command(t, "mount", "--spawn", mountDir(t))
	cmd.Env = append(cmd.Env, "PATH="+t.TempDir(), "RTFS_CACHE="+t.TempDir())
	finish(t, cmd).want(t, exitRTorrent, "no rtorrent is installed", "hint: install the package rtorrent")
}
