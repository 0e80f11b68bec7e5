package rtorrenttest_test

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestTrackerIntroduces moves real data between the two versions, which know
// of each other by the tracker alone.
func TestTrackerIntroduces(t *testing.T) {
	tracker := rtorrenttest.NewTracker(t)
	data := bytes.Repeat([]byte("piece of data..."), 1024) // one piece of 16 KiB
	piece := sha1.Sum(data)
	info := fmt.Sprintf("d6:lengthi%de4:name5:thing12:piece lengthi16384e6:pieces20:%se", len(data), piece)
	torrent := fmt.Appendf(nil, "d8:announce%d:%s4:info%se", len(tracker.URL), tracker.URL, info)
	hash := sha1.Sum([]byte(info))

	load := func(d *rtorrent.Daemon) {
		t.Helper()
		if err := rtorrenttest.Dial(t, d.Endpoint()).CallWrite(t.Context(), nil, "load.raw_start", "", torrent); err != nil {
			t.Fatal(err)
		}
	}
	seed, leech := rtorrenttest.Start(t, "0.9.8"), rtorrenttest.Start(t, "0.16")
	if err := os.WriteFile(filepath.Join(seed.Downloads(), "thing"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	load(seed)
	rtorrenttest.Eventually(t, 15*time.Second, "the seed announces", func() bool { return tracker.Announces(hash) > 0 })
	load(leech)
	client := rtorrenttest.Dial(t, leech.Endpoint())
	rtorrenttest.Eventually(t, 30*time.Second, "the leech has everything", func() bool {
		var complete int64
		return client.Call(t.Context(), &complete, "d.complete", fmt.Sprintf("%X", hash)) == nil && complete == 1
	})
	got, err := os.ReadFile(filepath.Join(leech.Downloads(), "thing"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, data) {
		t.Error("the data differs")
	}

	const reason = "torrent is unregistered"
	tracker.Fail(reason)
	if err := client.CallWrite(t.Context(), nil, "d.tracker_announce", fmt.Sprintf("%X", hash)); err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, 15*time.Second, "the tracker's words are the message", func() bool {
		var message string
		return client.Call(t.Context(), &message, "d.message", fmt.Sprintf("%X", hash)) == nil && strings.Contains(message, reason)
	})
}
