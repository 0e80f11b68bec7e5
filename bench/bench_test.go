//go:build bench

package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestBench measures everything and writes the page. RTFS_BENCH names what to
// measure instead: program, content, or VERSION:TORRENTS, of which /PART,PART
// takes some parts alone, as in 0.9.8:10000/listings,tables. The version "fake"
// is a fake.
func TestBench(t *testing.T) {
	r := &report{t: t}
	what, all := "program content 0.9.8:1000 0.9.8:10000 0.16:10000 fake:100000", true
	if only := os.Getenv("RTFS_BENCH"); only != "" {
		what, all = only, false
	}
	binary := build(t)
	for what := range strings.FieldsSeq(what) {
		t.Run(what, func(t *testing.T) {
			r.t = t
			switch what {
			case "program":
				program(r, binary)
			case "content":
				content(r, binary)
			default:
				measure(r, binary, what)
			}
		})
	}
	if r.t = t; all && !t.Failed() {
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
	// Of an rTorrent, and nothing of a fake.
	pid     int
	client  *rtorrent.Client
	columns []string
}

// The parts of what is measured of an rTorrent, and of a fake.
var (
	parts     = []part{{"listings", (*rig).listings}, {"tables", (*rig).tables}, {"dashboard", (*rig).dashboard}, {"memory", (*rig).memory}}
	fakeParts = []part{{"memory", (*rig).memory}}
)

type part struct {
	name    string
	measure func(*rig)
}

// measure measures what is written as VERSION:TORRENTS/PART,PART.
func measure(r *report, binary, what string) {
	what, only, some := strings.Cut(what, "/")
	version, count, _ := strings.Cut(what, ":")
	n, err := strconv.Atoi(count)
	must(r.t, err)
	rig, known := &rig{report: r, binary: binary, n: n}, parts
	if version == "fake" {
		known = fakeParts
		rig.startFake()
	} else {
		rig.start(version)
	}
	names := strings.Split(only, ",")
	for _, p := range known {
		if !some || slices.Contains(names, p.name) {
			began := time.Now()
			p.measure(rig)
			r.t.Logf("%s took %.0f s", p.name, time.Since(began).Seconds())
		}
		names = slices.DeleteFunc(names, func(name string) bool { return name == p.name })
	}
	if some && len(names) > 0 {
		r.t.Errorf("there are no parts %v", names)
	}
}

func (r *rig) startFake() {
	s := rtorrenttest.NewServer(r.t, rtorrenttest.ServerOptions{})
	s.Fill(r.n)
	r.endpoint = s.Endpoint()
	r.section(fmt.Sprintf("A fake rTorrent with %d torrents", r.n))
}

func (r *rig) start(version string) {
	began := time.Now()
	d := startOn(r.t, version, r.n)
	r.endpoint, r.pid = d.Endpoint(), d.PID()
	r.client = rtorrenttest.Dial(r.t, r.endpoint)
	caps, err := r.client.Caps(context.Background())
	must(r.t, err)
	r.columns = getters(caps.Has)
	// 0.16 answers before it has loaded all.
	rtorrenttest.Eventually(r.t, 10*time.Minute, "all torrents are loaded", func() bool {
		var size int64
		must(r.t, r.client.Call(context.Background(), &size, "view.size", "", "main"))
		return size == int64(r.n)
	})
	r.t.Logf("rTorrent has started after %.0f s", time.Since(began).Seconds())
	r.section(fmt.Sprintf("rTorrent %s with %d torrents, %d of them active", caps.Version, r.n, activeOnes))
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
