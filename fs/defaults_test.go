package fs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestDefaults sets values for all drops and for a tag, in every way a file is
// written, and wants them on what is dropped, also by the next mount.
func TestDefaults(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			daemon := rtorrenttest.Start(t, version)
			config := t.TempDir()
			mount := func() *mounted {
				return mountClient(t, rtorrenttest.Dial(t, daemon.Endpoint()), cache.Options{}, Options{ConfigDir: config})
			}
			m := mount()
			away := filepath.Join(daemon.Downloads(), "away")
			if err := os.Mkdir(away, 0o755); err != nil {
				t.Fatal(err)
			}
			m.setenv("AWAY", away)
			for _, script := range []string{
				`mkdir add-stopped/tv`,
				`echo 'priority: low' > add/defaults`,
				`printf 'comment: of all\ncustom/x: any value\n' >> add/defaults`,
				`sed -i 's/low/high/' add/defaults`,
				`echo "directory: $AWAY" > add-stopped/tv/defaults && echo 'comment: of tv' >> add-stopped/tv/defaults`,
				`printf 'tags: new\ntags: more\nthrottle: NULL\n' >> add/tv/defaults`,
			} {
				if out, status := m.sh(t, script); out != "" || status != 0 {
					t.Fatalf("%s: exit status %d, %q", script, status, out)
				}
			}
			if got, want := m.read(t, "add-stopped", "defaults"), "priority: high\ncomment: of all\ncustom/x: any value\n"; got != want {
				t.Errorf("defaults = %q, want %q", got, want)
			}
			for _, bad := range []string{"priority: 9", "name: x", "state: stop", "ctl: erase", "directory: relative", "directory: " + away + "/none", "directory: /etc/passwd", "nonsense", "peers_max: -1", "custom/: x"} {
				if err := writeFile(m.path("add", "defaults"), []byte(bad+"\n")); !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.EACCES) {
					t.Errorf("%s: %v, want EINVAL", bad, err)
				}
			}
			m = mount()
			plain, tagged := newPayload(t, "plain", piece, map[string]int{"": 1000}), newPayload(t, "tagged", piece, map[string]int{"a": 1000})
			m.add(t, "add-stopped", plain)
			m.add(t, "add-stopped/tv", tagged)
			for _, tc := range []struct {
				hash       rtorrent.Hash
				file, want string
			}{
				{plain.hash, "priority", "3"}, {plain.hash, "comment", "of all"}, {plain.hash, "tags", ""}, {plain.hash, "directory", daemon.Downloads()},
				{tagged.hash, "priority", "3"}, {tagged.hash, "comment", "of tv"}, {tagged.hash, "custom/x", "any value"}, {tagged.hash, "tags", "tv\nnew\nmore"},
				{tagged.hash, "directory", away + "/tagged"}, {tagged.hash, "throttle", "NULL"},
			} {
				if got := m.read(t, "torrents", string(tc.hash), tc.file); got != tc.want+"\n" {
					t.Errorf("%s of %s = %q, want %q", tc.file, tc.hash, got, tc.want)
				}
			}
			if out, status := m.sh(t, `echo > add/defaults && cat add/defaults`); out != "" || status != 0 {
				t.Errorf("emptied, exit status %d, %q", status, out)
			}
		})
	}
}

// TestCutOffDropIsResumed has a drop fail behind its load, and drops it again:
// by the same mount, and by the next.
func TestCutOffDropIsResumed(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			daemon := rtorrenttest.Start(t, version)
			state := t.TempDir()
			for i, again := range []bool{false, true} {
				mount := func() *mounted {
					return mountClient(t, rtorrenttest.Dial(t, daemon.Endpoint()), cache.Options{}, Options{StateDir: state})
				}
				m := mount()
				p := newPayload(t, strings.Repeat("x", i+1), piece, map[string]int{"": 1000})
				p.write(t, daemon.Downloads())
				if err := writeFile(m.path("add", "defaults"), []byte("throttle: missing\n")); err != nil {
					t.Fatal(err)
				}
				if err := os.Mkdir(m.path("add", p.name), 0o755); err != nil {
					t.Fatal(err)
				}
				drop := func() error { return writeFile(m.path("add", p.name, "p.torrent"), p.torrent) }
				if err := drop(); !errors.Is(err, syscall.EINVAL) {
					t.Errorf("with a throttle that is not there: %v, want EINVAL", err)
				}
				if got := m.read(t, "torrents", string(p.hash), "state"); got != "stopped\n" {
					t.Errorf("state = %q, want stopped", got)
				}
				if again {
					m = mount()
				} else if err := writeFile(m.path("add", "defaults"), []byte("\n")); err != nil {
					t.Fatal(err)
				}
				if again {
					if err := os.Mkdir(m.path("add", p.name), 0o755); err != nil && !errors.Is(err, syscall.EEXIST) {
						t.Fatal(err)
					}
				}
				if err := drop(); err != nil {
					t.Errorf("dropped again: %v", err)
				}
				m.awaitState(t, p.hash, stateSeeding)
				if got := m.read(t, "torrents", string(p.hash), "tags"); got != p.name+"\n" {
					t.Errorf("tags = %q, want %q", got, p.name)
				}
				if err := drop(); !errors.Is(err, syscall.EEXIST) {
					t.Errorf("dropped once more: %v, want EEXIST", err)
				}
			}
		})
	}
}
