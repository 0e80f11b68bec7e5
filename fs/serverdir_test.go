package fs

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtfs/rtorrent/rtorrenttest"
)

// TestServerFiles reads what rTorrent tells about itself, and limits it.
func TestServerFiles(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			hostname, err := os.Hostname()
			if err != nil {
				t.Fatal(err)
			}
			for file, want := range map[string]string{
				"pid":          strconv.Itoa(m.daemon.PID()),
				"hostname":     hostname,
				"port":         strconv.Itoa(m.daemon.PeerPort()),
				"session_path": m.daemon.Session() + "/",
				"up_rate":      "0", "down_rate": "0", "up_total": "0", "down_total": "0",
				"up_limit": "0", "down_limit": "0", "ctl": "save",
			} {
				if got := m.read(t, "rtorrent", file); got != want+"\n" {
					t.Errorf("%s = %q, want %q", file, got, want+"\n")
				}
			}
			if got := m.read(t, "rtorrent", "version"); !strings.HasPrefix(got, version) {
				t.Errorf("version = %q, want %s…", got, version)
			}
			started, err := strconv.ParseInt(strings.TrimSpace(m.read(t, "rtorrent", "started")), 10, 64)
			if ago := time.Since(time.Unix(started, 0)); err != nil || ago < 0 || ago > time.Minute {
				t.Errorf("started %s ago (%v), want a moment", ago, err)
			}
			steps := []struct{ script, want string }{
				{"grep -cx 'd.name\\|throttle.up\\|system.listMethods' rtorrent/methods", "3\n"},
				{"echo 500K > rtorrent/up_limit; cat rtorrent/up_limit", "512000\n"},
				{"echo 123456 > rtorrent/up_limit; cat rtorrent/up_limit", "122880\n"},
				{"printf 2m > rtorrent/down_limit; cat rtorrent/down_limit", "2097152\n"},
				{"echo 300M > rtorrent/down_limit; cat rtorrent/down_limit", "314572800\n"},
				{"cat rtorrent/down_limit > rtorrent/up_limit; cat rtorrent/up_limit", "314572800\n"},
				{"n=$(((5*(65536-10)+4)*1024)); echo $n > rtorrent/up_limit; test $(cat rtorrent/up_limit) = $n; echo $?", "0\n"},
				{"echo 0 | tee rtorrent/up_limit rtorrent/down_limit; cat rtorrent/up_limit rtorrent/down_limit", "0\n0\n0\n"},
				{"echo save > rtorrent/ctl; echo $?", "0\n"},
			}
			for _, step := range steps {
				if got, status := m.sh(t, step.script); got != step.want {
					t.Errorf("%s\n got %q (exit status %d)\nwant %q", step.script, got, status, step.want)
				}
			}
			for _, tc := range []struct{ script, message string }{
				{"echo -1 > rtorrent/up_limit", "Invalid argument"},
				{"echo 5000000000 > rtorrent/up_limit", "Invalid argument"},
				{"echo 8E > rtorrent/up_limit", "Invalid argument"},
				{"echo 9000000T > rtorrent/up_limit", "Invalid argument"},
				{"echo 500 > rtorrent/up_limit", "Invalid argument"}, // rTorrent would take it for no limit
				{"echo > rtorrent/up_limit", "Invalid argument"},
				{"echo 1 > rtorrent/pid", "Permission denied"},
				{"echo quit > rtorrent/ctl", "Invalid argument"},
				{"rm rtorrent/up_limit", "Operation not permitted"},
				{"rmdir rtorrent", "Operation not permitted"},
				{"mkdir rtorrent/x", "Operation not permitted"},
			} {
				if out, status := m.sh(t, tc.script); status == 0 || !strings.Contains(out, tc.message) {
					t.Errorf("%s: exit status %d, %q; want 1 and %q", tc.script, status, out, tc.message)
				}
			}
			if got := m.read(t, "rtorrent", "up_limit"); got != "0\n" {
				t.Errorf("up_limit = %q after what was refused, want 0", got)
			}
		})
	}
}

// TestServerFilesCostOneCall reads a directory of ten files for one request.
func TestServerFilesCostOneCall(t *testing.T) {
	m := mountDaemon(t, rtorrenttest.Versions()[0])
	m.sh(t, "cat rtorrent/pid")
	before := m.client.Stats().Calls
	if out, status := m.sh(t, "for i in 1 2 3 4 5; do cat rtorrent/*_rate rtorrent/*_total rtorrent/*_limit; done; ls -l rtorrent"); status != 0 {
		t.Fatal(out)
	}
	if calls := m.client.Stats().Calls - before; calls > 4 {
		t.Errorf("%d calls, want one a second at most", calls)
	}
}
