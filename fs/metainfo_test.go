package fs

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestMetainfo reads the .torrent back, byte for byte.
func TestMetainfo(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			p := newPayload(t, "many", 32768, map[string]int{"a": 100_000, "b/c": 5})
			m.add(t, "add-stopped", p)
			path := m.torrent(p.hash, "metainfo.torrent")
			rtorrenttest.Eventually(t, 5*time.Second, "the session has it", func() bool {
				info, err := os.Stat(path)
				return err == nil && info.Size() > 0
			})
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != 0o400 || info.Size() != int64(len(p.torrent)) {
				t.Errorf("mode %v, size %d, %v; want 0400 and %d", info.Mode(), info.Size(), err, len(p.torrent))
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != string(p.torrent) {
				t.Errorf("it differs from what was added: %v\n got %.300q\nwant %.300q", err, got, p.torrent)
			}

			kept := filepath.Join(m.daemon.Session(), string(p.hash)+".torrent")
			for name, spoil := range map[string]func() error{
				"another torrent": func() error {
					return os.WriteFile(kept, newPayload(t, "other", 32768, map[string]int{"": 10}).torrent, 0o600)
				},
				"no torrent":    func() error { return os.WriteFile(kept, []byte("root:x:0:0"), 0o600) },
				"a link":        func() error { os.Remove(kept); return os.Symlink("/etc/passwd", kept) },
				"a directory":   func() error { os.Remove(kept); return os.Mkdir(kept, 0o700) },
				"nothing":       func() error { return os.RemoveAll(kept) },
				"a pipe":        func() error { os.RemoveAll(kept); return syscall.Mkfifo(kept, 0o600) },
				"no permission": func() error { return os.RemoveAll(m.daemon.Session()) },
			} {
				os.RemoveAll(kept)
				if err := spoil(); err != nil {
					t.Fatal(err)
				}
				if _, err := os.ReadFile(path); err != syscall.EOPNOTSUPP && !strings.Contains(err.Error(), "not supported") {
					t.Errorf("%s: %v, want EOPNOTSUPP", name, err)
				}
				if _, err := os.Stat(path); err != nil {
					t.Errorf("%s: stat: %v", name, err)
				}
				if name == "no permission" {
					os.MkdirAll(m.daemon.Session(), 0o700)
				}
			}
			if log := m.read(t, "log"); !strings.Contains(log, "metainfo.torrent") || !strings.Contains(log, "ENOTSUP") {
				t.Errorf("the log does not say why:\n%s", log)
			}
		})
	}
}

// TestMagnet parses the link, and has rTorrent load it.
func TestMagnet(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			h := m.addTracked(t, "a & b=ü%?", deadOne+"a?passkey=1&x=%20", deadTwo+"off", "http://127.0.0.3:9/c")
			if out, status := m.sh(t, "echo 0 > torrents/"+string(h)+"/trackers/127.0.0.2/enabled"); status != 0 {
				t.Fatal(out)
			}
			link := strings.TrimSuffix(m.read(t, "torrents", string(h), "magnet"), "\n")
			u, err := url.Parse(link)
			if err != nil {
				t.Fatal(err)
			}
			q := u.Query()
			slices.Sort(q["tr"])
			if want := []string{deadOne + "a?passkey=1&x=%20", "http://127.0.0.3:9/c"}; u.Scheme != "magnet" || q.Get("xt") != "urn:btih:"+string(h) ||
				q.Get("dn") != "a & b=ü%?" || !slices.Equal(q["tr"], want) {
				t.Errorf("%s has %v, want the name and %q", link, q, want)
			}
			if parsed, err := rtorrent.ParseMagnet(link); err != nil || parsed.String() != link {
				t.Errorf("ParseMagnet = %v, %v; want the same link", parsed, err)
			}
			info, err := os.Stat(m.torrent(h, "magnet"))
			if err != nil || info.Mode().Perm() != 0o400 || info.Size() != int64(len(link)+1) {
				t.Errorf("mode %v, size %d, %v; want 0400 and %d", info.Mode(), info.Size(), err, len(link)+1)
			}

			if _, status := m.sh(t, "echo erase > torrents/"+string(h)+"/ctl"); status != 0 {
				t.Fatal(m.read(t, "log"))
			}
			if err := m.client.CallWrite(t.Context(), nil, "load.normal", "", link); err != nil {
				t.Fatal(err)
			}
			rtorrenttest.Eventually(t, 10*time.Second, "the magnet is loaded", func() bool {
				b, err := os.ReadFile(m.torrent(h, "is_meta"))
				return err == nil && string(b) == "1\n"
			})
			stub := strings.TrimSpace(m.read(t, "torrents", string(h), "magnet"))
			if !strings.HasPrefix(stub, "magnet:?xt=urn:btih:"+string(h)+"&tr=") {
				t.Errorf("the magnet of a magnet is %s, want one without a name", stub)
			}
			if _, err := os.ReadFile(m.torrent(h, "metainfo.torrent")); err == nil || !strings.Contains(err.Error(), "not supported") {
				t.Errorf("metainfo.torrent of a magnet: %v, want EOPNOTSUPP", err)
			}
		})
	}
}

// TestStatAsksNothing looks at the attributes of every file of many torrents.
func TestStatAsksNothing(t *testing.T) {
	d := rtorrenttest.Start(t, "0.9.8")
	hashes := loadMany(t, d, 50)
	m, count := mountCounted(t, d, cache.Options{TTL: time.Hour, Slow: time.Hour})
	if _, err := os.ReadDir(m.path("torrents")); err != nil {
		t.Fatal(err)
	}
	count.calls.Store(0)
	for _, h := range hashes {
		entries, err := os.ReadDir(m.torrent(h))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if _, err := e.Info(); err != nil {
				t.Errorf("%s: %v", e.Name(), err)
			}
		}
	}
	if got := count.calls.Load(); got != 0 {
		t.Errorf("%d calls for attributes, want none", got)
	}
}
