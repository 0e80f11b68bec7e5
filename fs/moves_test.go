package fs

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

// TestMovesAtTheSameTime moves torrents into and out of one tag from several
// shells, and looks at each where it was: the kernel believes that a directory
// it has moved is gone from there, until we tell it otherwise.
func TestMovesAtTheSameTime(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			if out, status := m.sh(t, "mkdir by-tag/tv"); status != 0 {
				t.Fatal(out)
			}
			var wg sync.WaitGroup
			for i := range 6 {
				p := newPayload(t, fmt.Sprintf("torrent %d", i), piece, map[string]int{"": 1000})
				m.add(t, "add-stopped", p)
				script := fmt.Sprintf(`for i in 1 2 3 4 5 6 7 8 9 10; do
					mv torrents/%s by-tag/tv/ && cat 'by-name/%s/tags' && mv 'by-tag/tv/%[2]s' by-tag/@none/ && cat 'by-name/%[2]s/tags' torrents/%[1]s/tags
				done`, p.hash, p.name)
				wg.Go(func() {
					if out, status := m.sh(t, script); status != 0 || out != strings.Repeat("tv\n\n\n", 10) {
						t.Errorf("%s: exit status %d, %s", p.name, status, out)
					}
				})
			}
			wg.Wait()
		})
	}
}
