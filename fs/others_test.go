package fs

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// An editor changes one value of a torrent, again and again.
type editor struct {
	name string
	file string // where the mount shows the value
	set  func(h rtorrent.Hash, value string) error
}

// TestTwoOthersEdit has two other programs edit what two mounts of an rTorrent
// edit, too: the same torrents, and values of their own. Nothing that one of
// them wrote is lost by what another wrote, and each change is seen in both
// mounts.
func TestTwoOthersEdit(t *testing.T) {
	const rounds = 8
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			d := rtorrenttest.Start(t, version)
			mount := func() *mounted {
				return mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{TTL: 20 * time.Millisecond, Slow: 50 * time.Millisecond}, Options{TTL: 20 * time.Millisecond})
			}
			mounts := []*mounted{mount(), mount()}
			torrents := stoppedTorrents(t, mounts[0], 2)
			for _, p := range torrents {
				rtorrenttest.Eventually(t, rowWait, "the second mount has the torrent", func() bool {
					_, err := os.Stat(mounts[1].torrent(p.hash, ""))
					return err == nil
				})
			}
			other := func(client *rtorrent.Client, command func(rtorrent.Hash, string) rtorrent.Command) func(rtorrent.Hash, string) error {
				return func(h rtorrent.Hash, value string) error {
					_, err := client.Do(t.Context(), h, command(h, value))
					return err
				}
			}
			ours := func(m *mounted, file string) func(rtorrent.Hash, string) error {
				return func(h rtorrent.Hash, value string) error { return writeFile(m.torrent(h, file), []byte(value+"\n")) }
			}
			a, b := rtorrenttest.Dial(t, d.Endpoint()), rtorrenttest.Dial(t, d.Endpoint())
			editors := []editor{
				{"the first program", "tags", other(a, rtorrent.SetCustom1)},
				{"the second program", "custom/second", other(b, func(h rtorrent.Hash, value string) rtorrent.Command { return rtorrent.SetCustom(h, "second", value) })},
				{"the first mount", "comment", ours(mounts[0], "comment")},
				{"the second mount", "custom/ours", ours(mounts[1], "custom/ours")},
			}
			var all sync.WaitGroup
			for _, p := range torrents {
				for _, e := range editors {
					all.Go(func() {
						for n := range rounds {
							if err := e.set(p.hash, fmt.Sprintf("%s-%d", strings.ReplaceAll(e.name, " ", "-"), n)); err != nil {
								t.Errorf("%s: %v", e.name, err)
							}
						}
					})
				}
			}
			all.Wait()
			for i, m := range mounts {
				for _, p := range torrents {
					for _, e := range editors {
						want := fmt.Sprintf("%s-%d\n", strings.ReplaceAll(e.name, " ", "-"), rounds-1)
						rtorrenttest.Eventually(t, rowWait, fmt.Sprintf("mount %d shows what %s wrote last to %s", i, e.name, e.file), func() bool {
							got, err := os.ReadFile(m.torrent(p.hash, e.file))
							return err == nil && string(got) == want
						})
					}
				}
			}
		})
	}
}
