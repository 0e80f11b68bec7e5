package fs

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestThrottles makes throttles, limits them, and gives them to torrents.
func TestThrottles(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			p := newPayload(t, "p", 32768, map[string]int{"": 70_000})
			p.write(t, m.daemon.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			m.setenv("T", "torrents/"+string(p.hash))
			steps := []struct{ script, want string }{
				{"ls rtorrent/throttles", ""},
				{"mkdir rtorrent/throttles/typo && rmdir rtorrent/throttles/typo; ls rtorrent/throttles; mkdir rtorrent/throttles/typo && rmdir rtorrent/throttles/typo", ""},
				{"mkdir rtorrent/throttles/slow; ls rtorrent/throttles; cat rtorrent/throttles/slow/*", "slow\n0\n0\n0\n0\n"},
				{"cd rtorrent/throttles/slow; echo 50K > up_limit; cat up_limit down_limit", "51200\n0\n"},
				{"cd rtorrent/throttles/slow; echo 123456 > down_limit; cat down_limit", "122880\n"},
				// A running torrent goes on to run.
				{"echo slow > $T/throttle; cat $T/throttle $T/state", "slow\nseeding\n"},
				{"echo NULL > $T/throttle; cat $T/throttle $T/state", "NULL\nseeding\n"},
				{"echo > $T/throttle; cat $T/throttle $T/state", "\nseeding\n"},
				// In force, rTorrent tells its limits itself.
				{"echo 1M | tee rtorrent/up_limit rtorrent/down_limit; cat rtorrent/throttles/slow/*_limit", "1M\n122880\n51200\n"},
				{"cd rtorrent/throttles/slow; echo 1024 > up_limit; cat up_limit; echo 1G > up_limit; cat up_limit; echo 0 > up_limit; cat up_limit", "1024\n1073741824\n0\n"},
				{"mkdir 'rtorrent/throttles/a%2Fb ü'; echo 'a/b ü' > $T/throttle; cat $T/throttle; ls rtorrent/throttles", "a/b ü\na%2Fb ü\nslow\n"},
			}
			for _, step := range steps {
				if got, status := m.sh(t, step.script); got != step.want {
					t.Errorf("%s\n got %q (exit status %d)\nwant %q\n%s", step.script, got, status, step.want, m.read(t, "log"))
				}
			}
			for _, tc := range []struct{ script, message string }{
				{"echo fast > $T/throttle", "Invalid argument"},
				{"mkdir rtorrent/throttles/slow", "File exists"},
				{"mkdir rtorrent/throttles/NULL", "Invalid argument"},
				{"mkdir rtorrent/throttles/%", "Invalid argument"},
				{"mkdir rtorrent/throttles/$'x\\ny'", "Invalid argument"},
				{"mkdir rtorrent/throttles/😀", "Invalid or incomplete multibyte"},
				{"rmdir rtorrent/throttles/slow", "Operation not permitted"},
				{"echo 1000 > rtorrent/throttles/slow/up_limit", "Invalid argument"},
				{"echo -1 > rtorrent/throttles/slow/up_limit", "Invalid argument"},
				{"echo 5000000000 > rtorrent/throttles/slow/up_limit", "Invalid argument"},
				{"cat rtorrent/throttles/none/up_limit", "No such file"},
			} {
				if out, status := m.sh(t, tc.script); status == 0 || !strings.Contains(out, tc.message) {
					t.Errorf("%s: exit status %d, %q; want 1 and %q", tc.script, status, out, tc.message)
				}
			}
			takesWhatItReads(t, m.path("rtorrent", "throttles", "slow"))
		})
	}
}

// TestThrottlesOfOthers finds throttles that were not made here: those that a
// torrent has are listed, and those that rTorrent knows are found.
func TestThrottlesOfOthers(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version, func(o *rtorrent.DaemonOptions) { o.Extra = []string{"throttle.up = thr_0,60"} })
			p := newPayload(t, "p", 32768, map[string]int{"": 70_000})
			m.add(t, "add-stopped", p)
			m.setenv("T", "torrents/"+string(p.hash))
			steps := []struct{ script, want string }{
				{"ls rtorrent/throttles", ""},
				{"echo 1M > rtorrent/up_limit; cat rtorrent/throttles/thr_0/up_limit", "61440\n"},
				{"echo thr_0 > $T/throttle; ls rtorrent/throttles", "thr_0\n"},
			}
			for _, step := range steps {
				if got, status := m.sh(t, step.script); got != step.want {
					t.Errorf("%s\n got %q (exit status %d)\nwant %q", step.script, got, status, step.want)
				}
			}
		})
	}
}

