//go:build bench

package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent/rtorrenttest"
)

// build makes the program as a release is made, and returns its path.
func build(t testing.TB) string {
	t.Helper()
	if out, err := exec.Command("make", "-C", "..", "-s", "build").CombinedOutput(); err != nil {
		t.Fatalf("make build: %v: %s", err, out)
	}
	binary, err := filepath.Abs("../rtfs")
	must(t, err)
	return binary
}

// A mounted is a running rtfs.
type mounted struct {
	dir   string
	pid   int
	ready time.Duration // from its start until the mount was there
	stop  func()
}

// mount starts the program and returns when the mount is there. It ends with
// the test, or by stop.
func mount(t testing.TB, binary, server string, options ...string) *mounted {
	t.Helper()
	m := &mounted{dir: rtorrenttest.ShortDir(t)}
	var said bytes.Buffer
	args := append([]string{"mount"}, options...)
	cmd := exec.Command(binary, append(args, server, m.dir)...)
	cmd.Stderr = &said
	var above, here syscall.Stat_t
	must(t, syscall.Stat(m.dir, &above))
	began := time.Now()
	must(t, cmd.Start())
	m.pid = cmd.Process.Pid
	m.stopBy(t, cmd, &said)
	rtorrenttest.Eventually(t, 10*time.Second, "it is mounted", func() bool {
		err := syscall.Stat(m.dir, &here)
		m.ready = time.Since(began)
		return err == nil && here.Dev != above.Dev
	})
	return m
}

// stopBy has m.stop end the program, as the test's end does.
func (m *mounted) stopBy(t testing.TB, cmd *exec.Cmd, said *bytes.Buffer) {
	var once sync.Once
	m.stop = func() {
		once.Do(func() {
			must(t, cmd.Process.Signal(syscall.SIGTERM))
			defer time.AfterFunc(atMost, func() { _ = cmd.Process.Kill() }).Stop()
			if err := cmd.Wait(); err != nil {
				t.Errorf("rtfs: %v: %s", err, said.String())
			}
		})
	}
	t.Cleanup(m.stop)
}

func (m *mounted) path(elem ...string) string {
	return filepath.Join(append([]string{m.dir}, elem...)...)
}

// health returns a number of the file health.
func (m *mounted) health(t testing.TB, key string) int {
	t.Helper()
	content, err := os.ReadFile(m.path("health"))
	must(t, err)
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(line, key+": "); ok {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			must(t, err)
			return n
		}
	}
	t.Fatalf("health has no %s", key)
	return 0
}

// resident is the memory of a process, in bytes, without what it shares with
// files.
func resident(t testing.TB, pid int) int64 {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(t, err)
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			must(t, err)
			return kb << 10
		}
	}
	t.Fatal("no RssAnon")
	return 0
}

// cpu is the time that a process has computed.
func cpu(t testing.TB, pid int) time.Duration {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	must(t, err)
	_, rest, _ := strings.Cut(string(content), ") ")
	fields := strings.Fields(rest)
	var ticks int64
	for _, f := range fields[11:13] { // utime and stime
		n, err := strconv.ParseInt(f, 10, 64)
		must(t, err)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
