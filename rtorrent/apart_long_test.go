//go:build long

package rtorrent_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestTrackersToldInARow restarts torrents whose tracker answers, and erases
// them as soon as they are started, many times: rTorrent lives.
func TestTrackersToldInARow(t *testing.T) {
	const torrents, rounds = 20, 15
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			daemon := rtorrenttest.Start(t, version)
			client := rtorrenttest.Dial(t, daemon.Endpoint())
			tracker := rtorrenttest.NewTracker(t)
			data := []byte("five\n")
			var all []*rtorrent.Metainfo
			do := func(m *rtorrent.Metainfo, commands ...rtorrent.Command) {
				t.Helper()
				rtorrenttest.Eventually(t, time.Minute, "let in", func() bool {
					_, err := client.Do(t.Context(), m.Hash, commands...)
					return err == nil
				})
			}
			start := func(m *rtorrent.Metainfo) {
				t.Helper()
				if err := client.LoadRaw(t.Context(), m.Encode()); err != nil {
					t.Fatal(err)
				}
				do(m, rtorrent.Open(m.Hash), rtorrent.Start(m.Hash))
			}
			for i := range torrents {
				name := fmt.Sprintf("apart %d", i)
				made, err := rtorrent.MakeMetainfo(name, []rtorrent.MakeFile{{Length: int64(len(data)), Data: bytes.NewReader(data)}}, 1<<15, tracker.URL)
				if err != nil {
					t.Fatal(err)
				}
				m, err := rtorrent.ParseMetainfo(made)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(daemon.Downloads(), name), data, 0o644); err != nil {
					t.Fatal(err)
				}
				all = append(all, m)
				start(m)
			}
			for _, m := range all {
				rtorrenttest.Eventually(t, time.Minute, "answered by its tracker", func() bool {
					trackers, err := client.Trackers(t.Context(), m.Hash)
					return err == nil && trackers[0].Successes > 0
				})
			}
			for range rounds {
				for _, m := range all {
					do(m, rtorrent.Pause(m.Hash), rtorrent.Resume(m.Hash))
				}
			}
			for range rounds {
				for _, m := range all {
					do(m, rtorrent.Erase(m.Hash))
					start(m)
				}
			}
			if err := client.Call(t.Context(), nil, "system.pid"); err != nil {
				t.Error(err)
			}
		})
	}
}
