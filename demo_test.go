package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent/rtorrenttest"
)

// startDemo starts a demo with a directory for temporary files of its own.
func startDemo(t *testing.T, args ...string) (r *running, temp string) {
	t.Helper()
	temp = mountDir(t)
	cmd := command(t, append([]string{"demo"}, args...)...)
	cmd.Env = append(cmd.Env, "TMPDIR="+temp)
	return start(t, cmd, "Ctrl-C ends it"), temp
}

// wantNothingLeft checks that a demo left no file and no rTorrent.
func wantNothingLeft(t *testing.T, temp string) {
	t.Helper()
	left, err := os.ReadDir(temp)
	if err != nil || len(left) != 0 {
		t.Errorf("left in the temporary directory: %v, %v; want nothing", left, err)
	}
	directories, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range directories {
		if cwd, err := os.Readlink(link); err == nil && strings.HasPrefix(cwd, temp) {
			t.Errorf("process %s works in %s", filepath.Base(filepath.Dir(link)), cwd)
		}
	}
}

var mountedOn = regexp.MustCompile(`demo mounted on (\S+);`)

func TestDemo(t *testing.T) {
	t.Parallel()
	r, temp := startDemo(t)
	out := r.output()
	for _, version := range rtorrenttest.Versions() {
		if !strings.Contains(out, "rTorrent "+version) {
			t.Errorf("output = %q, want rTorrent %s in it", out, version)
		}
	}
	dir := mountedOn.FindStringSubmatch(out)[1]
	progress := func() float64 {
		text := read(t, dir, "by-name", demoName, "progress")
		percent, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			t.Fatal(err)
		}
		return percent
	}
	first := progress()
	rtorrenttest.Eventually(t, 20*time.Second, "the download goes on", func() bool { return progress() > first })

	_, block, _ := strings.Cut(out, "Five commands to try:\n")
	var commands []string
	for line := range strings.Lines(block) {
		if command, ok := strings.CutPrefix(line, "    "); ok {
			commands = append(commands, strings.TrimSuffix(command, "\n"))
		}
	}
	if len(commands) != 5 {
		t.Errorf("%d commands, want 5: %q", len(commands), commands)
	}
	for _, command := range commands {
		said, err := exec.Command("sh", "-ec", command).CombinedOutput()
		if err != nil || len(said) == 0 {
			t.Errorf("%s: %v: %s", command, err, said)
		}
	}
	if got := read(t, dir, "by-name", demoName, "tags"); got != "holiday\n" {
		t.Errorf("tags = %q, want holiday", got)
	}
	// One of the commands paused it, by which the peers lost each other.
	paused := progress()
	rtorrenttest.Eventually(t, 30*time.Second, "the download goes on after a pause", func() bool { return progress() > paused+0.5 })

	r.signal(t, syscall.SIGINT)
	if got := r.wait(t); got != exitOK {
		t.Errorf("exit code = %d, want %d", got, exitOK)
	}
	wantMounted(t, dir, false)
	wantNothingLeft(t, temp)
}

func TestDemoOnAMountpoint(t *testing.T) {
	t.Parallel()
	dir := mountDir(t)
	r, temp := startDemo(t, dir)
	wantMounted(t, dir, true)
	r.signal(t, syscall.SIGTERM)
	if got := r.wait(t); got != exitOK {
		t.Errorf("exit code = %d, want %d", got, exitOK)
	}
	wantMounted(t, dir, false)
	wantNothingLeft(t, temp)

	r, temp = startDemo(t, dir)
	rtfs(t, "umount", dir).want(t, exitOK)
	if got := r.wait(t); got != exitOK {
		t.Errorf("exit code = %d, want %d", got, exitOK)
	}
	wantNothingLeft(t, temp)
}

func TestDemoIsInterruptedWhileItStarts(t *testing.T) {
	t.Parallel()
	temp := mountDir(t)
	cmd := command(t, "demo")
	cmd.Env = append(cmd.Env, "TMPDIR="+temp)
	r := start(t, cmd, "private to this demo")
	r.signal(t, syscall.SIGINT)
	if got := r.wait(t); got != exitInterrupted && got != exitOK { // it may have been ready
		t.Errorf("exit code = %d, want %d", got, exitInterrupted)
	}
	wantNothingLeft(t, temp)
}

func TestQuote(t *testing.T) {
	for path, want := range map[string]string{"/tmp/a-b_1.x": "/tmp/a-b_1.x", "/a b": "'/a b'", "/it's": `'/it'\''s'`, "/é": "/é"} {
		if got := quote(path); got != want {
			t.Errorf("quote(%q) = %s, want %s", path, got, want)
		}
	}
}
