package fs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// deadHosts are two names of this machine, and a port of it that refuses
// connections.
const (
	deadOne = "http://127.0.0.1:9/"
	deadTwo = "http://127.0.0.2:9/"
)

// addTracked adds a torrent with trackers of its own, stopped.
func (m *mounted) addTracked(t *testing.T, name string, trackers ...string) rtorrent.Hash {
	t.Helper()
	data := []byte(name)
	content, err := rtorrent.MakeMetainfo(name, []rtorrent.MakeFile{{Length: int64(len(data)), Data: bytes.NewReader(data)}}, 16384, trackers...)
	if err != nil {
		t.Fatal(err)
	}
	info, err := rtorrent.ParseMetainfo(content)
	if err != nil {
		t.Fatal(err)
	}
	m.add(t, "add-stopped", &payload{name: name, torrent: content, hash: info.Hash})
	return info.Hash
}

// TestTrackers does at a shell what can be done with trackers.
func TestTrackers(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			h := m.addTracked(t, "t", deadOne+"a?passkey=OLD", deadTwo+"b", deadOne+"c")
			m.setenv("T", "torrents/"+string(h)+"/trackers")
			m.setenv("ONE", deadOne)
			steps := []struct{ script, want string }{
				{"ls $T", "127.0.0.1\n127.0.0.1 2\n127.0.0.2\nnew\n"},
				{"cat $T/127.0.0.1/{url,enabled,group,type,busy,seeds,leeches,downloaded,failures,successes,last,next,event}",
					deadOne + "a?passkey=OLD\n1\n0\nhttp\n0\n0\n0\n0\n0\n0\n0\n0\nupdated\n"},
				{"stat -c '%A %n' $T/127.0.0.1/{url,enabled,group} $T/new | sed 's/ .*[/]/ /'", "-rw------- url\n-rw-r--r-- enabled\n-r--r--r-- group\n--w------- new\n"},
				{"echo 0 > $T/127.0.0.2/enabled; cat $T/*/enabled", "1\n1\n0\n"},
				{"echo on > $T/127.0.0.2/enabled; cat $T/*/enabled", "1\n1\n1\n"},
				{"echo ${ONE}a?passkey=NEW > $T/127.0.0.1/url; cat $T/127.0.0.1/{url,enabled,group}", deadOne + "a?passkey=NEW\n1\n0\n"},
				{"ls $T; cat \"$T/127.0.0.1 3/\"{url,enabled}", "127.0.0.1\n127.0.0.1 2\n127.0.0.1 3\n127.0.0.2\nnew\n" + deadOne + "a?passkey=OLD\n0\n"},
				{"tee $T/127.0.0.1/url <<< \"$(cat $T/127.0.0.1/url)\" > /dev/null; ls $T | wc -l", "5\n"},
				{"echo ${ONE}a?passkey=NEW > \"$T/127.0.0.1 3/url\"; ls $T | wc -l; cat $T/*/enabled | sort | uniq -c | tr -s ' '", "5\n 1 0\n 3 1\n"},
				{"echo ${ONE}d > $T/new; cat \"$T/127.0.0.1 4/\"{url,group}", deadOne + "d\n3\n"},
				{"printf '0 %se\\n\\n7 %sf\\n' $ONE $ONE > $T/new; cat $T/127.0.0.1\\ [56]/group", "0\n7\n"},
				{"echo ${ONE}f | dd of=$T/new bs=1 2>&1 | grep -c error; printf ${ONE}g > $T/new; ls $T | wc -l", "0\n9\n"},
				{"sed -i s/127.0.0.2/127.0.0.3/ $T/127.0.0.2/url; cat $T/127.0.0.2/{url,enabled} $T/127.0.0.3/{url,enabled}", deadTwo + "b\n0\nhttp://127.0.0.3:9/b\n1\n"},
			}
			for _, step := range steps {
				if got, status := m.sh(t, step.script); got != step.want {
					t.Errorf("%s\n got %q (exit status %d)\nwant %q", step.script, got, status, step.want)
				}
			}
			if log := m.read(t, "log"); strings.Contains(log, "passkey") || strings.Contains(log, "OLD") {
				t.Errorf("the log tells a passkey:\n%s", log)
			}
		})
	}
}

