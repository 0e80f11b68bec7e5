package fs

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent/rtorrenttest"
)

// TestWrittenValueIsNew writes a value that others have open: they go on to
// read the one that they opened, whole, and whoever comes reads the new one.
func TestWrittenValueIsNew(t *testing.T) {
	m, hashes := mountFake(t, 1)
	path := m.torrent(hashes[0], "comment")
	before := ""
	for i := range 50 {
		text := strings.Repeat("comment ", 1+i%7*40) + fmt.Sprint(i)
		old, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, min(1, len(before)))
		if _, err := io.ReadFull(old, first); err != nil {
			t.Fatal(err)
		}
		if err := writeFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != int64(len(text))+1 {
			t.Errorf("size after the write: %v, %v, want %d", info.Size(), err, len(text)+1)
		}
		if got := m.read(t, "torrents", string(hashes[0]), "comment"); got != text+"\n" {
			t.Errorf("after the write: %.20q of %d bytes, want %.20q of %d", got, len(got), text, len(text)+1)
		}
		if rest, err := io.ReadAll(old); err != nil || string(first)+string(rest) != before+"\n" {
			t.Errorf("what was open: %d bytes, %v, want %d", len(first)+len(rest), err, len(before)+1)
		}
		old.Close()
		before = text
	}
}

// TestHeldValueIsOpenedAnew opens a value by the descriptor of an older one,
// for which the kernel has no path to look up.
func TestHeldValueIsOpenedAnew(t *testing.T) {
	m, hashes := mountFake(t, 1)
	path := m.torrent(hashes[0], "comment")
	old, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	held := fmt.Sprintf("/proc/self/fd/%d", old.Fd())
	if err := writeFile(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(held); err != nil || string(got) != "new\n" {
		t.Errorf("by the descriptor: %q, %v", got, err)
	}
	if err := writeFile(held, []byte("newer")); err != nil {
		t.Errorf("write by the descriptor: %v", err)
	}
	if got := m.read(t, "torrents", string(hashes[0]), "comment"); got != "newer\n" {
		t.Errorf("after that: %q", got)
	}
	if got, err := io.ReadAll(old); err != nil || string(got) != "\n" {
		t.Errorf("the descriptor itself: %q, %v", got, err)
	}
}

// TestValueIsReadWithoutReads counts what the kernel asks for values that it
// has read within the TTL.
func TestValueIsReadWithoutReads(t *testing.T) {
	s := rtorrenttest.NewServer(t, rtorrenttest.ServerOptions{})
	s.Fill(20)
	m := mountClient(t, rtorrenttest.Dial(t, s.Endpoint()), cache.Options{TTL: time.Hour, Slow: time.Hour}, Options{TTL: time.Hour})
	if out, status := m.sh(t, "grep -c . torrents/*/ratio"); status != 0 {
		t.Fatal(out)
	}
	calls := len(s.Log())
	before := map[string]int64{}
	for _, op := range []string{"LOOKUP", "OPEN", "GETATTR", "READ"} {
		before[op] = m.ops.of(op)
	}
	out, status := m.sh(t, "grep . torrents/*/ratio >/dev/null; stat -c %s torrents/*/ratio")
	if status != 0 || strings.Count(out, "6\n") != 20 {
		t.Errorf("%s", out)
	}
	if got := m.ops.of("OPEN") - before["OPEN"]; got != 20 {
		t.Errorf("%d files are opened, want 20", got)
	}
	if got := m.ops.of("READ") - before["READ"]; got != 0 {
		t.Errorf("the kernel reads %d times what it has", got)
	}
	if got := m.ops.of("LOOKUP") - before["LOOKUP"]; got > 0 {
		t.Errorf("it looks up %d names that it has", got)
	}
	// After the first read, the time of access is asked once.
	if got := m.ops.of("GETATTR") - before["GETATTR"]; got > 20+5 {
		t.Errorf("it asks for attributes %d times", got)
	}
	if got := len(s.Log()) - calls; got > 0 {
		t.Errorf("rTorrent is asked %d times", got)
	}
}

// TestForgottenTreeTakesNothing walks over everything, and has the kernel forget
// it: no node is left but those of what is in use.
func TestForgottenTreeTakesNothing(t *testing.T) {
	m, hashes := mountFake(t, 100)
	if out, status := m.sh(t, "find torrents >/dev/null; stat torrents/*/* >/dev/null; grep . torrents/*/ratio >/dev/null"); status != 0 {
		t.Fatal(out)
	}
	if n := len(m.known(hashes[0])); n < 40 {
		t.Errorf("after a look at all its files the kernel knows %d", n)
	}
	held, err := os.Open(m.torrent(hashes[0], "ratio"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	torrents := m.tree.root.GetChild("torrents")
	left := func() int { return len(below(nil, torrents)) }
	t.Logf("%d nodes", left())
	m.tree.d.visits.prune(time.Now())
	if torrents.NotifyPrune(nil) != 0 { // before Linux 6.18
		if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("2"), 0); err != nil {
			t.Fatal(err)
		}
	}
	rtorrenttest.Eventually(t, 20*time.Second, "all but what is held is forgotten", func() bool {
		return left() == 2 // the directory and the file
	})
	if got, err := io.ReadAll(held); err != nil || len(got) != 6 {
		t.Errorf("the file that is held: %q, %v", got, err)
	}
	held.Close()
	m.tree.d.visits.note(hashes[0], torrents)
	m.tree.d.visits.prune(time.Now())
	if got := m.read(t, "torrents", string(hashes[1]), "ratio"); len(got) != 6 {
		t.Errorf("a value after that: %q", got)
	}
}
