package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent/rtorrenttest"
)

// binaryEnv is where TestMain tells the tests of the rtfs that it has built.
const binaryEnv = "RTFS_TEST_BINARY"

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	// Under nohup a child would inherit that SIGHUP is ignored, unless it is
	// caught here.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	flag.Parse()
	if worker := flag.Lookup("test.fuzzworker"); worker != nil && worker.Value.String() == "true" {
		return m.Run() // one of many processes that need no rtfs
	}
	dir, err := os.MkdirTemp("", "rtfs-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "rtfs")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building rtfs: %v\n%s", err, out)
		return 1
	}
	os.Setenv(binaryEnv, binary)
	// Each run has a home of its own, and the rTorrents are in the real one's.
	if os.Getenv("RTFS_CACHE") == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		os.Setenv("RTFS_CACHE", filepath.Join(cache, "rtfs"))
	}
	return m.Run()
}

// runBound is how long any run of rtfs may take in a test.
const runBound = time.Minute

// command returns rtfs with a home of its own. The test kills it at its end.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), runBound)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Getenv(binaryEnv), args...)
	home := rtorrenttest.ShortDir(t)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+home, "XDG_CONFIG_HOME="+home, "RTFS_SERVER=", "RTFS_PASSWORD=", "NETRC=")
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// A result is what a run of rtfs left.
type result struct {
	code           int
	stdout, stderr string
}

// rtfs runs rtfs to its end.
func rtfs(t *testing.T, args ...string) result {
	t.Helper()
	return finish(t, command(t, args...))
}

func finish(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", cmd, err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// want checks the exit code, and for each text that standard error has it.
func (r result) want(t *testing.T, code int, stderr ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code = %d, want %d; stderr:\n%s", r.code, code, r.stderr)
	}
	for _, text := range stderr {
		if !strings.Contains(r.stderr, text) {
			t.Errorf("stderr = %q, want %q in it", r.stderr, text)
		}
	}
}

// A running is an rtfs that was started. It is safe for concurrent use.
type running struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	said rtorrenttest.Output
}

func (r *running) output() string { return r.said.String() }

// start starts rtfs and waits until it has printed text.
func start(t *testing.T, cmd *exec.Cmd, text string) *running {
	t.Helper()
	r := &running{cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &r.said, &r.said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.done)
		_ = cmd.Wait() // its outcome is in ProcessState
	}()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s printed:\n%s", cmd, r.output())
		}
		_ = cmd.Process.Kill() // it has ended, as a rule
		<-r.done
	})
	rtorrenttest.Eventually(t, runBound, fmt.Sprintf("%q is printed", text), func() bool {
		select {
		case <-r.done:
			return true
		default:
			return strings.Contains(r.output(), text)
		}
	})
	if out := r.output(); !strings.Contains(out, text) {
		t.Fatalf("ended without %q: %s", text, out)
	}
	return r
}

// startMount mounts in the foreground.
func startMount(t *testing.T, args ...string) *running {
	t.Helper()
	return start(t, command(t, append([]string{"mount"}, args...)...), "Ctrl-C unmounts")
}

func (r *running) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// wait returns the exit code.
func (r *running) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-r.done:
	case <-time.After(runBound):
		t.Fatalf("%s does not end", r.cmd)
	}
	return r.cmd.ProcessState.ExitCode()
}

// mountDir returns a directory to mount on, or below. Whatever is mounted there
// at the end of the test is detached, so that nothing hangs on it.
func mountDir(t *testing.T) string {
	t.Helper()
	dir := rtorrenttest.ShortDir(t)
	t.Cleanup(func() {
		for _, line := range strings.Split(read(t, "/proc/self/mountinfo"), "\n") {
			fields := strings.Fields(line)
			if len(fields) < 5 || !strings.HasPrefix(fields[4]+"/", dir+"/") {
				continue
			}
			t.Logf("left mounted: %s", line)
			if err := unmount(unescape(fields[4]), true); err != nil {
				t.Error(err)
			}
		}
	})
	return dir
}

func mountedAt(t *testing.T, dir string) string {
	t.Helper()
	kind, err := mountType(dir)
	if err != nil {
		t.Fatal(err)
	}
	return kind
}

func wantMounted(t *testing.T, dir string, want bool) {
	t.Helper()
	if got := mountedAt(t, dir) == fsType; got != want {
		t.Errorf("%s: mounted = %t, want %t", dir, got, want)
	}
}

// onBoth runs a test on each version of rTorrent.
func onBoth(t *testing.T, test func(t *testing.T, version string)) {
	t.Helper()
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) { test(t, version) })
	}
}

// oldest is for tests in which the version of rTorrent makes no difference.
func oldest() string { return rtorrenttest.Versions()[0] }

func read(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
