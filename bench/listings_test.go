//go:build bench

package bench

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// listings measures the shell's commands on the mount beside the same on tmpfs.
func (r *rig) listings() {
	t := r.t
	look := newCaller(t, r.endpoint, []string{"d.hash=", "d.size_bytes=", "d.custom=addtime", "d.load_date="})
	own := median(3, func() { look.call(t) })
	r.times("first `ls torrents` after mounting", middle(3, func() time.Duration {
		m := mount(t, r.binary, r.endpoint)
		defer m.stop()
		return timed(sh(t, `ls "$1/torrents" >/dev/null`, m.dir))
	}), "rTorrent's own time for the one table", own, 1.3)

	m := mount(t, r.binary, r.endpoint, "--ttl", "10m")
	tree := floor(t, m)
	for _, c := range []struct {
		what, script string
		times        int
		aim          float64
	}{
		{"`ls torrents`", `ls "$1/torrents" >/dev/null`, 15, 1.5},
		{"`ls -l torrents`", `ls -l "$1/torrents" >/dev/null`, 9, 2},
		{"`find torrents -maxdepth 2`", `find "$1/torrents" -maxdepth 2 >/dev/null`, 5, 4},
		{"`grep . torrents/*/ratio`", `grep . "$1"/torrents/*/ratio >/dev/null`, 7, 6},
		{"the same, all on one CPU", `taskset -ap 0x1 "$2" >/dev/null; taskset 0x1 grep . "$1"/torrents/*/ratio >/dev/null`, 7, 4},
	} {
		pid := itoa(m.pid)
		sh(t, c.script, m.dir, pid)() // warm
		ours, floor := beside(c.times, sh(t, c.script, m.dir, pid), sh(t, c.script, tree, pid))
		r.times(c.what+", warm", ours, "tmpfs", floor, c.aim)
	}
	sh(t, `taskset -ap 0xffffffff "$1" >/dev/null`, itoa(m.pid))()
	m.stop()

	m = mount(t, r.binary, r.endpoint, "--ttl", "5s")
	sh(t, `cat "$1/list.tsv" >/dev/null`, m.dir)()
	before := m.health(t, "calls")
	spent := timed(sh(t, `grep . "$1"/torrents/*/ratio >/dev/null`, m.dir))
	r.add(figure{what: "calls for `grep . torrents/*/ratio` within a TTL of 5 s", value: itoa(m.health(t, "calls") - before), than: "in " + ms(spent)})
	before = m.health(t, "calls")
	idle := cpu(t, m.pid)
	time.Sleep(15 * time.Second)
	r.add(figure{what: "calls and CPU in 15 s with nobody reading", value: itoa(m.health(t, "calls")-before) + ", " + ms(cpu(t, m.pid)-idle)})
	m.stop()
}

// floor makes the tree of the torrents on tmpfs, with a value in the file that
// is read, and none in the others.
func floor(t testing.TB, m *mounted) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "rtfs-bench")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	torrents, err := os.ReadDir(m.path("torrents"))
	must(t, err)
	inside, err := os.ReadDir(m.path("torrents", torrents[0].Name()))
	must(t, err)
	for _, torrent := range torrents {
		at := filepath.Join(dir, "torrents", torrent.Name())
		must(t, os.MkdirAll(at, 0o755))
		for _, e := range inside {
			switch {
			case e.IsDir():
				must(t, os.Mkdir(filepath.Join(at, e.Name()), 0o755))
			case e.Name() == "ratio":
				must(t, os.WriteFile(filepath.Join(at, e.Name()), []byte("0.000\n"), 0o644))
			default:
				must(t, os.WriteFile(filepath.Join(at, e.Name()), nil, 0o644))
			}
		}
	}
	return dir
}
