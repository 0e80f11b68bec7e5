package main

import (
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

// TestSystemdIsTold has rtfs tell a stand-in for systemd that it is ready, that
// it lives, and that it ends.
func TestSystemdIsTold(t *testing.T) {
	rt, dir := rtorrenttest.Start(t, oldest()), mountDir(t)
	socket := filepath.Join(rtorrenttest.ShortDir(t), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var mu sync.Mutex // guards said
	var said []string
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			mu.Lock()
			said = append(said, string(buf[:n]))
			mu.Unlock()
		}
	}()
	heard := func(what string) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, what) })
		}
	}
	cmd := command(t, "mount", dir)
	// Under systemd the process itself is the service, whatever the file says.
	cmd.Env = append(cmd.Env, writeConfig(t, "daemon\nserver = "+rt.Endpoint()), "NOTIFY_SOCKET="+socket, "WATCHDOG_USEC=300000")
	r := start(t, cmd, "Ctrl-C unmounts")
	rtorrenttest.Eventually(t, runBound, "READY=1", heard("READY=1"))
	wantMounted(t, dir, true)
	rtorrenttest.Eventually(t, runBound, "WATCHDOG=1", heard("WATCHDOG=1"))
	r.signal(t, syscall.SIGTERM)
	if got := r.wait(t); got != exitOK {
		t.Errorf("exit code = %d, want %d", got, exitOK)
	}
	rtorrenttest.Eventually(t, runBound, "STOPPING=1", heard("STOPPING=1"))
	if mu.Lock(); len(said) > 0 && !strings.HasPrefix(said[0], "READY=1\nSTATUS=") {
		t.Errorf("said first %q, want READY=1", said[0])
	}
	mu.Unlock()
}
