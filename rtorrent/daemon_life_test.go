package rtorrent_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// userOptions are those of a User that stays on the loopback.
func userOptions(t *testing.T, version string) rtorrent.DaemonOptions {
	return rtorrent.DaemonOptions{
		Binary:  []string{rtorrenttest.Binary(t, version)},
		Dir:     rtorrenttest.ShortDir(t),
		Profile: rtorrent.User,
		Extra:   []string{"network.bind_address.set = 127.0.0.1", "dht.mode.set = disable"},
	}
}

// alive reports whether a process runs; a zombie does not.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && len(b) > 0
}

func readPID(t *testing.T, name string) int {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// TestStarter is no test: run by startElsewhere, it is a program that starts an
// rTorrent and waits for its own end.
func TestStarter(t *testing.T) {
	dir := os.Getenv("RTFS_TEST_STARTER")
	if dir == "" {
		return
	}
	o := rtorrent.DaemonOptions{Dir: dir, Binary: []string{os.Getenv("RTFS_TEST_BINARY")}}
	start := rtorrent.StartDaemon
	if os.Getenv("RTFS_TEST_USER") != "" {
		o.Profile, o.Extra = rtorrent.User, []string{"network.bind_address.set = 127.0.0.1", "dht.mode.set = disable"}
		start = rtorrent.AdoptOrStart
	}
	d, err := start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("pid %d\n", d.PID())
	io.Copy(io.Discard, os.Stdin)
}

// startElsewhere has another program start an rTorrent, ends that program by
// SIGKILL, and returns the process id of the rTorrent.
func startElsewhere(t *testing.T, dir, version string, env ...string) int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestStarter$")
	cmd.Env = append(os.Environ(), append(env, "RTFS_TEST_STARTER="+dir, "RTFS_TEST_BINARY="+rtorrenttest.Binary(t, version))...)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	cmd.Process.Kill()
	cmd.Wait()
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "pid ")))
	if err != nil {
		t.Fatalf("the starter says %q", line)
	}
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
	return pid
}

func TestPrivateEndsWithItsStarter(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		pid := startElsewhere(t, rtorrenttest.ShortDir(t), version)
		rtorrenttest.Eventually(t, 5*time.Second, "the rTorrent is gone", func() bool { return !alive(pid) })
	})
}

func TestPrivateSurvivesTheThreadThatStartedIt(t *testing.T) {
	o := rtorrent.DaemonOptions{Dir: rtorrenttest.ShortDir(t)}
	o.Binary = []string{rtorrenttest.Binary(t, rtorrenttest.Versions()[0])}
	var d *rtorrent.Daemon
	var err error
	thread := onDyingThread(func() { d, err = rtorrent.StartDaemon(t.Context(), o) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Kill() })
	rtorrenttest.Eventually(t, 5*time.Second, "the thread has ended", func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread))
		return os.IsNotExist(err)
	})
	ask[int64](t, d, "system.pid")
}

// onDyingThread runs f on a thread that ends after it, and returns the id of
// that thread. It is not the main thread, which never ends.
func onDyingThread(f func()) (thread int) {
	done := make(chan int)
	go func() {
		runtime.LockOSThread() // and not unlocked: this ends the thread
		if unix.Gettid() == os.Getpid() {
			defer runtime.UnlockOSThread()
			done <- onDyingThread(f)
			return
		}
		f()
		done <- unix.Gettid()
	}()
	return <-done
}

func TestUserOutlivesItsStarterAndIsAdopted(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		o := userOptions(t, version)
		pid := startElsewhere(t, o.Dir, version, "RTFS_TEST_USER=1")
		d, err := rtorrent.AdoptOrStart(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if !d.Adopted() || d.PID() != pid {
			t.Errorf("adopted = %t, pid = %d; want true, %d", d.Adopted(), d.PID(), pid)
		}
		if d.PeerPort() == 0 {
			t.Error("the peer port of an adopted rTorrent is unknown")
		}
		d.Supervise(t.Context()) // returns at once
		if err := d.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if !alive(pid) {
			t.Error("Stop ended an adopted rTorrent")
		}
		if err := d.Restart(t.Context()); err == nil {
			t.Error("an adopted rTorrent was restarted")
		}

		// Once it is gone, however it ended, the next one starts its own.
		syscall.Kill(pid, syscall.SIGKILL)
		rtorrenttest.Eventually(t, 5*time.Second, "the rTorrent is gone", func() bool { return !alive(pid) })
		if d, err = rtorrent.AdoptOrStart(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if d.Adopted() || d.PID() == pid {
			t.Errorf("adopted = %t, pid = %d; want a new one", d.Adopted(), d.PID())
		}
		if err := d.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if alive(d.PID()) {
			t.Error("Stop left it running")
		}
	})
}

func TestAdoptOrStartTwiceAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		o := userOptions(t, version)
		daemons := make([]*rtorrent.Daemon, 4)
		var wg sync.WaitGroup
		for i := range daemons {
			wg.Go(func() {
				d, err := rtorrent.AdoptOrStart(t.Context(), o)
				if err != nil {
					t.Error(err)
					return
				}
				t.Cleanup(func() { d.Stop(context.Background()) })
				daemons[i] = d
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		started := 0
		for _, d := range daemons {
			if !d.Adopted() {
				started++
			}
			if got, want := d.PID(), daemons[0].PID(); got != want {
				t.Errorf("pid = %d, want %d", got, want)
			}
		}
		if started != 1 {
			t.Errorf("%d were started, want 1", started)
		}
	})
}

func TestUserIsNeverKilled(t *testing.T) {
	o := userOptions(t, rtorrenttest.Versions()[0])
	file := func(name string) string { return filepath.Join(o.Dir, name) }
	there := func(name string) func() bool {
		return func() bool {
			_, err := os.Stat(file(name))
			return err == nil
		}
	}
	// It never answers, and obeys a SIGTERM only once there is a file named end.
	o.Binary = []string{"perl", "-e", `
		sub touch { open my $f, ">", shift }
		$SIG{TERM} = sub { touch("asked") };
		touch("ready");
		select undef, undef, undef, 0.01 until -e "end";
	`, "--"}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := rtorrent.StartDaemon(ctx, o)
		done <- err
	}()
	rtorrenttest.Eventually(t, 10*time.Second, "it runs", there("ready"))
	cancel()
	rtorrenttest.Eventually(t, 10*time.Second, "it was asked to end", there("asked"))
	select {
	case err := <-done:
		t.Errorf("killed: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if err := os.WriteFile(file("end"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

func TestSupervise(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		d := rtorrenttest.Start(t, version)
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.Supervise(t.Context())
		}()
		first := d.PID()
		if err := d.Kill(); err != nil {
			t.Fatal(err)
		}
		rtorrenttest.Eventually(t, 10*time.Second, "it was restarted", func() bool { return d.PID() != first })
		ask[int64](t, d, "system.pid")
		if err := d.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			t.Error("Supervise goes on after a shutdown")
		}
	})
}

// A lock file whose process id belongs to another program by now, as after a
// power cut, must not keep rTorrent from its session.
func TestDaemonRemovesAStaleSessionLock(t *testing.T) {
	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		other.Process.Kill()
		other.Wait()
	})
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	onBoth(t, func(t *testing.T, version string) {
		dir := rtorrenttest.ShortDir(t)
		if err := os.Mkdir(filepath.Join(dir, "session"), 0o755); err != nil {
			t.Fatal(err)
		}
		lock := filepath.Join(dir, "session", "rtorrent.lock")
		if err := os.WriteFile(lock, fmt.Appendf(nil, "%s:+%d", host, other.Process.Pid), 0o644); err != nil {
			t.Fatal(err)
		}
		d := rtorrenttest.Start(t, version, func(o *rtorrent.DaemonOptions) { o.Dir = dir })
		info, err := os.Stat(d.Session())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := info.Mode().Perm(), os.FileMode(0o700); got != want {
			t.Errorf("mode of the session = %v, want %v", got, want)
		}
	})
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "session"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "session", "rtorrent.lock"), []byte("another.invalid:+1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := rtorrent.StartDaemon(t.Context(), rtorrent.DaemonOptions{Dir: dir}); err == nil || !strings.Contains(err.Error(), "another.invalid") {
		t.Errorf("held by another host: error %v, want one that names it", err)
	}
}
