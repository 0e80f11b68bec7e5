//go:build bench

package bench

import (
	"fmt"
	"os"
	"testing"
	"time"

	"rtfs/rtorrent/rtorrenttest"
)

// memory measures what the program keeps in memory.
func (r *rig) memory() {
	t := r.t
	few := rtorrenttest.NewServer(t, rtorrenttest.ServerOptions{})
	few.Fill(1)
	m := mount(t, r.binary, few.Endpoint())
	base := settled(t, m)
	m.stop()

	m = mount(t, r.binary, r.endpoint, "--timeout", "10m", "--ttl", "10m")
	loaded := settled(t, m)
	r.atMost("resident a torrent with the list loaded, beyond that of one torrent", float64(loaded-base)/float64(r.n)/1000, 1.5, "KB")
	r.add(figure{what: "resident with the list loaded", value: mb(loaded), than: "with one torrent " + mb(base)})
	if r.pid == 0 {
		return
	}
	sh(t, `find "$1/torrents" >/dev/null`, m.dir)()
	found := resident(t, m.pid)
	if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("2"), 0o644); err != nil {
		t.Fatal(err)
	}
	after := lowest(t, m, 2*time.Minute)
	r.add(figure{what: fmt.Sprintf("resident after a `find` of everything (%d files each)", filesEach), value: mb(found), than: "once the kernel forgets " + mb(after)})
	m.stop()
}

// settled reads the list, and returns the memory that stays.
func settled(t testing.TB, m *mounted) int64 {
	t.Helper()
	sh(t, `ls "$1/torrents" >/dev/null`, m.dir)()
	return lowest(t, m, 10*time.Second)
}

// lowest returns the lowest memory within a time.
func lowest(t testing.TB, m *mounted, within time.Duration) int64 {
	t.Helper()
	low := resident(t, m.pid)
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(time.Second) {
		low = min(low, resident(t, m.pid))
	}
	return low
}

func mb(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
