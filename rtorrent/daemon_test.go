package rtorrent_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// onBoth runs a test on both versions of rTorrent.
func onBoth(t *testing.T, test func(t *testing.T, version string)) {
	for _, v := range rtorrenttest.Versions() {
		t.Run(v, func(t *testing.T) { test(t, v) })
	}
}

// ask returns what the rTorrent at an endpoint answers to a method.
func ask[T any](t *testing.T, d *rtorrent.Daemon, method string, args ...any) T {
	t.Helper()
	var reply T
	if err := rtorrenttest.Dial(t, d.Endpoint()).Call(t.Context(), &reply, method, args...); err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestDaemonAnswersAndStops(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		for _, listen := range []string{"unix", "tcp"} {
			t.Run(listen, func(t *testing.T) {
				d := rtorrenttest.Start(t, version, func(o *rtorrent.DaemonOptions) {
					o.Listen = listen
					o.DownRateKB = 100
				})
				if got, want := ask[int64](t, d, "system.pid"), int64(d.PID()); got != want {
					t.Errorf("system.pid = %d, want %d", got, want)
				}
				if got := ask[string](t, d, "system.client_version"); !(rtorrent.Binary{Version: got}).Is(version) {
					t.Errorf("version = %s, want %s", got, version)
				}
				if got, want := ask[string](t, d, "session.path"), d.Session()+"/"; got != want {
					t.Errorf("session.path = %q, want %q", got, want)
				}
				if got, want := ask[string](t, d, "directory.default"), d.Downloads(); got != want {
					t.Errorf("directory.default = %q, want %q", got, want)
				}
				if got, want := ask[string](t, d, "network.bind_address"), "127.0.0.1"; got != want {
					t.Errorf("network.bind_address = %q, want %q", got, want)
				}
				if got, want := ask[int64](t, d, "throttle.global_down.max_rate"), int64(100<<10); got != want {
					t.Errorf("throttle.global_down.max_rate = %d, want %d", got, want)
				}
				if d.Adopted() {
					t.Error("an rTorrent that was started counts as adopted")
				}
				if err := d.Stop(t.Context()); err != nil {
					t.Error(err)
				}
				if err := rtorrenttest.Dial(t, d.Endpoint()).Call(t.Context(), nil, "system.pid"); !errors.Is(err, rtorrent.ErrUnavailable) {
					t.Errorf("after Stop: %v, want ErrUnavailable", err)
				}
				if err := d.Stop(t.Context()); err != nil {
					t.Errorf("second Stop: %v", err)
				}
			})
		}
	})
}

// A torrent of one empty-looking byte is enough to see a session survive.
const tinyTorrent = "d8:announce18:http://127.0.0.1:9" + "4:infod6:lengthi1e4:name4:tiny12:piece lengthi16384e6:pieces20:" + "\x5b\xa9\x3c\x9d\xb0\xcf\xf9\x3f\x52\xb5\x21\xd7\x42\x0e\x43\xf6\xed\xa2\x78\x4f" + "ee"

func TestDaemonKeepsItsSessionOverRestart(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		d := rtorrenttest.Start(t, version)
		client := rtorrenttest.Dial(t, d.Endpoint())
		if err := client.CallWrite(t.Context(), nil, "load.raw", "", []byte(tinyTorrent)); err != nil {
			t.Fatal(err)
		}
		loaded := func() bool {
			var hashes []string
			return client.Call(t.Context(), &hashes, "download_list", "", "main") == nil && len(hashes) == 1
		}
		rtorrenttest.Eventually(t, 5*time.Second, "the torrent is loaded", loaded)
		// 0.16 saves in the background, and a shutdown within those few
		// milliseconds loses the torrent.
		rtorrenttest.Eventually(t, 5*time.Second, "the torrent is saved", func() bool {
			saved, err := filepath.Glob(filepath.Join(d.Session(), "*.torrent"))
			return err == nil && len(saved) == 1
		})

		endpoint, pid, port := d.Endpoint(), d.PID(), d.PeerPort()
		if err := d.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		rtorrenttest.Eventually(t, 5*time.Second, "the torrent is back after a restart", loaded)
		if d.Endpoint() != endpoint || d.PeerPort() != port || d.PID() == pid {
			t.Errorf("restarted: endpoint, port, pid = %s, %d, %d; before %s, %d, %d", d.Endpoint(), d.PeerPort(), d.PID(), endpoint, port, pid)
		}

		if err := d.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := client.Call(t.Context(), nil, "system.pid"); !errors.Is(err, rtorrent.ErrUnavailable) {
			t.Errorf("after Kill: %v, want ErrUnavailable", err)
		}
		if err := d.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		rtorrenttest.Eventually(t, 5*time.Second, "the torrent is back after a kill", loaded)
	})
}

