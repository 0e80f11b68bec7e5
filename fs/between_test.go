package fs

import (
	"strings"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestChangesInBetweenAreKept has another program change what the mount
// believes that it knows, right before a write to it.
func TestChangesInBetweenAreKept(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			first := mountDaemon(t, version)
			var h, other rtorrent.Hash
			for name, to := range map[string]*rtorrent.Hash{"one": &h, "other": &other} {
				p := newPayload(t, name, piece, map[string]int{"": 40_000})
				p.write(t, first.daemon.Downloads())
				first.add(t, "add", p)
				first.awaitState(t, p.hash, stateSeeding)
				*to = p.hash
			}
			first.put(t, "stop\n", "torrents", string(other), "state")

			// What this mount has read stays what it knows.
			m := mountClient(t, rtorrenttest.Dial(t, first.daemon.Endpoint()), cache.Options{TTL: time.Hour, Slow: time.Hour}, Options{})
			peersMin := strings.TrimSpace(m.read(t, "torrents", string(h), "peers_min"))
			for _, step := range []struct {
				theirs            []rtorrent.Command
				file, write, want string
			}{
				{[]rtorrent.Command{rtorrent.SetCustom1(h, "theirs")}, "tags", "ours", "theirs\nours"},
				{[]rtorrent.Command{rtorrent.SetCustom1(h, "a%2fb,c")}, "tags", "c", "a/b\nc"},
				{[]rtorrent.Command{rtorrent.SetCustom1(h, "")}, "tags", "c", "c"},
				{[]rtorrent.Command{rtorrent.SetCustom2(h, "VRS24mrkertheirs")}, "comment", "", ""},
				{[]rtorrent.Command{rtorrent.SetPriority(h, 3), rtorrent.UpdatePriorities(h)}, "priority", "2", "2"},
				{[]rtorrent.Command{rtorrent.SetPeersMin(h, 7)}, "peers_min", peersMin, peersMin},
				{[]rtorrent.Command{rtorrent.SetDirectory(h, "/tmp/theirs")}, "directory", first.daemon.Downloads(), first.daemon.Downloads()},
				{[]rtorrent.Command{rtorrent.Pause(h)}, "state", "seeding", "seeding"},
				{[]rtorrent.Command{rtorrent.Stop(h), rtorrent.Close(h)}, "state", "stop", "stopped"},
				{[]rtorrent.Command{rtorrent.Open(h), rtorrent.Start(h), rtorrent.Resume(h)}, "state", "stopped", "stopped"},
			} {
				rtorrenttest.Eventually(t, 30*time.Second, "no check is under way", func() bool {
					row, err := first.client.Torrent(t.Context(), h)
					return err == nil && row.Hashing == 0
				})
				if _, err := m.client.Do(t.Context(), h, step.theirs...); err != nil {
					t.Fatal(err)
				}
				if out, status := m.sh(t, "echo '"+step.write+"' >> torrents/"+string(h)+"/"+step.file); status != 0 {
					t.Errorf("%q into %s: %s", step.write, step.file, out)
				}
				if got := m.read(t, "torrents", string(h), step.file); got != step.want+"\n" {
					t.Errorf("%s reads %q after %q, want %q", step.file, got, step.write, step.want)
				}
				if got := first.fresh(t, h, step.file); got != step.want+"\n" {
					t.Errorf("%s is %q after %q, want %q", step.file, got, step.write, step.want)
				}
			}
			if row, err := m.client.Torrent(t.Context(), h); err != nil || row.Custom1 != "c" {
				t.Errorf("custom1 = %q (%v), want c", row.Custom1, err)
			}
			// A torrent is not stopped to be started when somebody has started it.
			if _, err := m.client.Do(t.Context(), other, rtorrent.Open(other), rtorrent.Start(other), rtorrent.Resume(other)); err != nil {
				t.Fatal(err)
			}
			first.awaitState(t, other, stateSeeding)
			var counter, now int64
			m.client.Call(t.Context(), &counter, "d.state_counter", other)
			out, status := m.sh(t, "echo start > torrents/"+string(other)+"/state")
			if m.client.Call(t.Context(), &now, "d.state_counter", other); status != 0 || now != counter {
				t.Errorf("start: exit status %d, %s; it was started %d times", status, out, now-counter)
			}
			if _, err := m.client.Do(t.Context(), other, rtorrent.Stop(other), rtorrent.Close(other)); err != nil {
				t.Fatal(err)
			}
			if out, status := m.sh(t, "echo pause > torrents/"+string(other)+"/state"); status == 0 || first.fresh(t, other, "state") != "stopped\n" {
				t.Errorf("pause of a stopped one: exit status %d, %s; then %s", status, out, first.read(t, "torrents", string(other), "state"))
			}
		})
	}
}

// fresh reads a torrent's file when everything has been asked anew.
func (m *mounted) fresh(t *testing.T, h rtorrent.Hash, file string) string {
	t.Helper()
	m.cache.Drop()
	return m.read(t, "torrents", string(h), file)
}
