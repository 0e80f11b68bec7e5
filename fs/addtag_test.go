package fs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

// TestAddToTags drops into tags: by hand, as whole folders, through other
// programs and under names that are given later.
func TestAddToTags(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountDaemon(t, version)
			cases := []struct{ name, script, tags string }{
				{"mkdir", `mkdir add-stopped/tv && cp "$SRC" add-stopped/tv/`, "tv\n"},
				{"a tag that torrents have", `cp "$SRC" add-stopped/tv/`, "tv\n"},
				{"made in by-tag", `mkdir by-tag/films && cp "$SRC" add-stopped/films/`, "films\n"},
				{"a folder", `mkdir -p "$TMP/linux isos" && cp "$SRC" "$TMP/linux isos/" && cp -r "$TMP/linux isos" add-stopped/`, "linux isos\n"},
				{"a folder by rsync", `mkdir -p "$TMP/sets" && cp "$SRC" "$TMP/sets/" && rsync -r "$TMP/sets" add-stopped/`, "sets\n"},
				{"a folder by mv", `mkdir -p "$TMP/moved" && cp "$SRC" "$TMP/moved/" && mv "$TMP/moved" add-stopped/`, "moved\n"},
				{"deep folders", `mkdir -p "$TMP/a/b/c" && cp "$SRC" "$TMP/a/b/c/" && cp -a "$TMP/a" add-stopped/`, "a\n"},
				{"a percent sign", `mkdir "$TMP/100% true" && cp "$SRC" "$TMP/100% true/" && cp -r "$TMP/100% true" add-stopped/`, "100% true\n"},
				{"a new folder, then named", `mkdir 'add-stopped/New Folder' && mv 'add-stopped/New Folder' add-stopped/music && cp "$SRC" add-stopped/music/`, "music\n"},
				{"a part, then named", `cat "$SRC" > add-stopped/tv/x.part && mv add-stopped/tv/x.part add-stopped/tv/x.torrent`, "tv\n"},
				{"a part, then moved", `cat "$SRC" > add-stopped/x.part && mv add-stopped/x.part add-stopped/tv/y.torrent`, "tv\n"},
			}
			for i, tc := range cases {
				p := newPayload(t, tc.name, piece, map[string]int{"": 1000 + i})
				m.env = nil
				m.setenv("SRC", p.file(t))
				m.setenv("TMP", t.TempDir())
				out, status := m.sh(t, tc.script)
				if out != "" || status != 0 {
					t.Errorf("%s: exit status %d, %q\n%s", tc.name, status, out, m.read(t, "add-stopped", "log"))
					continue
				}
				if got := m.read(t, "torrents", string(p.hash), "tags"); got != tc.tags {
					t.Errorf("%s: tags = %q, want %q", tc.name, got, tc.tags)
				}
				if log := m.read(t, "add-stopped", "log"); strings.Count(log, "\tOK\t"+string(p.hash)) != 1 {
					t.Errorf("%s: not loaded once\n%s", tc.name, log)
				}
			}
			if out, _ := m.sh(t, `ls -d add/*/`); out != "add/100%25 true/\nadd/a/\nadd/films/\nadd/linux isos/\nadd/moved/\nadd/music/\nadd/sets/\nadd/tv/\n" {
				t.Errorf("tags in add/ = %q", out)
			}
		})
	}
}

// TestAddDirectories makes and removes tags and folders where drops go.
func TestAddDirectories(t *testing.T) {
	m := mountDaemon(t, rtorrenttest.Versions()[0])
	p := newPayload(t, "p", piece, map[string]int{"": 1000})
	for _, dir := range []string{"tv", "tv/deep", "tv/deep/er", "empty"} {
		if err := os.Mkdir(m.path("add-stopped", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeFile(m.path("add-stopped", "tv", "deep", "er", "p.torrent"), p.torrent); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		what string
		err  error
		want error
	}{
		{"mkdir of a tag that is there", os.Mkdir(m.path("add-stopped", "tv"), 0o755), syscall.EEXIST},
		{"mkdir of @none", os.Mkdir(m.path("add", "@none"), 0o755), syscall.EINVAL},
		{"rmdir of a folder with a drop", syscall.Rmdir(m.path("add-stopped", "tv", "deep", "er")), syscall.EPERM},
		{"removing the drop", os.Remove(m.path("add-stopped", "tv", "deep", "er", "p.torrent")), nil},
		{"rmdir of the empty folder", syscall.Rmdir(m.path("add-stopped", "tv", "deep", "er")), nil},
		{"rmdir of the folder above", syscall.Rmdir(m.path("add-stopped", "tv", "deep")), nil},
		{"rmdir of a tag that a torrent has", syscall.Rmdir(m.path("add-stopped", "tv")), syscall.EPERM},
		{"rename of a tag that a torrent has", os.Rename(m.path("add-stopped", "tv"), m.path("add-stopped", "series")), syscall.EPERM},
		{"rename of a tag onto another", os.Rename(m.path("add-stopped", "empty"), m.path("add-stopped", "tv")), syscall.EEXIST},
		{"rmdir of a tag that none has", syscall.Rmdir(m.path("add", "empty")), nil},
		{"moving a torrent here", os.Rename(m.torrent(p.hash), m.path("add", string(p.hash))), syscall.EPERM},
		{"removing the log", os.Remove(m.path("add", "log")), syscall.EPERM},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.what, tc.err, tc.want)
		}
	}
	names, err := filepath.Glob(m.path("add-stopped", "tv", "*"))
	if err != nil || len(names) != 2 {
		t.Errorf("add-stopped/tv holds %q, %v, want url and defaults", names, err)
	}
	if got := m.read(t, "torrents", string(p.hash), "tags"); got != "tv\n" {
		t.Errorf("tags = %q, want tv", got)
	}
}
