package fs

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// hostileNames are names that rTorrent takes and that break something
// somewhere; the last are ordinary.
func hostileNames() []string {
	return []string{
		"\x01", "\x01\x02\x1b[31m\x7f", "caf\xe9", "\xff\xfe", "\U0001F600 grin", "half \xed\xa0\x80 of a pair",
		"two\nlines", "a\tb", "-rf", " ", "...", ".hidden", "$(id)", "`id`", "a;d.erase=", "]]><&amp;", "\"quoted\\", "100%", "100%25", "%F0%9F%98%80", "what?", "????",
		strings.Repeat("n", 255), strings.Repeat("m", 300), strings.Repeat("\U0001F600", 75), "equal", "equal",
		"plain", "Grüße", "日本語",
	}
}

// rawTorrent returns a .torrent with a name that no check would let pass, and
// its info-hash.
func rawTorrent(name string, number int, tracker string) ([]byte, rtorrent.Hash) {
	piece := sha1.Sum(fmt.Appendf(nil, "%d", number))
	info := fmt.Sprintf("d6:lengthi%de4:name%d:%s12:piece lengthi16384e6:pieces20:%se", 100+number, len(name), name, piece)
	return fmt.Appendf(nil, "d8:announce%d:%s4:info%se", len(tracker), tracker, info), rtorrent.Hash(fmt.Sprintf("%X", sha1.Sum([]byte(info))))
}

// TestHostileTorrents has torrents with hostile names in rTorrent, and then a
// tracker that answers with hostile bytes. Each torrent is there, and reads
// right, in both encodings.
func TestHostileTorrents(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			d := rtorrenttest.Start(t, version)
			client := rtorrenttest.Dial(t, d.Endpoint())
			tracker := rtorrenttest.NewTracker(t)
			names := map[rtorrent.Hash]string{}
			sizes := map[rtorrent.Hash]int{}
			var noisy rtorrent.Hash // the one whose tracker will be hostile too
			for i, name := range hostileNames() {
				content, h := rawTorrent(name, i, tracker.URL)
				names[h], sizes[h], noisy = name, 100+i, h
				if err := client.LoadRaw(t.Context(), content); err != nil {
					t.Fatal(err)
				}
			}
			rtorrenttest.Eventually(t, 10*time.Second, "all are loaded", func() bool {
				var n int64
				return client.Call(t.Context(), &n, "view.size", "", "main") == nil && n == int64(len(names))
			})
			mounts := map[string]*mounted{
				"auto": mountClient(t, client, cache.Options{Slow: time.Second}, Options{}),
				"XML":  mountClient(t, dial(t, d.Endpoint(), rtorrent.Options{NoJSON: true}), cache.Options{Slow: time.Second}, Options{}),
			}
			for wire, m := range mounts {
				t.Run(wire, func(t *testing.T) { m.wantNames(t, names, sizes) })
			}

			var all []byte // every byte but those at which XML ends a text
			for b := 1; b < 256; b++ {
				all = append(all, byte(b))
			}
			reason := "]]>&#x1; caf\xe9 \U0001F600 \xed\xa0\x80" + string(all)
			tracker.Fail(reason)
			if err := writeFile(mounts["auto"].torrent(noisy, "state"), []byte("start\n")); err != nil {
				t.Fatal(err)
			}
			for wire, m := range mounts {
				t.Run("message by "+wire, func(t *testing.T) {
					rtorrenttest.Eventually(t, 30*time.Second, "the tracker's words are the message", func() bool {
						return strings.Contains(m.read(t, "torrents", string(noisy), "message"), "]]>&#x1; caf")
					})
					m.wantNames(t, names, sizes)
				})
			}
		})
	}
}

// wantNames fails unless the tree shows exactly these torrents, with their
// exact names, wherever it shows them.
func (m *mounted) wantNames(t *testing.T, names map[rtorrent.Hash]string, sizes map[rtorrent.Hash]int) {
	t.Helper()
	table := m.read(t, "list.tsv")
	if lines := strings.Count(table, "\n"); lines != 1+len(names) {
		t.Errorf("list.tsv has %d lines, want %d", lines, 1+len(names))
	}
	entries, err := os.ReadDir(m.path("torrents"))
	if err != nil || len(entries) != len(names) {
		t.Errorf("torrents has %d entries (%v), want %d", len(entries), err, len(names))
	}
	for h, name := range names {
		if got := m.read(t, "torrents", string(h), "name"); got != name+"\n" {
			t.Errorf("name = %q, want %q", got, name+"\n")
		}
		if got := m.read(t, "torrents", string(h), "size"); got != fmt.Sprintf("%d\n", sizes[h]) {
			t.Errorf("size of %q = %q, want %d", name, got, sizes[h])
		}
		if row := fmt.Sprintf("\n%s\t%s\t%d\t", h, escapeTSV(name), sizes[h]); !strings.Contains(table, row) {
			t.Errorf("list.tsv lacks %q", row)
		}
		var object struct {
			Hash    rtorrent.Hash
			Name    string
			NameHex string `json:"name_hex"`
		}
		if err := json.Unmarshal([]byte(m.read(t, "torrents", string(h), "info.json")), &object); err != nil || object.Hash != h {
			t.Errorf("info.json of %q: hash %s, %v", name, object.Hash, err)
		}
		if utf8.ValidString(name) && object.Name != name || !utf8.ValidString(name) && object.NameHex != hex.EncodeToString([]byte(name)) {
			t.Errorf("info.json: name %q, name_hex %q, want %q", object.Name, object.NameHex, name)
		}
	}
	m.wantLinks(t, names)
}