// TestThrottleTakesHold limits a throttle that a running torrent has already,
// and wants the torrent's traffic to go through it.
func TestThrottleTakesHold(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			seeder := rtorrenttest.Start(t, version)
			m := mountDaemon(t, version)
			p := newPayload(t, "p", 32768, map[string]int{"": 4 << 20})
			p.write(t, seeder.Downloads())
			seeding := rtorrenttest.Dial(t, seeder.Endpoint())
			if err := seeding.LoadRaw(t.Context(), p.torrent); err != nil {
				t.Fatal(err)
			}
			rtorrenttest.Eventually(t, 10*time.Second, "the seeder has the torrent", func() bool {
				_, err := seeding.Torrent(t.Context(), p.hash)
				return err == nil
			})
			if _, err := seeding.Do(t.Context(), p.hash, rtorrent.Open(p.hash), rtorrent.Start(p.hash), rtorrent.Resume(p.hash)); err != nil {
				t.Fatal(err)
			}
			rtorrenttest.Eventually(t, 10*time.Second, "the seeder seeds", func() bool {
				row, err := seeding.Torrent(t.Context(), p.hash)
				return err == nil && row.IsActive && row.IsComplete
			})
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateDownloading)
			m.setenv("T", "torrents/"+string(p.hash))
			if out, _ := m.sh(t, "echo 100M > rtorrent/down_limit; mkdir rtorrent/throttles/slow; echo slow > $T/throttle; echo 100K > rtorrent/throttles/slow/down_limit; cat $T/state"); out != "downloading\n" {
				t.Fatal(out)
			}
			if err := m.client.CallWrite(t.Context(), nil, "add_peer", string(p.hash), fmt.Sprintf("127.0.0.1:%d", seeder.PeerPort())); err != nil {
				t.Fatal(err)
			}
			rtorrenttest.Eventually(t, 20*time.Second, "the throttle has a rate", func() bool {
				return m.read(t, "rtorrent", "throttles", "slow", "down_rate") != "0\n"
			})
			if got := m.read(t, "torrents", string(p.hash), "state"); got != "downloading\n" {
				t.Errorf("state = %q: 4 MiB went through 100 KiB/s in no time", got)
			}
		})
	}
}

// TestThrottlesSurviveRTorrent restarts rTorrent, which forgets its throttles,
// with rtfs mounted and without.
func TestThrottlesSurviveRTorrent(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			d := rtorrenttest.Start(t, version, func(o *rtorrent.DaemonOptions) { o.Extra = []string{"throttle.global_up.max_rate.set_kb = 1000"} })
			state := t.TempDir()
			quick := cache.Options{TTL: 20 * time.Millisecond, Slow: 20 * time.Millisecond}
			mount := func() *mounted {
				return mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), quick, Options{StateDir: state})
			}
			m := mount()
			if out, status := m.sh(t, "ls torrents; mkdir rtorrent/throttles/slow rtorrent/throttles/empty; echo 50K > rtorrent/throttles/slow/up_limit"); status != 0 {
				t.Fatal(out)
			}
			limit := func() (n int64) {
				if err := m.client.Call(t.Context(), &n, "throttle.up.max", "", "slow"); err != nil {
					t.Log(err)
				}
				return n
			}
			restart := func() {
				t.Helper()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := d.Restart(ctx); err != nil {
					t.Fatal(err)
				}
				if n := limit(); n != -1 {
					t.Fatalf("a new rTorrent has a throttle slow of %d", n)
				}
			}
			restart()
			rtorrenttest.Eventually(t, 10*time.Second, "the throttle is defined again", func() bool {
				os.ReadDir(m.path("torrents"))
				return limit() == 51200
			})
			if err := syscall.Unmount(m.dir, 0); err != nil {
				t.Fatal(err)
			}
			restart()
			m = mount()
			rtorrenttest.Eventually(t, 10*time.Second, "the throttle is defined by the next mount", func() bool {
				os.ReadDir(m.path("torrents"))
				return limit() == 51200
			})
			if got, _ := m.sh(t, "ls rtorrent/throttles; cat rtorrent/throttles/slow/up_limit"); got != "slow\n51200\n" {
				t.Errorf("the next mount has the throttles %q, want slow with 51200", got)
			}
		})
	}
}
