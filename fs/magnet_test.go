package fs

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// seedMagnet has 0.9.8 seed a torrent, announced to a tracker of its own, and
// returns it with its magnet link.
func seedMagnet(t *testing.T, seed *rtorrent.Daemon, tracker *rtorrenttest.Tracker, name string) (rtorrent.Hash, string) {
	t.Helper()
	s := rtorrenttest.MakeSample(t, name, tracker.URL, rtorrenttest.Content{Path: nil, Data: rtorrenttest.Bytes(100_000)})
	if err := os.WriteFile(seed.Downloads()+"/"+name, rtorrenttest.Bytes(100_000), 0o644); err != nil {
		t.Fatal(err)
	}
	c := rtorrenttest.Dial(t, seed.Endpoint())
	if err := c.LoadRaw(t.Context(), s.Encode()); err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, time.Minute, "the seed has it", func() bool {
		_, err := c.Torrent(t.Context(), s.Hash)
		return err == nil
	})
	if _, err := c.Do(t.Context(), s.Hash, rtorrent.Open(s.Hash), rtorrent.Start(s.Hash)); err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, time.Minute, "the seed seeds", func() bool {
		row, err := c.Torrent(t.Context(), s.Hash)
		return err == nil && row.IsActive && row.IsComplete
	})
	// One that asks the tracker before the seed has would ask again in a minute.
	raw, err := hex.DecodeString(string(s.Hash))
	if err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, time.Minute, "the seed has announced", func() bool { return tracker.Announces([20]byte(raw)) > 0 })
	return s.Hash, rtorrent.Magnet{Hash: s.Hash, Name: "any name", Trackers: []string{tracker.URL}}.String()
}

// TestMagnets adds magnet links in every way. What they were given they have
// when the metadata is there, and only what was added started runs.
func TestMagnets(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			tracker := rtorrenttest.NewTracker(t)
			seed := rtorrenttest.Start(t, "0.9.8")
			m := mountDaemon(t, version)
			away := m.daemon.Downloads() + `/a "dir", of; its $own`
			if err := os.Mkdir(away, 0o755); err != nil {
				t.Fatal(err)
			}
			if out, status := m.sh(t, `mkdir 'add/tv, film' add-stopped/tv`); status != 0 {
				t.Fatal(out)
			}
			if err := writeFile(m.path("add", "tv, film", "defaults"), []byte("directory: "+away+"\npriority: high\ncomment: so; \"it\" is\ncustom/x: 1.5\npeers_max: 7\n")); err != nil {
				t.Fatal(err)
			}
			for i, tc := range []struct{ name, script, state, tags string }{
				{"url", `echo "$LINK" > 'add/tv, film/url'`, stateSeeding, "tv, film\n"},
				{"url without a newline", `printf %s "$LINK" > add/url`, stateSeeding, "\n"},
				{"file", `echo "$LINK" > "$TMP/x.magnet" && cp "$TMP/x.magnet" add/`, stateSeeding, "\n"},
				{"stopped", `echo "$LINK" > add-stopped/tv/url`, stateStopped, "tv\n"},
			} {
				name := fmt.Sprintf("%d %s", i, tc.name)
				h, magnet := seedMagnet(t, seed, tracker, name)
				m.env = nil
				m.setenv("LINK", magnet)
				m.setenv("TMP", t.TempDir())
				if out, status := m.sh(t, tc.script); out != "" || status != 0 {
					t.Fatalf("%s: exit status %d, %q\n%s", tc.name, status, out, m.read(t, "log"))
				}
				if out, _ := m.sh(t, tc.script); !strings.Contains(out, "File exists") {
					t.Errorf("%s, again: %q, want that it exists", tc.name, out)
				}
				rtorrenttest.Eventually(t, time.Minute, name+" has its metadata", func() bool {
					// A peer that was too slow the first time would wait for the next announce.
					m.client.CallWrite(t.Context(), nil, "add_peer", h, "127.0.0.1:"+number(int64(seed.PeerPort())))
					got, err := os.ReadFile(m.torrent(h, "name"))
					return err == nil && string(got) == name+"\n"
				})
				if tc.state == stateStopped {
					m.awaitState(t, h, tc.state)
				} else {
					rtorrenttest.Eventually(t, time.Minute, name+" runs", func() bool {
						got, err := os.ReadFile(m.torrent(h, "is_active"))
						return err == nil && string(got) == "1\n"
					})
				}
				if got := m.read(t, "torrents", string(h), "tags"); got != tc.tags {
					t.Errorf("%s: tags = %q, want %q", tc.name, got, tc.tags)
				}
				if i > 0 {
					continue
				}
				for file, want := range map[string]string{"directory": away, "priority": "3", "comment": `so; "it" is`, "custom/x": "1.5", "peers_max": "7"} {
					if got := m.read(t, "torrents", string(h), file); got != want+"\n" {
						t.Errorf("%s: %s = %q, want %q", tc.name, file, got, want)
					}
				}
			}
		})
	}
}

