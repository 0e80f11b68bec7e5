package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtfs/rtorrent/rtorrenttest"
)

// servers returns the process ids of the rtfs that have dir in their arguments.
func servers(t *testing.T, dir string) []int {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, name := range lines {
		text, err := os.ReadFile(name) // "" of one that has just ended
		args := strings.Split(string(text), "\x00")
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err == nil && filepath.Base(args[0]) == "rtfs" && strings.Contains(string(text), dir) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// oneServer returns the process that serves a mount in the background. It is
// killed at the end of the test.
func oneServer(t *testing.T, dir string) int {
	t.Helper()
	pids := servers(t, dir)
	for _, pid := range pids {
		t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) }) // it has ended, as a rule
	}
	if len(pids) != 1 {
		t.Fatalf("processes of the mount: %v, want one", pids)
	}
	return pids[0]
}

func wantNoServer(t *testing.T, dir string) {
	t.Helper()
	rtorrenttest.Eventually(t, 10*time.Second, "the background process has ended", func() bool { return len(servers(t, dir)) == 0 })
}

func TestDaemon(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		rt, dir := rtorrenttest.Start(t, version), mountDir(t)
		cmd := command(t, "mount", rt.Endpoint(), dir, "-d")
		r := finish(t, cmd)
		r.want(t, exitOK)
		if r.stdout+r.stderr != "" {
			t.Errorf("output = %q, want none", r.stdout+r.stderr)
		}
		read(t, dir, "README")
		pid := oneServer(t, dir)
		if cwd, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd"); err != nil || cwd != "/" {
			t.Errorf("working directory = %q, %v; want /", cwd, err)
		}
		if session, err := unix.Getsid(pid); err != nil || session != pid {
			t.Errorf("session = %d, %v; want one of its own, %d", session, err, pid)
		}
		if log, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/fd/2"); err != nil || filepath.Base(log) != "mount.log" {
			t.Errorf("standard error = %q, %v; want the log", log, err)
		}
		rtfs(t, "umount", dir).want(t, exitOK)
		wantNoServer(t, dir)
	})
}

func TestDaemonTakesASignal(t *testing.T) {
	rt, dir := rtorrenttest.Start(t, oldest()), mountDir(t)
	rtfs(t, "mount", "-d", rt.Endpoint(), dir).want(t, exitOK)
	if err := syscall.Kill(oneServer(t, dir), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wantNoServer(t, dir)
	wantMounted(t, dir, false)
}

func TestDaemonPassesOnWhatWentWrong(t *testing.T) {
	dir := mountDir(t)
	rtfs(t, "mount", "-d", "scgi:///nonexistent/rpc.sock", dir).want(t, exitOK, "does not answer")
	read(t, dir, "health")
	oneServer(t, dir)
	rtfs(t, "umount", dir).want(t, exitOK)
	wantNoServer(t, dir)

	rtfs(t, "mount", "-d", "scgi:///nonexistent/rpc.sock", dir+"/missing").want(t, exitMountpoint, "missing: no such file", "hint: mkdir -p")
	rtfs(t, "mount", "-d", dir).want(t, exitServer, "$RTFS_SERVER is not set")
}

func TestDaemonIsInterrupted(t *testing.T) {
	state := rtorrenttest.ShortDir(t)
	bin := filepath.Join(state, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	// An rTorrent that never comes up.
	script := "#!/bin/sh\necho $$ >" + state + "/pid\nexec sleep 60\n"
	if err := os.WriteFile(filepath.Join(bin, "rtorrent"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	dir := mountDir(t)
	cmd := command(t, "mount", "-d", "--spawn", dir)
	cmd.Env = append(cmd.Env, "PATH="+bin+":"+os.Getenv("PATH"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, 10*time.Second, "rTorrent is being started", func() bool {
		pid, err := os.ReadFile(filepath.Join(state, "pid"))
		return err == nil && strings.HasSuffix(string(pid), "\n")
	})
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its outcome is in ProcessState
	if got := cmd.ProcessState.ExitCode(); got != exitInterrupted {
		t.Errorf("exit code = %d, want %d", got, exitInterrupted)
	}
	wantNoServer(t, dir)
	pid := strings.TrimSpace(read(t, state, "pid"))
	if _, err := os.Stat("/proc/" + pid); err == nil {
		t.Errorf("process %s of the spawned rTorrent is left", pid)
	}
}

// mount8 mounts by mount(8), or for users who may not use that calls rtfs as it
// does. mount(8) has a PATH of its own, so rtfs is named in the old form, which
// takes a path: "RTFS#SERVER" of type fuse.
func mount8(t *testing.T, server, dir, options string) result {
	t.Helper()
	cmd := command(t)
	if os.Geteuid() != 0 {
		cmd.Args = append(cmd.Args, server, dir, "-o", "rw,dev,suid,"+options)
		return finish(t, cmd)
	}
	cmd.Args = []string{"mount", "-t", "fuse", cmd.Path + "#" + server, dir}
	if options != "" {
		cmd.Args = append(cmd.Args, "-o", options)
	}
	path, err := exec.LookPath("mount")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path = path
	return finish(t, cmd)
}

func TestMountByMount8(t *testing.T) {
	rt := rtorrenttest.Start(t, oldest())
	for _, c := range []struct{ options, mode string }{
		{"", "drwxr-xr-x"},
		{"uid=1234,gid=77,umask=077,ttl=2s,_netdev,nofail,x-gvfs-show,comment=hello,noexec", "drwx------"},
		{"ro", "dr-xr-xr-x"},
	} {
		dir := mountDir(t)
		mount8(t, rt.Endpoint(), dir, c.options).want(t, exitOK)
		oneServer(t, dir)
		wantMounted(t, dir, true)
		info, err := os.Stat(filepath.Join(dir, "add"))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().String(); got != c.mode {
			t.Errorf("-o %s: mode of add/ = %s, want %s", c.options, got, c.mode)
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; strings.Contains(c.options, "uid=1234") && uid != 1234 {
			t.Errorf("-o %s: owner = %d, want 1234", c.options, uid)
		}
		rtfs(t, "umount", dir).want(t, exitOK)
		wantNoServer(t, dir)
	}
	dir := mountDir(t)
	if r := mount8(t, rt.Endpoint(), dir, "password=geheim"); r.code == exitOK || strings.Contains(r.stderr, "geheim") {
		t.Errorf("exit code = %d, stderr = %q; want a failure that repeats no password", r.code, r.stderr)
	}
	wantMounted(t, dir, false)
}

func TestMountByTheNameOfAHelper(t *testing.T) {
	rt, dir := rtorrenttest.Start(t, oldest()), mountDir(t)
	cmd := command(t, rt.Endpoint(), dir, "-s", "-o", "rw,_netdev,noatime")
	cmd.Args[0] = "/sbin/mount.rtfs"
	cmd.Env = []string{"TERM=linux"} // mount(8) leaves neither HOME nor PATH
	finish(t, cmd).want(t, exitOK, "no log is kept")
	read(t, dir, "README")
	rtfs(t, "umount", dir).want(t, exitOK)
}
