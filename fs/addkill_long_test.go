//go:build long

package fs

import (
	"testing"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestKilledBehindADrop kills rTorrent as soon as a drop and a write to tags
// have succeeded, and starts it again: both are there.
func TestKilledBehindADrop(t *testing.T) {
	const rounds = 10
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			options := rtorrent.DaemonOptions{Binary: []string{rtorrenttest.Binary(t, version)}, Dir: rtorrenttest.ShortDir(t)}
			var kept []rtorrent.Hash
			for range rounds {
				daemon, err := rtorrent.StartDaemon(t.Context(), options)
				if err != nil {
					t.Fatal(err)
				}
				m := mountClient(t, rtorrenttest.Dial(t, daemon.Endpoint()), cache.Options{}, Options{})
				for _, h := range kept {
					if got := m.read(t, "torrents", string(h), "tags"); got != "tv\nwritten\n" {
						t.Errorf("%s after a restart: tags = %q, want tv and written", h, got)
					}
				}
				p := newPayload(t, "killed", piece, map[string]int{"": 1000})
				m.setenv("SRC", p.file(t))
				out, status := m.sh(t, `mkdir -p add/tv && cp "$SRC" add/tv/ && echo written >> torrents/`+string(p.hash)+`/tags`)
				if err := daemon.Kill(); err != nil {
					t.Fatal(err)
				}
				if out != "" || status != 0 {
					t.Fatalf("exit status %d, %q", status, out)
				}
				kept = append(kept, p.hash)
			}
		})
	}
}
