package fs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestReadingADownload reads a file all the time while it is downloaded from
// another rTorrent: every byte it gets is right, and in the end all are there.
func TestReadingADownload(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := newPayload(t, "p", piece, map[string]int{"": 20 * piece})
			data := p.files[0].data
			seed := mountDaemon(t, "0.9.8")
			p.write(t, seed.daemon.Downloads())
			seed.add(t, "add", p)
			seed.awaitState(t, p.hash, stateSeeding)
			m := mountDaemon(t, version, func(o *rtorrent.DaemonOptions) { o.DownRateKB = 300 })
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateDownloading)
			if err := m.client.CallWrite(t.Context(), nil, "add_peer", p.hash, fmt.Sprintf("127.0.0.1:%d", seed.daemon.PeerPort())); err != nil {
				t.Fatal(err)
			}

			file := m.torrent(p.hash, "files", "p")
			refused, served, partial := 0, 0, 0
			rtorrenttest.Eventually(t, 60*time.Second, "it is downloaded", func() bool {
				for i := range 20 {
					got, err := readAt(file, int64(i*piece), 2*piece)
					switch {
					case errors.Is(err, syscall.EAGAIN):
						refused++
					case err != nil || len(got) == 0 || !bytes.Equal(got, data[i*piece:i*piece+len(got)]):
						t.Fatalf("piece %d: %d bytes, %v, which are not those of the torrent", i, len(got), err)
					case len(got) == piece:
						partial++
					default:
						served++
					}
				}
				return strings.TrimSpace(m.read(t, "torrents", string(p.hash), "state")) == stateSeeding
			})
			t.Logf("%d reads refused, %d of one piece, %d of two", refused, partial, served)
			if refused == 0 || served == 0 {
				t.Errorf("%d reads were refused and %d served, want some of each", refused, served)
			}
			if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, data) {
				t.Errorf("the whole file: %d bytes, %v, want the %d of the torrent", len(got), err, len(data))
			}
		})
	}
}