// wantLinks fails unless by-name has one link to each torrent, whose name is
// the torrent's but for what a name cannot hold.
func (m *mounted) wantLinks(t *testing.T, names map[rtorrent.Hash]string) {
	t.Helper()
	links, err := os.ReadDir(m.path("by-name"))
	if err != nil || len(links) != len(names) {
		t.Errorf("by-name has %d entries (%v), want %d", len(links), err, len(names))
	}
	for _, link := range links {
		target, err := os.Readlink(m.path("by-name", link.Name()))
		if err != nil {
			t.Error(err)
			continue
		}
		h := rtorrent.Hash(filepath.Base(target))
		name := names[h]
		begin, _, _ := strings.Cut(fileName(name), "%~")
		if !strings.HasPrefix(link.Name(), begin[:min(len(begin), 200)]) {
			t.Errorf("link %q to the torrent %q", link.Name(), name)
		}
		if got, err := os.ReadFile(m.path("by-name", link.Name(), "hash")); err != nil || !bytes.Equal(got, []byte(h+"\n")) {
			t.Errorf("through the link %q: hash %q (%v), want %s", link.Name(), got, err, h)
		}
	}
}

// TestHostilePaths has one torrent whose files have hostile names.
func TestHostilePaths(t *testing.T) {
	paths := [][]string{
		{"\x01"}, {"caf\xe9"}, {"\U0001F600", "b"}, {"\U0001F600", "\xff"}, {"two\nlines"}, {"100%"}, {"%20"}, {"what?", "????"},
		{strings.Repeat("m", 300)}, {" "}, {"-rf", "..."}, {"a", "x"}, {"a", "y"}, {"plain"},
	}
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			d := rtorrenttest.Start(t, version)
			content, h := rawFolder("caf\xe9 \U0001F600", paths)
			if err := rtorrenttest.Dial(t, d.Endpoint()).LoadRaw(t.Context(), content); err != nil {
				t.Fatal(err)
			}
			for wire, o := range map[string]rtorrent.Options{"auto": {}, "XML": {NoJSON: true}} {
				t.Run(wire, func(t *testing.T) {
					m := mountClient(t, dial(t, d.Endpoint(), o), cache.Options{}, Options{})
					m.awaitState(t, h, stateStopped)
					found := 0
					if err := filepath.WalkDir(m.torrent(h, "files"), func(_ string, e os.DirEntry, err error) error {
						if err == nil && e.Type().IsRegular() {
							found++
						}
						return err
					}); err != nil || found != len(paths) {
						t.Errorf("%d files (%v), want %d", found, err, len(paths))
					}
					for i, p := range paths {
						at := m.torrent(h, "files")
						for _, component := range p {
							at = filepath.Join(at, fileName(component))
						}
						if info, err := os.Lstat(at); err != nil || info.Size() != int64(100+i) {
							t.Errorf("%q: %v, %v, want %d bytes", p, info, err, 100+i)
						}
					}
				})
			}
		})
	}
}

// rawFolder returns a .torrent with files of 100 bytes and more at paths that
// no check would let pass, and its info-hash.
func rawFolder(name string, paths [][]string) ([]byte, rtorrent.Hash) {
	files, size := "", 0
	for i, path := range paths {
		components := ""
		for _, c := range path {
			components += fmt.Sprintf("%d:%s", len(c), c)
		}
		files += fmt.Sprintf("d6:lengthi%de4:pathl%see", 100+i, components)
		size += 100 + i
	}
	pieces := strings.Repeat("01234567890123456789", (size+16383)/16384)
	info := fmt.Sprintf("d5:filesl%se4:name%d:%s12:piece lengthi16384e6:pieces%d:%se", files, len(name), name, len(pieces), pieces)
	return fmt.Appendf(nil, "d8:announce18:http://127.0.0.1:94:info%se", info), rtorrent.Hash(fmt.Sprintf("%X", sha1.Sum([]byte(info))))
}