func TestDaemonPaused(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		d := rtorrenttest.Start(t, version)
		if err := d.Pause(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if err := rtorrenttest.Dial(t, d.Endpoint()).Call(ctx, nil, "system.pid"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while paused: %v, want a deadline", err)
		}
		if err := d.Continue(); err != nil {
			t.Fatal(err)
		}
		ask[int64](t, d, "system.pid")
		if err := d.Pause(); err != nil {
			t.Fatal(err)
		}
		if err := d.Stop(t.Context()); err != nil {
			t.Errorf("Stop while paused: %v", err)
		}
	})
}

func TestDaemonInAnAwkwardDirectory(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		dir := filepath.Join(rtorrenttest.ShortDir(t), `a "b" \c, d;e $f {g} =h '~ é`)
		d := rtorrenttest.Start(t, version, func(o *rtorrent.DaemonOptions) {
			o.Dir = dir
			o.DownloadDir = filepath.Join(dir, "$execute={touch,x}")
		})
		if got, want := ask[string](t, d, "session.path"), filepath.Join(dir, "session")+"/"; got != want {
			t.Errorf("session.path = %q, want %q", got, want)
		}
		if got, want := ask[string](t, d, "directory.default"), d.Downloads(); got != want {
			t.Errorf("directory.default = %q, want %q", got, want)
		}
	})
}

func TestStartDaemonTellsWhyNot(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("x", 100))
	for _, c := range []struct {
		name string
		o    rtorrent.DaemonOptions
		want string
	}{
		{"no binary", rtorrent.DaemonOptions{Binary: []string{"no-such-rtorrent"}, Dir: t.TempDir()}, "install the package rtorrent"},
		{"no directory", rtorrent.DaemonOptions{}, "no directory"},
		{"long path", rtorrent.DaemonOptions{Dir: long}, "choose a shorter directory"},
		{"control character", rtorrent.DaemonOptions{Dir: t.TempDir() + "/a\nb"}, "control character"},
		{"unknown listener", rtorrent.DaemonOptions{Dir: t.TempDir(), Listen: "udp"}, "neither unix nor tcp"},
		{"open to everybody", rtorrent.DaemonOptions{Dir: t.TempDir(), Listen: "tcp", Profile: rtorrent.User}, "use a Unix socket"},
		{"not an rTorrent", rtorrent.DaemonOptions{Dir: t.TempDir(), Binary: []string{"sh", "-c", "echo so it goes; exit 3"}}, "(exit status 3): so it goes"},
	} {
		d, err := rtorrent.StartDaemon(t.Context(), c.o)
		if err == nil {
			d.Kill()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func TestStartDaemonRepeatsRTorrentsWords(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		_, err := rtorrent.StartDaemon(t.Context(), rtorrent.DaemonOptions{
			Binary: []string{rtorrenttest.Binary(t, version)},
			Dir:    rtorrenttest.ShortDir(t),
			Extra:  []string{"no.such.command = 1"},
		})
		if err == nil || !strings.Contains(err.Error(), `Command "no.such.command" does not exist`) {
			t.Errorf("error %v, want rTorrent's own words", err)
		}
	})
}

func TestStartDaemonEndsWithItsContext(t *testing.T) {
	dir := rtorrenttest.ShortDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := rtorrent.StartDaemon(ctx, rtorrent.DaemonOptions{
			Binary: []string{"sh", "-c", "echo $$ >pid.new; mv pid.new pid; exec sleep 60"},
			Dir:    dir,
		})
		done <- err
	}()
	rtorrenttest.Eventually(t, 10*time.Second, "it runs", func() bool {
		_, err := os.Stat(filepath.Join(dir, "pid"))
		return err == nil
	})
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	if pid := readPID(t, filepath.Join(dir, "pid")); alive(pid) {
		t.Errorf("process %d is left running", pid)
	}
}

func TestStartDaemonRefusesASessionInUse(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		d := rtorrenttest.Start(t, version)
		_, err := rtorrent.StartDaemon(t.Context(), rtorrent.DaemonOptions{
			Binary: []string{rtorrenttest.Binary(t, version)},
			Dir:    filepath.Dir(d.Session()),
		})
		if err == nil || !strings.Contains(err.Error(), "is in use") {
			t.Errorf("error %v, want that the session is in use", err)
		}
		ask[int64](t, d, "system.pid") // its socket is still its own
	})
}

func TestFindBinaries(t *testing.T) {
	found := rtorrent.FindBinaries(t.Context())
	for _, v := range rtorrenttest.Versions() {
		path := rtorrenttest.Binary(t, v)
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if got, want := len(found), len(rtorrenttest.Versions()); got < want {
		t.Errorf("found %v, want at least %d", found, want)
	}
	if (rtorrent.Binary{Version: "0.160"}).Is("0.16") {
		t.Error("0.160 counts as a 0.16")
	}
}
