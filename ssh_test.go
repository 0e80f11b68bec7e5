package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

// fakeSSH stands in for ssh(1): it forwards the socket that -L names to another
// of this machine, and has the manners of the real one: the socket is there
// before anybody listens on it. To the host "nowhere" it says what ssh says.
const fakeSSH = `#!/usr/bin/env python3
import os, socket, sys, threading, time
a = sys.argv
if a[-1].endswith("nowhere"):
    sys.exit("ssh: connect to host nowhere port 22: Connection refused")
assert "BatchMode=yes" in a and a[-2] == "--", a
local, remote = a[a.index("-L") + 1].split(":")
s = socket.socket(socket.AF_UNIX)
s.bind(local)
time.sleep(0.3)
s.listen(50)
def copy(x, y):
    try:
        while True:
            b = x.recv(65536)
            if not b: break
            y.sendall(b)
        y.shutdown(socket.SHUT_WR)
    except OSError:
        pass
while True:
    c, _ = s.accept()
    r = socket.socket(socket.AF_UNIX)
    try:
        r.connect(remote)
    except OSError as e:
        sys.stderr.write("channel 1: open failed: connect failed: %s\r\n" % e); sys.stderr.flush()
        c.close(); continue
    for x, y in ((c, r), (r, c)):
        threading.Thread(target=copy, args=(x, y), daemon=True).start()
`

// sshEnv returns the environment in which that is ssh, and the directory for
// its sockets.
func sshEnv(t *testing.T) (env []string, runtime string) {
	t.Helper()
	bin, runtime := rtorrenttest.ShortDir(t), rtorrenttest.ShortDir(t)
	if err := os.WriteFile(filepath.Join(bin, "ssh"), []byte(fakeSSH), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, pid := range tunnels(t, runtime) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it has ended, as a rule
		}
	})
	return []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "XDG_RUNTIME_DIR=" + runtime}, runtime
}

// tunnels returns the processes of ssh with a socket below a directory.
func tunnels(t *testing.T, runtime string) []int {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, name := range lines {
		text, err := os.ReadFile(name) // "" of one that has just ended
		if err == nil && strings.Contains(string(text), "\x00"+runtime+"/rtfs/ssh-") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// sshServer is a server behind ssh.
func sshServer(endpoint string) string {
	return "ssh+scgi://me@box" + strings.TrimPrefix(endpoint, "scgi://")
}

func connected(t *testing.T, dir string) func() bool {
	return func() bool {
		_, err := os.ReadFile(filepath.Join(dir, "list.tsv"))
		return err == nil && strings.Contains(read(t, dir, "health"), "connected: 1\n")
	}
}

func TestMountOverSSH(t *testing.T) {
	rt, dir := rtorrenttest.Start(t, oldest()), mountDir(t)
	env, runtime := sshEnv(t)
	begin := func() *running {
		t.Helper()
		cmd := command(t, "mount", "--ttl", "100ms", "--max-stale", "200ms", sshServer(rt.Endpoint()), dir)
		cmd.Env = append(cmd.Env, env...)
		return start(t, cmd, "Ctrl-C unmounts")
	}
	r := begin()
	rtorrenttest.Eventually(t, runBound, "rTorrent answers through ssh", connected(t, dir))
	if health := read(t, dir, "health"); !strings.Contains(health, "server: "+sshServer(rt.Endpoint())+"\n") {
		t.Errorf("health = %q, want the server in it", health)
	}
	first := tunnels(t, runtime)
	if len(first) != 1 {
		t.Fatalf("processes of ssh: %v, want one", first)
	}
	for _, name := range []string{filepath.Join(runtime, "rtfs"), filepath.Dir(glob(t, runtime, "rtfs/ssh-*/s"))} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: mode %v, %v; want 0700", name, info.Mode(), err)
		}
	}

	// One that ends is started again.
	if err := syscall.Kill(first[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, runBound, "another ssh is there, and rTorrent answers", func() bool {
		ok := connected(t, dir)() // it is a read that starts one
		now := tunnels(t, runtime)
		return ok && len(now) == 1 && now[0] != first[0]
	})

	// What a killed rtfs leaves is gone when the next has begun.
	left := tunnels(t, runtime)
	r.signal(t, syscall.SIGKILL)
	r.wait(t)
	if got := tunnels(t, runtime); len(got) != 1 || got[0] != left[0] {
		t.Fatalf("processes of ssh after SIGKILL: %v, want %v", got, left)
	}
	r = begin()
	rtorrenttest.Eventually(t, runBound, "the ssh that was left has ended", func() bool {
		ok := connected(t, dir)()
		now := tunnels(t, runtime)
		return ok && len(now) == 1 && now[0] != left[0]
	})
	glob(t, runtime, "rtfs/ssh-*") // one

	r.signal(t, syscall.SIGTERM)
	if got := r.wait(t); got != exitOK {
		t.Errorf("exit code = %d, want %d", got, exitOK)
	}
	if got := tunnels(t, runtime); len(got) != 0 {
		t.Errorf("processes of ssh at the end: %v, want none", got)
	}
	if found, _ := filepath.Glob(filepath.Join(runtime, "rtfs", "ssh-*")); len(found) != 0 {
		t.Errorf("left: %v", found)
	}
}

// glob returns the one path that matches.
func glob(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v; want one", pattern, found, err)
	}
	return found[0]
}

func TestSSHSaysWhyNot(t *testing.T) {
	env, _ := sshEnv(t)
	for _, c := range []struct{ server, stderr string }{
		{"ssh+scgi://nowhere/run/r.sock", "ssh: connect to host nowhere port 22: Connection refused"},
		{"ssh+scgi://box/nonexistent/r.sock", "connect failed"},
	} {
		cmd := command(t, "call", c.server, "system.pid")
		cmd.Env = append(cmd.Env, env...)
		finish(t, cmd).want(t, exitServer, c.stderr)
	}
	empty := rtorrenttest.ShortDir(t)
	cmd := command(t, "call", "--timeout", "30s", "ssh+scgi://box/r.sock", "system.pid")
	cmd.Env = append(cmd.Env, env[1], "PATH="+empty)
	finish(t, cmd).want(t, exitServer, "executable file not found")
}
