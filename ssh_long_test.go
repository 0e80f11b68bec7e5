//go:build long

package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

// TestMountOverTheRealSSH goes through sshd on this machine.
func TestMountOverTheRealSSH(t *testing.T) {
	rt, mountpoint := rtorrenttest.Start(t, oldest()), mountDir(t)
	dir, runtime := rtorrenttest.ShortDir(t), rtorrenttest.ShortDir(t)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"host", "mine"} {
		execute(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key))
	}
	const port = "52022"
	host := strings.Fields(read(t, dir, "host.pub"))
	files := map[string]string{
		"sshd_config": fmt.Sprintf("Port %s\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/mine.pub\nPidFile %s/pid\n"+
			"StrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\nAllowStreamLocalForwarding yes\n", port, dir, dir, dir),
		"known_hosts": fmt.Sprintf("[127.0.0.1]:%s %s %s\n", port, host[0], host[1]),
		// ssh takes its own config from the home in passwd, not from $HOME.
		"ssh": fmt.Sprintf("#!/bin/sh\nexec /usr/bin/ssh -F none -i %s/mine -o UserKnownHostsFile=%s/known_hosts \"$@\"\n", dir, dir),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	sshd := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", filepath.Join(dir, "sshd_config"))
	sshd.Stderr = os.Stderr
	if err := sshd.Start(); err != nil {
		t.Fatal(err)
	}
	defer sshd.Wait()
	defer sshd.Process.Signal(syscall.SIGTERM)
	rtorrenttest.Eventually(t, runBound, "sshd is up", func() bool {
		_, err := os.Stat(filepath.Join(dir, "pid"))
		return err == nil
	})

	server := "ssh+scgi://" + me.Username + "@127.0.0.1:" + port + strings.TrimPrefix(rt.Endpoint(), "scgi://")
	env := []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "XDG_RUNTIME_DIR=" + runtime}
	cmd := command(t, "mount", server, mountpoint)
	cmd.Env = append(cmd.Env, env...)
	r := start(t, cmd, "Ctrl-C unmounts")
	rtorrenttest.Eventually(t, runBound, "rTorrent answers through ssh", connected(t, mountpoint))
	if info, err := os.Stat(glob(t, runtime, "rtfs/ssh-*/s")); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the socket: %v, %v; want it closed to others", info.Mode(), err)
	}
	r.signal(t, syscall.SIGTERM)
	r.wait(t)
	if got := tunnels(t, runtime); len(got) != 0 {
		t.Errorf("processes of ssh at the end: %v, want none", got)
	}

	call := command(t, "call", "ssh+scgi://"+me.Username+"@127.0.0.1:52023/r.sock", "system.pid")
	call.Env = append(call.Env, env...)
	finish(t, call).want(t, exitServer, "port 52023: Connection refused")
}
