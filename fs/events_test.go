package fs

import (
	"bufio"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestEventsBetweenRows compares rows as events does.
func TestEventsBetweenRows(t *testing.T) {
	running := func(change func(*rtorrent.Torrent)) *rtorrent.Torrent {
		row := &rtorrent.Torrent{Hash: "A", Name: "n", State: true, IsOpen: true, IsActive: true}
		if change != nil {
			change(row)
		}
		return row
	}
	complete := func(r *rtorrent.Torrent) { r.IsComplete = true }
	checking := func(kind int64) func(*rtorrent.Torrent) {
		return func(r *rtorrent.Torrent) { r.IsActive, r.Hashing, r.IsChecking = false, kind, true }
	}
	cases := []struct {
		name string
		rows []*rtorrent.Torrent
		want string
	}{
		{"new", []*rtorrent.Torrent{running(nil)}, "added"},
		{"finished", []*rtorrent.Torrent{running(nil), running(complete)}, "added finished"},
		{"finished between two looks", []*rtorrent.Torrent{{Hash: "A", Name: "n"}, running(func(r *rtorrent.Torrent) { r.IsComplete, r.DownTotal = true, 9 })}, "added started finished"},
		{"finished with the check on finish", []*rtorrent.Torrent{running(nil), running(checking(2)), running(complete)}, "added checking finished"},
		{"complete by a check", []*rtorrent.Torrent{running(nil), running(checking(3)), running(complete)}, "added checking finished"},
		{"complete by a check while stopped", []*rtorrent.Torrent{{Hash: "A"}, {Hash: "A", Hashing: 3}, {Hash: "A", IsComplete: true}, running(complete)}, "added checking finished name started"},
		{"complete again by a check", []*rtorrent.Torrent{running(complete), running(nil), running(checking(3)), running(complete)}, "added checking"},
		{"complete again by a check after a restart of rtfs", []*rtorrent.Torrent{running(func(r *rtorrent.Torrent) { r.Finished = 5 }), running(checking(3)), running(complete)}, "added checking"},
		{"complete again by a download", []*rtorrent.Torrent{running(complete), running(checking(3)), running(nil), running(complete)}, "added checking finished"},
		{"added with its data there", []*rtorrent.Torrent{running(checking(1)), running(complete)}, "added checking started"},
		{"checked and as before", []*rtorrent.Torrent{running(complete), running(checking(3)), running(checking(3)), running(complete)}, "added checking"},
		{"stopped and started", []*rtorrent.Torrent{running(nil), {Hash: "A", Name: "n"}, running(nil)}, "added stopped started"},
		{"paused", []*rtorrent.Torrent{running(nil), running(func(r *rtorrent.Torrent) { r.IsActive = false })}, "added paused"},
		{"failed check", []*rtorrent.Torrent{running(nil), running(func(r *rtorrent.Torrent) { r.IsActive, r.HashingFailed = false, true })}, "added error"},
		{"tags and name", []*rtorrent.Torrent{running(nil), running(func(r *rtorrent.Torrent) { r.Custom1, r.Name = "x", "m" })}, "added name tags"},
		{"rates are no events", []*rtorrent.Torrent{running(nil), running(func(r *rtorrent.Torrent) { r.UpRate = 5 })}, "added"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			e := newEvents()
			var got []string
			var old *rtorrent.Torrent
			for _, row := range tc.rows {
				got = append(got, e.changes(old, row)...)
				old = row
			}
			for _, event := range got {
				if !slices.Contains(eventNames, event) {
					t.Errorf("no event is named %q", event)
				}
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("events = %v, want %s", got, tc.want)
			}
		})
	}
}

// TestEventsOfATransfer follows a real download by tail -F in a pipe.
func TestEventsOfATransfer(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			seeder := rtorrenttest.Start(t, "0.9.8")
			m := mountDaemon(t, version)
			p := newPayload(t, "payload", 32768, map[string]int{"": 600_000})
			p.write(t, seeder.Downloads())
			source := rtorrenttest.Dial(t, seeder.Endpoint())
			if err := source.CallWrite(t.Context(), nil, "load.raw_start", "", p.torrent); err != nil {
				t.Fatal(err)
			}
			if _, status := m.sh(t, "ls torrents"); status != 0 {
				t.Fatal("ls torrents failed")
			}
			tail := exec.CommandContext(t.Context(), "sh", "-c", "cd "+m.dir+" && tail -n0 -F events | grep --line-buffered finished")
			tail.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			out, err := tail.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := tail.Start(); err != nil {
				t.Fatal(err)
			}
			defer syscall.Kill(-tail.Process.Pid, syscall.SIGKILL)
			lines := make(chan string, 10)
			go func() {
				s := bufio.NewScanner(out)
				for s.Scan() {
					lines <- s.Text()
				}
			}()
			m.add(t, "add", p)
			rtorrenttest.Eventually(t, 60*time.Second, "the download is complete", func() bool {
				m.client.CallWrite(t.Context(), nil, "add_peer", p.hash, "127.0.0.1:"+number(int64(seeder.PeerPort())))
				return strings.TrimSpace(m.read(t, "torrents", string(p.hash), "state")) == stateSeeding
			})
			select {
			case line := <-lines:
				if !strings.HasSuffix(line, "\t"+string(p.hash)+"\tfinished\tpayload") {
					t.Errorf("line = %q", line)
				}
			case <-time.After(15 * time.Second):
				t.Errorf("no line; events has\n%s", m.read(t, "events"))
			}
			events := m.read(t, "events")
			if n := strings.Count(events, "finished"); n != 1 {
				t.Errorf("%d events of finished in\n%s", n, events)
			}
			if !strings.Contains(events, "\tadded\tpayload") {
				t.Errorf("no added in\n%s", events)
			}
		})
	}
}

// TestEventsOfAChecked has a check find the data of a torrent that had none, and
// checks that again.
func TestEventsOfAChecked(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			events, err := os.Open(m.path("events"))
			if err != nil {
				t.Fatal(err)
			}
			defer events.Close()
			if _, status := m.sh(t, "ls torrents"); status != 0 {
				t.Fatal("ls torrents failed")
			}
			p := newPayload(t, "payload", piece, map[string]int{"": 600_000})
			m.add(t, "add-stopped", p)
			has := func(n int, event string) func() bool {
				return func() bool { return strings.Count(m.read(t, "events"), "\t"+event+"\t") >= n }
			}
			rtorrenttest.Eventually(t, 30*time.Second, "it is told as added", has(1, eventAdded))
			p.write(t, m.daemon.Downloads())
			m.put(t, "check\n", "torrents", string(p.hash), "state")
			rtorrenttest.Eventually(t, 30*time.Second, "it is told as finished", has(1, eventFinished))
			m.put(t, "start\n", "torrents", string(p.hash), "state")
			rtorrenttest.Eventually(t, 30*time.Second, "it is told as started", has(1, eventStarted))
			m.put(t, "check\n", "torrents", string(p.hash), "state")
			m.awaitState(t, p.hash, stateSeeding)
			m.put(t, "stop\n", "torrents", string(p.hash), "state")
			rtorrenttest.Eventually(t, 30*time.Second, "it is told as stopped", has(1, eventStopped))
			if text := m.read(t, "events"); strings.Count(text, eventFinished) != 1 {
				t.Errorf("not finished once:\n%s", text)
			}
		})
	}
}
