package rtorrenttest

import (
	"context"
	"os"
	"testing"
	"time"

	"rtfs/rtorrent"
)

// Versions are the versions of rTorrent that everything is tested with. A test
// of a real rTorrent has a subtest for each.
func Versions() []string { return []string{"0.9.8", "0.16"} }

// Start starts a private rTorrent of the given version, changed by opts, in a
// directory of its own, and kills it when the test ends: a proper shutdown
// would only cost time. If the test has failed by then, the end of rTorrent's
// log goes into the test's.
//
// A version that is not installed fails the test; nothing is ever skipped.
func Start(t testing.TB, version string, opts ...func(*rtorrent.DaemonOptions)) *rtorrent.Daemon {
	t.Helper()
	o := rtorrent.DaemonOptions{Binary: []string{Binary(t, version)}, Dir: ShortDir(t)}
	for _, set := range opts {
		set(&o)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := rtorrent.StartDaemon(ctx, o)
	if err != nil {
		t.Fatalf("rTorrent %s: %v", version, err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("rTorrent %s said last:\n%s", version, d.LogTail())
		}
		if err := d.Kill(); err != nil {
			t.Errorf("rTorrent %s: %v", version, err)
		}
	})
	return d
}

// Dial returns a client of what listens at endpoint, changed by opts.
func Dial(t testing.TB, endpoint string, opts ...func(*rtorrent.Options)) *rtorrent.Client {
	t.Helper()
	e, err := rtorrent.ParseEndpoint(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rtorrent.NewTransport(e, rtorrent.TransportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var o rtorrent.Options
	for _, set := range opts {
		set(&o)
	}
	return rtorrent.New(transport, o)
}

// Binary returns the path of an installed rTorrent of the given version.
func Binary(t testing.TB, version string) string {
	t.Helper()
	found := rtorrent.FindBinaries(t.Context())
	for _, b := range found {
		if b.Is(version) {
			return b.Path
		}
	}
	t.Fatalf("rTorrent %s is not installed (found: %v): run make deps", version, found)
	return ""
}

// ShortDir is t.TempDir with a short path: that of a Unix socket is limited to
// 107 bytes, and t.TempDir spends them on the name of the test.
func ShortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// patience is what Eventually waits at least: a machine that does much else is no
// reason to fail, and who is not waited for in vain costs nothing.
const patience = time.Minute

// Eventually calls ok until it is true, and fails the test if that takes
// longer than within and than a minute. What completes "not within 1s: ".
func Eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	within = max(within, patience)
	deadline := time.After(within)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			if !ok() {
				t.Fatalf("not within %s: %s", within, what)
			}
			return
		}
	}
}
