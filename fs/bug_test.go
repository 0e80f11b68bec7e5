package fs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"

	"rtfs/cache"
	"rtfs/rtorrent/rtorrenttest"
)

// TestBugInAHandler: what panics is an EIO with a line in the log, and the
// mount lives.
func TestBugInAHandler(t *testing.T) {
	var log bytes.Buffer
	tree := New(cache.New(rtorrenttest.Dial(t, "scgi:///nowhere"), cache.Options{}), Options{Log: slog.New(slog.NewTextHandler(&log, nil)), DataUID: -1})
	nodes := append(rootNodes(), File[server]{Name: "bug", Doc: "panics", Value: func(*server) string { panic("a hole") }})
	s := subject[server]{find: func(context.Context) (*server, error) { return &server{tree.d}, nil }, ino: tree.root.ino}
	tree.root.dir = newTableDir(tree.d, s, nodes)
	dir := rtorrenttest.ShortDir(t)
	mount, err := tree.Mount(dir, MountOptions{Source: "test", Direct: os.Geteuid() == 0})
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	for range 3 {
		if _, err := os.ReadFile(dir + "/bug"); !errors.Is(err, syscall.EIO) {
			t.Errorf("read: %v, want EIO", err)
		}
		if b, err := os.ReadFile(dir + "/health"); err != nil || !strings.Contains(string(b), "a hole") {
			t.Errorf("health afterwards: %v, %s", err, b)
		}
	}
	if err := mount.Unmount(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "a hole") || !strings.Contains(log.String(), "bug_test.go") {
		t.Errorf("the log has no line with the place: %s", log.String())
	}
}
