package rtorrent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestWriteAfterLoadKeepsTheTorrent: the save of a write must not take the place
// of that of the load, or rTorrent does not know the torrent at its next start.
func TestWriteAfterLoadKeepsTheTorrent(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		c := rtorrenttest.Dial(t, rtorrenttest.Start(t, version).Endpoint())
		var saved []string
		for i := range 60 {
			sample := rtorrenttest.MakeSample(t, fmt.Sprint("saved ", i), rtorrenttest.NoTracker, rtorrenttest.Content{Data: rtorrenttest.Bytes(100 + i)})
			if err := c.LoadRaw(t.Context(), sample.Encode()); err != nil {
				t.Fatal(err)
			}
			rtorrenttest.Eventually(t, soon, "it is loaded", func() bool {
				var name string
				return c.Call(t.Context(), &name, "d.name", sample.Hash) == nil
			})
			if _, err := c.Do(t.Context(), sample.Hash, rtorrent.SetCustom1(sample.Hash, "value")); err != nil {
				t.Fatal(err)
			}
			saved = append(saved, filepath.Join(probed(t, c).Session, string(sample.Hash)+".torrent"))
		}
		for _, path := range saved {
			rtorrenttest.Eventually(t, 5*time.Second, path+" is there", func() bool {
				_, err := os.Stat(path)
				return err == nil
			})
		}
	})
}
