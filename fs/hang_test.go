package fs

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestHungRTorrent stops rTorrent by SIGSTOP, so that it takes calls and
// answers none, and wants each operation to end.
func TestHungRTorrent(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountFragile(t, rtorrenttest.Start(t, version))
			p := newPayload(t, "p", 32768, map[string]int{"": 100_000})
			p.write(t, m.daemon.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			if err := m.daemon.Pause(); err != nil {
				t.Fatal(err)
			}
			tags := m.torrent(p.hash, "tags")

			// What needs no rTorrent is there at once.
			for _, name := range []string{"README", "health", "log"} {
				within(t, faultSlack, "reading "+name, func() error {
					_, err := os.ReadFile(m.path(name))
					return err
				})
			}
			// A write ends in ETIMEDOUT, also while the last table stands in.
			m.wantTimeout(t, "a write", func() error { return writeFile(tags, []byte("tv\n")) })
			m.wantTimeout(t, "a write", func() error { return writeFile(tags, []byte("tv\n")) })
			rtorrenttest.Eventually(t, faultMaxStale+2*faultTimeout, "reading ends in ETIMEDOUT", func() bool {
				_, err := os.ReadFile(tags)
				return errors.Is(err, syscall.ETIMEDOUT)
			})
			m.wantTimeout(t, "a listing", func() error { _, err := os.ReadDir(m.path("by-name")); return err })
			// By cp, since the signals of Go's runtime interrupt a close(2) that waits.
			q := newPayload(t, "q", 32768, map[string]int{"": 10})
			if out, _ := m.sh(t, "timeout 20 cp '"+q.file(t)+"' add/"); !strings.Contains(out, "Connection timed out") {
				t.Errorf("a drop: %q, want a timeout", out)
			}

			// It goes on when rTorrent does, and it can be unmounted before.
			if err := m.daemon.Continue(); err != nil {
				t.Fatal(err)
			}
			m.awaitState(t, p.hash, stateSeeding)
			if err := m.daemon.Pause(); err != nil {
				t.Fatal(err)
			}
			within(t, faultSlack, "unmounting", func() error { return exec.Command("fusermount3", "-u", m.dir).Run() })
			if err := m.daemon.Continue(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// within fails the test if something fails or takes longer.
func within(t *testing.T, bound time.Duration, what string, do func() error) {
	t.Helper()
	begun := time.Now()
	if err := do(); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if took := time.Since(begun); took > bound {
		t.Errorf("%s took %s, want at most %s", what, took, bound)
	}
}

// wantTimeout fails the test unless something ends in ETIMEDOUT within the
// client's timeout.
func (m *mounted) wantTimeout(t *testing.T, what string, do func() error) {
	t.Helper()
	within(t, faultTimeout+faultSlack, what, func() error {
		if err := do(); !errors.Is(err, syscall.ETIMEDOUT) {
			return fmt.Errorf("%v, want %v", err, syscall.ETIMEDOUT)
		}
		return nil
	})
}

// TestInterrupt ends programs that wait for a hung rTorrent by Ctrl-C.
func TestInterrupt(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d := rtorrenttest.Start(t, version)
			const ttl = 10 * time.Millisecond
			m := mountClient(t, dial(t, d.Endpoint(), rtorrent.Options{Timeout: time.Minute}), cache.Options{TTL: ttl, MaxStale: ttl}, Options{TTL: ttl})
			m.daemon = d
			p := newPayload(t, "p", 32768, map[string]int{"": 100_000})
			p.write(t, d.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			if err := d.Pause(); err != nil {
				t.Fatal(err)
			}
			paused := time.Now()
			rtorrenttest.Eventually(t, time.Second, "the last table is too old", func() bool { return time.Since(paused) > 5*ttl })
			for _, script := range []string{
				"cat " + m.torrent(p.hash, "tags"), "ls -l " + m.path("torrents"), "cat " + m.path("list.tsv"),
				"cat " + m.torrent(p.hash, "files", "p"), "find " + m.dir, "tee " + m.torrent(p.hash, "tags"), "cp " + p.file(t) + " " + m.path("add"),
			} {
				interrupt(t, strings.Fields(script)...)
			}
			if err := d.Continue(); err != nil {
				t.Fatal(err)
			}
			m.awaitState(t, p.hash, stateSeeding)
		})
	}
}

// interruptBound is how long a program may live on that is interrupted: a second
// in rtfs, and what a busy machine takes. The call itself would take a minute.
const interruptBound = 5 * time.Second

// interrupt starts a program that must wait for rTorrent, and wants SIGINT to
// end it.
func interrupt(t *testing.T, argv ...string) {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	asleep := 0
	rtorrenttest.Eventually(t, 10*time.Second, strings.Join(argv, " ")+" waits", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid))
		_, state, _ := strings.Cut(string(stat), ") ")
		if asleep++; !strings.HasPrefix(state, "S ") {
			asleep = 0
		}
		return err != nil || asleep == 10
	})
	begun := time.Now()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Errorf("%s ended before it could be interrupted: %v", argv, err)
	}
	select {
	case <-done:
		status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
		if !status.Signaled() || status.Signal() != syscall.SIGINT {
			t.Errorf("%s ended by itself: %v", argv, cmd.ProcessState)
		}
		if took := time.Since(begun); took > interruptBound {
			t.Errorf("%s took %s to die of SIGINT, want at most %s", argv, took, interruptBound)
		}
	case <-time.After(30 * time.Second):
		t.Errorf("%s does not die of SIGINT", argv)
		cmd.Process.Kill()
	}
}
