package rtorrenttest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestFaultsOfOneCall has each fault happen to one read and to one write. What
// is read is true or an error with a kind; a write that returns no error has
// happened, and one whose error has another kind than ErrUnknown has not.
func TestFaultsOfOneCall(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d := rtorrenttest.Start(t, version)
			proxy := rtorrenttest.NewProxy(t, d.Endpoint())
			direct := rtorrenttest.Dial(t, d.Endpoint())
			c := rtorrenttest.Dial(t, proxy.Endpoint(), func(o *rtorrent.Options) { o.Timeout = 500 * time.Millisecond })
			sample := rtorrenttest.MakeSample(t, "sample", rtorrenttest.NoTracker, rtorrenttest.Content{Data: rtorrenttest.Bytes(1000)})
			if err := direct.LoadRaw(t.Context(), sample.Encode()); err != nil {
				t.Fatal(err)
			}
			rtorrenttest.Eventually(t, 30*time.Second, "it is loaded", func() bool {
				_, err := c.Torrent(t.Context(), sample.Hash)
				return err == nil
			})
			now := func() string {
				t.Helper()
				if !proxy.Settled(30 * time.Second) {
					t.Fatal("a call does not end")
				}
				row, err := direct.Torrent(t.Context(), sample.Hash)
				if err != nil {
					t.Fatal(err)
				}
				return row.Custom1
			}
			before := now()
			for _, fault := range rtorrenttest.AllFaults() {
				proxy.Spoil(fault)
				row, err := c.Torrent(t.Context(), sample.Hash)
				switch {
				case err == nil && row.Custom1 != before:
					t.Errorf("%s: read %q, want %q", fault, row.Custom1, before)
				case err != nil && !lost(err):
					t.Errorf("%s: read: error of no kind: %v", fault, err)
				}
				now()

				proxy.Spoil(fault)
				_, err = c.Do(t.Context(), sample.Hash, rtorrent.SetCustom1(sample.Hash, fault.String()))
				after := now()
				unknown := errors.Is(err, rtorrent.ErrUnknown)
				switch {
				case err == nil && after != fault.String():
					t.Errorf("%s: write without error, and %q is %q", fault, fault, after)
				case err != nil && !unknown && after != before:
					t.Errorf("%s: write failed with %v, and has happened", fault, err)
				case err != nil && !unknown && !errors.Is(err, rtorrent.ErrUnavailable):
					t.Errorf("%s: write: error of no kind: %v", fault, err)
				}
				t.Logf("%s: happened %t: %v", fault, after != before, err)
				before = after
			}
		})
	}
}

// lost reports whether a read failed in a way that a caller can tell.
func lost(err error) bool {
	for _, kind := range []error{rtorrent.ErrUnavailable, rtorrent.ErrProtocol, rtorrent.ErrTooLarge, context.DeadlineExceeded} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