// TestTrackerRefusals writes what no tracker is, and wants nothing changed:
// rTorrent cannot remove a tracker.
func TestTrackerRefusals(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			h := m.addTracked(t, "t", deadOne+"a", deadTwo+"b")
			m.setenv("T", "torrents/"+string(h)+"/trackers")
			before, _ := m.sh(t, "grep -r . $T")
			for _, bad := range []string{
				"", "x", "ftp://x/", "wss://x.org/", "HTTP://x.org/", "http://", "http:// x", "dht://", "http://x.org/ http://y.org/", "http://x.org/\x01", "http://x.org/é",
				"http://x.org/\xff", "-1 http://x.org/", "33 http://x.org/", "a http://x.org/", "http://x.org/" + strings.Repeat("a", 3000),
			} {
				for _, file := range []string{"new", "127.0.0.1/url"} {
					if err := writeFile(m.torrent(h, "trackers", file), []byte(bad+"\n")); err == nil {
						t.Errorf("%s takes %.60q", file, bad)
					}
				}
			}
			for _, tc := range []struct{ script, message string }{
				{"echo 2 > $T/127.0.0.1/enabled", "Invalid argument"},
				{"echo x > $T/127.0.0.1/group", "Permission denied"},
				{"echo x > $T/other", "Permission denied"},
				{"mkdir $T/x", "not permitted"},
				{"rm $T/new", "not permitted"},
				{"rm -r $T/127.0.0.1", "not permitted"},
				{"mv $T/127.0.0.1 $T/x", "not permitted"},
				{"cat $T/none/url", "No such file"},
				{"ls torrents/0000000000000000000000000000000000000000/trackers", "No such file"},
			} {
				if out, status := m.sh(t, tc.script); status == 0 || !strings.Contains(out, tc.message) {
					t.Errorf("%s: exit status %d, %q; want 1 and %q", tc.script, status, out, tc.message)
				}
			}
			if after, _ := m.sh(t, "grep -r . $T"); after != before {
				t.Errorf("something changed:\n got %s\nwant %s", after, before)
			}
		})
	}
}

// TestTrackersSurviveACrash kills rTorrent right after a write.
func TestTrackersSurviveACrash(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			h := m.addTracked(t, "t", deadOne+"old", deadTwo+"b")
			for file, value := range map[string]string{"127.0.0.1/url": deadOne + "new\n", "127.0.0.2/enabled": "0\n", "new": deadOne + "more\n"} {
				if err := writeFile(m.torrent(h, "trackers", file), []byte(value)); err != nil {
					t.Fatal(err)
				}
			}
			if err := m.daemon.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := m.daemon.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			rtorrenttest.Eventually(t, 10*time.Second, "the torrent is back", func() bool {
				_, err := m.client.Torrent(t.Context(), h)
				return err == nil
			})
			var got []string
			list, err := m.client.Trackers(t.Context(), h)
			if err != nil {
				t.Fatal(err)
			}
			for _, tracker := range list {
				got = append(got, fmt.Sprint(tracker.IsEnabled, " ", tracker.URL))
			}
			slices.Sort(got)
			want := []string{"false " + deadOne + "old", "false " + deadTwo + "b", "true " + deadOne + "more", "true " + deadOne + "new"}
			if !slices.Equal(got, want) {
				t.Errorf("after a crash trackers are %q, want %q", got, want)
			}
		})
	}
}

