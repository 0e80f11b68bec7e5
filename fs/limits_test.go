package fs

import (
	"fmt"
	"strings"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

// TestLimits writes each limit of a torrent and reads it back, on torrents
// that run, are stopped, and are not complete.
func TestLimits(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			full := newPayload(t, "full", 32768, map[string]int{"": 100_000})
			full.write(t, m.daemon.Downloads())
			part := newPayload(t, "part", 32768, map[string]int{"": 100_000})
			m.add(t, "add", full)
			m.add(t, "add-stopped", part)
			m.awaitState(t, full.hash, stateSeeding)
			m.setenv("FULL", "torrents/"+string(full.hash))
			m.setenv("PART", "torrents/"+string(part.hash))
			for _, file := range []string{"peers_max", "peers_min", "uploads_max"} {
				for _, tc := range []struct{ value, want string }{
					{"7", "7\n0\n"}, {"0", "0\n0\n"}, {"65536", "65536\n0\n"}, {"65537", "65536\n1\n"}, {"-1", "65536\n1\n"}, {"5000000000", "65536\n1\n"},
					{"x", "65536\n1\n"}, {"", "65536\n1\n"},
				} {
					for _, torrent := range []string{"$FULL", "$PART"} {
						script := fmt.Sprintf("echo %s 2>&- >%s/%s; s=$?; cat %s/%s; echo $s", tc.value, torrent, file, torrent, file)
						if got, _ := m.sh(t, script); got != tc.want {
							t.Errorf("%s\n got %q\nwant %q", script, got, tc.want)
						}
					}
				}
			}
			steps := []struct{ script, want string }{
				{"cat $FULL/super_seeding", "0\n"},
				{"echo 1 > $FULL/super_seeding; cat $FULL/super_seeding $FULL/state", "1\nseeding\n"},
				{"echo stop > $FULL/state; cat $FULL/super_seeding", "1\n"},
				{"echo start > $FULL/state; cat $FULL/super_seeding", "1\n"},
				{"echo off > $FULL/super_seeding; cat $FULL/super_seeding $FULL/state", "0\nseeding\n"},
				{"echo pause > $FULL/state; echo on > $FULL/super_seeding; cat $FULL/super_seeding $FULL/state", "1\npaused\n"},
				{"echo resume > $FULL/state; cat $FULL/super_seeding; echo 0 > $FULL/super_seeding; cat $FULL/super_seeding", "1\n0\n"},
				{"cat $PART/super_seeding; echo 0 > $PART/super_seeding; echo $?", "0\n0\n"},
				{"cat $FULL/peers_connected $FULL/peers_complete", "0\n0\n"},
				{"cat $FULL/throttle $FULL/choke_group", "\ndefault\n"},
			}
			for _, step := range steps {
				if got, status := m.sh(t, step.script); got != step.want {
					t.Errorf("%s\n got %q (exit status %d)\nwant %q\n%s", step.script, got, status, step.want, m.read(t, "log"))
				}
			}
			for _, tc := range []struct{ script, message string }{
				{"echo 1 > $PART/super_seeding", "Device or resource busy"},
				{"echo 2 > $FULL/super_seeding", "Invalid argument"},
				{"echo none > $FULL/throttle", "Invalid argument"},
				{"echo none > $FULL/choke_group", "Invalid argument"},
				{"echo > $FULL/choke_group", "Invalid argument"},
				{"echo 1 > $FULL/peers_connected", "Permission denied"},
			} {
				if out, status := m.sh(t, tc.script); status == 0 || !strings.Contains(out, tc.message) {
					t.Errorf("%s: exit status %d, %q; want 1 and %q", tc.script, status, out, tc.message)
				}
			}
		})
	}
}

// TestManyAnnounces asks the trackers of one torrent again and again, of which
// 0.9.8 would end.
func TestManyAnnounces(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			p := newPayload(t, "p", 32768, map[string]int{"": 70_000})
			p.write(t, m.daemon.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			m.setenv("T", "torrents/"+string(p.hash))
			for _, script := range []string{
				"for i in 1 2 3 4 5 6 7 8 9 10; do echo announce > $T/ctl || exit; done",
				"for i in on off on; do echo $i > $T/super_seeding || exit; done; cat $T/state",
			} {
				if out, status := m.sh(t, script); status != 0 {
					t.Errorf("%s: exit status %d: %s", script, status, out)
				}
			}
			if got := m.read(t, "torrents", string(p.hash), "state"); got != "seeding\n" {
				t.Errorf("state = %q, want seeding", got)
			}
			var pid int64
			if err := m.client.Call(t.Context(), &pid, "system.pid"); err != nil || pid != int64(m.daemon.PID()) {
				t.Errorf("rTorrent's pid = %d, %v, want %d as before", pid, err, m.daemon.PID())
			}
		})
	}
}