// TestMagnetWithoutMetadata looks at a link that finds nobody: what would be
// lost later is refused, the rest works.
func TestMagnetWithoutMetadata(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountDaemon(t, version)
			h := rtorrent.Hash(strings.Repeat("AB", 20))
			link := "magnet:?xt=urn:btih:" + strings.ToLower(string(h)) + "&tr=http%3A%2F%2F127.0.0.1%3A9%2F"
			if err := writeFile(m.path("add", "url"), []byte(link+"\n")); err != nil {
				t.Fatal(err)
			}
			if got := m.read(t, "torrents", string(h), "state"); got != "metadata\n" {
				t.Errorf("state = %q, want metadata", got)
			}
			for file, value := range map[string]string{"tags": "x", "comment": "x", "priority": "3", "directory": "/tmp", "custom/x": "x", "trackers/new": "http://127.0.0.1:9/x", "peers_max": "3"} {
				if err := writeFile(m.torrent(h, file), []byte(value+"\n")); !errors.Is(err, syscall.EBUSY) {
					t.Errorf("%s: %v, want EBUSY", file, err)
				}
			}
			if out, status := m.sh(t, "mkdir by-tag/x && mv torrents/"+string(h)+" by-tag/x/"); status == 0 || !strings.Contains(out, "busy") {
				t.Errorf("mv to a tag: exit status %d, %q, want that it is busy", status, out)
			}
			if out, status := m.sh(t, "mv torrents/"+string(h)+" erase/ && ls torrents"); status != 0 || out != "" {
				t.Errorf("erase: exit status %d, %q", status, out)
			}
		})
	}
}

// TestURLs writes links of all kinds.
func TestURLs(t *testing.T) {
	version := rtorrenttest.Versions()[1]
	m := mountDaemon(t, version)
	good, second := newPayload(t, "good", piece, map[string]int{"": 1000}), newPayload(t, "second", piece, map[string]int{"": 1001})
	h := strings.Repeat("CD", 20)
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(good.torrent) })
	mux.HandleFunc("/second", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(second.torrent) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(good.torrent[:50]) })
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") })
	mux.HandleFunc("/magnet", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "magnet:?xt=urn:btih:"+h+"&tr=http%3A%2F%2F127.0.0.1%3A9%2F", http.StatusFound)
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	web := httptest.NewServer(mux)
	defer web.Close()
	for _, tc := range []struct {
		text string
		want error
	}{
		{web.URL + "/good?passkey=SECRET\n", nil},
		{web.URL + "/good\n", syscall.EEXIST},
		{web.URL + "/cut\n", syscall.EINVAL},
		{web.URL + "/page\n", syscall.EINVAL},
		{web.URL + "/gone\n", syscall.EREMOTEIO},
		{web.URL + "/magnet\n", nil},
		{web.URL + "/file\n", syscall.EINVAL},
		{web.URL + "/loop\n", syscall.EREMOTEIO},
		{"http://127.0.0.1:9/\n", syscall.EREMOTEIO},
		{"ftp://127.0.0.1/x\n", syscall.EINVAL},
		{"magnet:?xt\n", syscall.EINVAL},
		{"/etc/passwd\n", syscall.EINVAL},
		{web.URL + "/second\nmagnet:?dn=x%\n", syscall.EINVAL},
		{"# a comment\n\n" + web.URL + "/good\n" + web.URL + "/second\n", syscall.EEXIST},
	} {
		if err := writeFile(m.path("add-stopped", "url"), []byte(tc.text)); !errors.Is(err, tc.want) {
			t.Errorf("%q: %v, want %v", tc.text, err, tc.want)
		}
	}
	want := []string{string(good.hash), string(second.hash), h}
	entries, err := os.ReadDir(m.path("torrents"))
	if err != nil || len(entries) != len(want) {
		t.Errorf("torrents: %d, %v, want %q", len(entries), err, want)
	}
	log := m.read(t, "add-stopped", "log")
	if n := strings.Count(log, "\n"); n != 15 {
		t.Errorf("the log has %d lines, want 15:\n%s", n, log)
	}
	if strings.Contains(log, "SECRET") {
		t.Errorf("the log has the passkey:\n%s", log)
	}
}
