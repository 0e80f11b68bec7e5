package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent/rtorrenttest"
)

// lines returns what a log holds, without the times.
func lines(b *bytes.Buffer) string {
	var out []string
	for line := range strings.Lines(b.String()) {
		if stamp, rest, ok := strings.Cut(line, " "); ok && strings.HasPrefix(stamp, "time=") {
			line = rest
		}
		out = append(out, line)
	}
	return strings.Join(out, "")
}

func TestLogSaysAProblemOnce(t *testing.T) {
	var b bytes.Buffer
	now := time.Now()
	l := &logWriter{w: &b, now: func() time.Time { return now }, said: map[string]*repeats{}}
	log := slog.New(slog.NewTextHandler(l, nil))
	for range 3 {
		log.Warn("load", "error", "refused")
	}
	log.Error("other")
	now = now.Add(repeatAfter)
	log.Warn("load", "error", "refused")
	log.Warn("load", "error", "refused")
	const want = "level=WARN msg=load error=refused\nlevel=ERROR msg=other\nlevel=WARN msg=load error=refused repeated=2\n"
	if got := lines(&b); got != want {
		t.Errorf("log = %q, want %q", got, want)
	}
	for i := range 2 * manyLines {
		log.Warn("load", "n", i)
	}
	if len(l.said) > manyLines {
		t.Errorf("%d lines are remembered, want at most %d", len(l.said), manyLines)
	}
}

func TestLogKeepsSecrets(t *testing.T) {
	var b bytes.Buffer
	log := newLogger(&b, slog.LevelInfo, false).With("server", "home")
	log.Debug("not said")
	log.Info("a", "error", errors.New("Post \"https://me:SECRET@box/RPC2?token=SECRET\": no"), "n", 5)
	log.Warn("http://tracker/SECRET/announce", "file", "scgi:///home/me/rpc.sock")
	const want = `level=INFO msg=a server=home error="Post \"https://box/…\": no" n=5` + "\n" +
		"level=WARN msg=http://tracker/… server=home file=scgi:///home/me/rpc.sock\n"
	if got := lines(&b); got != want {
		t.Errorf("log = %q, want %q", got, want)
	}
}

func TestLogInTheJournal(t *testing.T) {
	var b bytes.Buffer
	log := newLogger(&b, slog.LevelDebug, true)
	log.Debug("d")
	log.Info("i")
	log.Warn("w")
	log.Error("e", "k", "v")
	if got, want := b.String(), "<7>msg=d\n<6>msg=i\n<4>msg=w\n<3>msg=e k=v\n"; got != want {
		t.Errorf("journal = %q, want %q", got, want)
	}

	// The program knows the journal by the number of the file.
	rt, dir := rtorrenttest.Start(t, oldest()), mountDir(t)
	name := filepath.Join(rtorrenttest.ShortDir(t), "journal")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	s := info.Sys().(*syscall.Stat_t)
	cmd := command(t, "mount", "--log-level", "debug", "--ttl", "100ms", "--max-stale", "100ms", rt.Endpoint(), dir)
	cmd.Env = append(cmd.Env, fmt.Sprintf("JOURNAL_STREAM=%d:%d", s.Dev, s.Ino))
	cmd.Stderr = f
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Signal(syscall.SIGTERM)
	rtorrenttest.Eventually(t, runBound, "the mount is ready", func() bool { return strings.Contains(read(t, name), "Ctrl-C") })
	if err := rt.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, runBound, "a warning is in the journal", func() bool {
		_, _ = os.ReadFile(filepath.Join(dir, "list.tsv")) // it fails, since rTorrent is gone
		return strings.Contains(read(t, name), "\n<4>msg=")
	})
}
