//go:build bench

package bench

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestBench measures everything and writes the page. RTFS_BENCH names the parts
// to measure instead, as VERSION:TORRENTS, fake:TORRENTS or content.
func TestBench(t *testing.T) {
	r := &report{t: t}
	parts, all := "content 0.9.8:1000 0.9.8:10000 0.16:10000 fake:100000", true
	if only := os.Getenv("RTFS_BENCH"); only != "" {
		parts, all = only, false
	}
	binary := build(t)
	if all {
		program(r, binary)
	}
	for part := range strings.FieldsSeq(parts) {
		if part == "content" {
			content(r, binary)
			continue
		}
		version, count, _ := strings.Cut(part, ":")
		n, err := strconv.Atoi(count)
		must(t, err)
		t.Run(part, func(t *testing.T) {
			r.t = t
			measure(r, binary, version, n)
		})
	}
	r.t = t
	if all {
		r.write("../docs/benchmarks.md")
	}
}

// program measures what does not depend on an rTorrent.
func program(r *report, binary string) {
	r.section("The program")
	info, err := os.Stat(binary)
	must(r.t, err)
	r.atMost("binary, stripped", float64(info.Size())/1e6, 12, "MB")
	ready := middle(9, func() time.Duration {
		m := mount(r.t, binary, "scgi://127.0.0.1:1")
		defer m.stop()
		return m.ready
	})
	r.atMost("ready to serve after its start, with rTorrent down", float64(ready.Microseconds())/1000, 50, "ms")
}

// A rig is one rTorrent with its torrents.
type rig struct {
	*report
	binary   string
	n        int
	endpoint string
	pid      int // of rTorrent, 0 a fake
	columns  []string
}

func measure(r *report, binary, version string, n int) {
	rig := &rig{report: r, binary: binary, n: n}
	if version == "fake" {
		s := rtorrenttest.NewServer(r.t, rtorrenttest.ServerOptions{})
		s.Fill(n)
		rig.endpoint = s.Endpoint()
		r.section(fmt.Sprintf("A fake rTorrent with %d torrents", n))
		rig.memory()
		return
	}
	d := startOn(r.t, version, n)
	rig.endpoint, rig.pid = d.Endpoint(), d.PID()
	client := rtorrenttest.Dial(r.t, rig.endpoint)
	caps, err := client.Caps(context.Background())
	must(r.t, err)
	rig.columns = getters(caps.Has)
	// 0.16 answers before it has loaded all.
	rtorrenttest.Eventually(r.t, 10*time.Minute, "all torrents are loaded", func() bool {
		var size int64
		must(r.t, client.Call(context.Background(), &size, "view.size", "", "main"))
		return size == int64(n)
	})
	r.section(fmt.Sprintf("rTorrent %s with %d torrents, %d of them active", caps.Version, n, activeOnes))
	rig.listings()
	rig.tables()
	rig.dashboard(client)
	rig.memory()
}

// first returns an idle torrent.
func first(t testing.TB, client *rtorrent.Client) rtorrent.Hash {
	t.Helper()
	rows, err := client.Torrents(context.Background(), nil)
	must(t, err)
	for _, row := range rows {
		if !row.State {
			return row.Hash
		}
	}
	t.Fatal("no torrent is idle")
	return ""
}
