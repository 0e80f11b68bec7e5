package fs

import (
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestFilePriorityOfAClosedTorrent sets priorities of files in a torrent that
// is closed, where d.update_priorities could end 0.16.17, and starts it.
func TestFilePriorityOfAClosedTorrent(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountQuick(t, rtorrenttest.Start(t, version))
			p := newPayload(t, "folder", piece, map[string]int{"a": 2 * piece, "b": 3 * piece, "c": piece})
			m.add(t, "add-stopped", p)
			force := func(what string) {
				t.Helper()
				if _, err := m.cache.Apply(t.Context(), p.hash, rtorrent.UpdatePriorities(p.hash)); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
			}
			m.put(t, "off\n", "torrents", string(p.hash), "file_priority", "c")
			force("never opened")
			m.put(t, "start\n", "torrents", string(p.hash), "state")
			m.awaitState(t, p.hash, stateDownloading)
			m.put(t, "stop\n", "torrents", string(p.hash), "state")
			m.put(t, "off\n", "torrents", string(p.hash), "file_priority", "a")
			force("closed")
			m.put(t, "high\n", "torrents", string(p.hash), "file_priority", "b")
			m.put(t, "1\n", "torrents", string(p.hash), "file_priority", "c")
			force("closed")
			m.put(t, "start\n", "torrents", string(p.hash), "state")
			m.awaitState(t, p.hash, stateDownloading)
			rtorrenttest.Eventually(t, 30*time.Second, "a is not wanted", func() bool {
				row, err := m.client.Torrent(t.Context(), p.hash)
				return err == nil && row.WantedPieces == 4
			})
			if got := m.read(t, "torrents", string(p.hash), "file_priority", "a") + m.read(t, "torrents", string(p.hash), "file_priority", "b"); got != "0\n2\n" {
				t.Errorf("priorities = %q after the start, want 0 and 2", got)
			}
		})
	}
}