// TestPasskeyInManyTorrents changes a passkey everywhere by one command.
func TestPasskeyInManyTorrents(t *testing.T) {
	const others = 3
	n := passkeyTorrents
	if testing.Short() {
		n = 20
	}
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			var changed, kept []rtorrent.Hash
			for i := range n {
				changed = append(changed, m.addTracked(t, fmt.Sprint("c", i), deadOne+"announce?passkey=OLD", deadTwo+"a", deadOne+"2?passkey=OLD"))
			}
			for i := range others {
				kept = append(kept, m.addTracked(t, fmt.Sprint("k", i), deadTwo+"announce?passkey=OLD"))
			}
			begun := time.Now()
			if out, status := m.sh(t, "sed -i s/OLD/NEW/ by-tracker/127.0.0.1/*/trackers/127.0.0.1*/url"); status != 0 {
				t.Fatalf("sed -i: exit status %d, %.1000s", status, out)
			}
			t.Logf("%d URLs in %s", 2*n, time.Since(begun))
			want := strings.Join([]string{
				"-" + deadOne + "2?passkey=OLD", "-" + deadOne + "announce?passkey=OLD",
				deadOne + "2?passkey=NEW", deadOne + "announce?passkey=NEW", deadTwo + "a",
			}, " ")
			for _, h := range changed {
				if got := m.switches(t, h); got != want {
					t.Errorf("trackers of %s are %s\nwant %s", h, got, want)
				}
			}
			for _, h := range kept {
				if got, want := m.switches(t, h), deadTwo+"announce?passkey=OLD"; got != want {
					t.Errorf("trackers of %s are %s\nwant %s", h, got, want)
				}
			}
			if out, status := m.sh(t, "sed -i s/OLD/NEW/ by-tracker/127.0.0.1/c1*/trackers/127.0.0.1*/url"); status != 0 {
				t.Fatalf("sed -i once more: exit status %d, %.1000s", status, out)
			}
			for _, h := range changed[:20] {
				if got := m.switches(t, h); got != want {
					t.Errorf("trackers of %s are %s after once more\nwant %s", h, got, want)
				}
			}
		})
	}
}

// switches returns the URLs of a torrent's trackers, sorted, with a minus
// before those that are disabled.
func (m *mounted) switches(t *testing.T, h rtorrent.Hash) string {
	t.Helper()
	entries, err := os.ReadDir(m.torrent(h, "trackers"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		url := strings.TrimSpace(m.read(t, "torrents", string(h), "trackers", e.Name(), "url"))
		if m.read(t, "torrents", string(h), "trackers", e.Name(), "enabled") == "0\n" {
			url = "-" + url
		}
		all = append(all, url)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// TestTrackerThatAnswers watches a torrent announce to a tracker, and another
// one take its place.
func TestTrackerThatAnswers(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			one, two := rtorrenttest.NewTracker(t), rtorrenttest.NewTracker(t)
			d := rtorrenttest.Start(t, version)
			m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{TTL: 100 * time.Millisecond}, Options{})
			h := m.addTracked(t, "t", one.URL)
			if err := os.WriteFile(filepath.Join(d.Downloads(), "t"), []byte("t"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := writeFile(m.torrent(h, "state"), []byte("start\n")); err != nil {
				t.Fatal(err)
			}
			value := func(file string) string {
				b, err := os.ReadFile(m.torrent(h, "trackers", "127.0.0.1", file))
				if err != nil {
					t.Error(err)
				}
				return strings.TrimSpace(string(b))
			}
			rtorrenttest.Eventually(t, 20*time.Second, "the tracker was asked", func() bool { return value("successes") == "1" })
			if last, next, event := value("last"), value("next"), value("event"); last == "0" || next <= last || event != "started" {
				t.Errorf("last %s, next %s, event %s; want times and started", last, next, event)
			}
			if err := writeFile(m.torrent(h, "trackers", "127.0.0.1", "url"), []byte(two.URL+"\n")); err != nil {
				t.Fatal(err)
			}
			if got := value("url"); got != two.URL {
				t.Errorf("url = %s, want %s", got, two.URL)
			}
			rtorrenttest.Eventually(t, 20*time.Second, "the new tracker was asked", func() bool { return value("successes") == "1" && value("url") == two.URL })
			old := m.read(t, "torrents", string(h), "trackers", "127.0.0.1 2", "url") + m.read(t, "torrents", string(h), "trackers", "127.0.0.1 2", "enabled")
			if want := one.URL + "\n0\n"; old != want {
				t.Errorf("the old one reads %q, want %q", old, want)
			}
		})
	}
}
