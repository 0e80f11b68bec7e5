package fs

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// BenchmarkBesideADeadServer reads all that a server of 100 torrents has to
// tell, alone in its mount and beside one that takes calls and answers none,
// for which 32 processes wait. The ratio of the times is 1 if that costs
// nothing.
func BenchmarkBesideADeadServer(b *testing.B) {
	home, box := rtorrenttest.NewServer(b, rtorrenttest.ServerOptions{}), rtorrenttest.NewServer(b, rtorrenttest.ServerOptions{})
	home.Fill(100)
	box.Freeze()
	defer box.Thaw()
	patient := func(endpoint string) *rtorrent.Client {
		return rtorrenttest.Dial(b, endpoint, func(o *rtorrent.Options) { o.Timeout = 10 * time.Minute })
	}
	alone := mountServers(b, 10*time.Minute, []string{""}, patient(home.Endpoint()))
	beside := mountServers(b, 10*time.Minute, []string{"home", "box"}, patient(home.Endpoint()), patient(box.Endpoint()))
	waiting := exec.Command("sh", "-c", `cd "$0" && for i in $(seq 32); do cat box/list.tsv & done; wait`, beside.dir)
	waiting.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := waiting.Start(); err != nil {
		b.Fatal(err)
	}
	defer waiting.Wait()
	defer func() { _ = syscall.Kill(-waiting.Process.Pid, syscall.SIGKILL) }()
	rtorrenttest.Eventually(b, time.Minute, "calls to box wait", func() bool { return box.Waiting() > 0 })

	read := func(dir string) time.Duration {
		begun := time.Now()
		names, err := os.ReadDir(dir + "/torrents")
		if err != nil {
			b.Fatal(err)
		}
		files := []string{"/list.tsv"}
		for _, n := range names {
			files = append(files, "/torrents/"+n.Name()+"/state", "/torrents/"+n.Name()+"/info")
		}
		for _, f := range files {
			if _, err := os.ReadFile(dir + f); err != nil {
				b.Fatal(err)
			}
		}
		return time.Since(begun)
	}
	var one, two time.Duration
	for b.Loop() {
		one += read(alone.dir)
		two += read(beside.path("home"))
	}
	b.ReportMetric(float64(one.Microseconds())/float64(b.N), "µs-alone/op")
	b.ReportMetric(float64(two.Microseconds())/float64(b.N), "µs-beside/op")
	b.ReportMetric(float64(two)/float64(one), "ratio")
}
