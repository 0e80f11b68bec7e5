package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// loadMissing has an rTorrent download what nobody has, and returns its file's
// path in the mount.
func loadMissing(t *testing.T, rt *rtorrent.Daemon) string {
	t.Helper()
	torrent, err := rtorrent.MakeMetainfo("missing", []rtorrent.MakeFile{{Length: 100_000, Data: bytes.NewReader(make([]byte, 100_000))}}, 32768, "http://127.0.0.1:9/announce")
	if err != nil {
		t.Fatal(err)
	}
	m, err := rtorrent.ParseMetainfo(torrent)
	if err != nil {
		t.Fatal(err)
	}
	client := rtorrenttest.Dial(t, rt.Endpoint())
	if err := client.LoadRaw(t.Context(), torrent); err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, runBound, "it is loaded and started", func() bool {
		_, err := client.Do(t.Context(), m.Hash, rtorrent.Open(m.Hash), rtorrent.Start(m.Hash))
		return err == nil
	})
	rtorrenttest.Eventually(t, runBound, "it is downloaded", func() bool {
		p, err := client.Pieces(t.Context(), m.Hash)
		return err == nil && p.IsActive && p.Hashing == 0
	})
	return filepath.Join("torrents", string(m.Hash), "files", "missing")
}

// A waiter is a cat that waits for content.
type waiter struct {
	cmd   *exec.Cmd
	said  bytes.Buffer
	ended chan struct{}
}

// startWaiter returns when cat waits for the file.
func startWaiter(t *testing.T, path string) *waiter {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*runBound)
	t.Cleanup(cancel)
	w := &waiter{cmd: exec.CommandContext(ctx, "cat", path), ended: make(chan struct{})}
	w.cmd.Env = append(os.Environ(), "LC_ALL=C")
	w.cmd.Stderr = &w.said
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(w.ended)
		_ = w.cmd.Wait() // it fails, as it should
	}()
	proc := fmt.Sprintf("/proc/%d/", w.cmd.Process.Pid)
	rtorrenttest.Eventually(t, runBound, "cat waits", func() bool {
		open, _ := os.Readlink(proc + "fd/3")
		stat, _ := os.ReadFile(proc + "stat")
		_, state, _ := strings.Cut(string(stat), ") ")
		return open == path && strings.HasPrefix(state, "S ")
	})
	return w
}

// wantWoken checks that the wait ends, and why.
func (w *waiter) wantWoken(t *testing.T) {
	t.Helper()
	select {
	case <-w.ended:
	case <-time.After(runBound):
		t.Fatal("cat still waits")
	}
	if !strings.Contains(w.said.String(), "No data available") {
		t.Errorf("cat says %q, want that no data is available", w.said.String())
	}
}

// TestMountEndsUnderWaiters ends a mount while a program waits for content: it
// does not wait for longer, and no file is cut off.
func TestMountEndsUnderWaiters(t *testing.T) {
	rt := rtorrenttest.Start(t, oldest())
	missing := loadMissing(t, rt)
	for how, end := range map[string]func(*running, string){
		"SIGTERM": func(r *running, _ string) { r.signal(t, syscall.SIGTERM) },
		"SIGINT":  func(r *running, _ string) { r.signal(t, syscall.SIGINT) },
		"detached": func(_ *running, dir string) {
			if err := unmount(dir, true); err != nil {
				t.Fatal(err)
			}
		},
	} {
		dir := mountDir(t)
		r := startMount(t, "--wait", "10m", rt.Endpoint(), dir)
		w := startWaiter(t, filepath.Join(dir, missing))
		began := time.Now()
		end(r, dir)
		w.wantWoken(t)
		if got := r.wait(t); got != exitOK {
			t.Errorf("%s: exit code = %d, want %d", how, got, exitOK)
		}
		t.Logf("%s: ended after %s", how, time.Since(began).Round(time.Millisecond))
		wantMounted(t, dir, false)
	}
}
