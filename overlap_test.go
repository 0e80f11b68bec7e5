package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rtfs/fs"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

func TestMountpointThatOverlapsIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		rt := rtorrenttest.Start(t, version)
		below := filepath.Join(rt.Downloads(), "some", "folder")
		if err := os.MkdirAll(below, 0o700); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(rtorrenttest.ShortDir(t), "link")
		if err := os.Symlink(below, link); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ dir, words string }{
			{rt.Downloads(), "holds rTorrent's download directory"},
			{below, "lies in rTorrent's download directory"},
			{link, "lies in rTorrent's download directory"},
			{rt.Session(), "holds rTorrent's SCGI socket " + strings.TrimPrefix(rt.Endpoint(), "scgi://") + ","},
			{filepath.Dir(rt.Session()), "holds rTorrent's"},
		} {
			rtfs(t, "mount", rt.Endpoint(), c.dir).want(t, exitMountpoint, c.words, "hint: choose a mountpoint outside")
			wantMounted(t, c.dir, false)
		}
	})
}

func TestPlaces(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	maps := []fs.PathMap{{Remote: "/downloads", Local: "/srv/rt"}}
	for _, c := range []struct {
		name, server string
		caps         *rtorrent.Caps
		maps         []fs.PathMap
		want         []string
	}{
		{"no answer", "scgi://127.0.0.1:5000", nil, nil, nil},
		{"no answer, socket", "scgi:///run/rt/rpc.sock", nil, nil, []string{"/run/rt"}},
		{"local", "scgi://127.0.0.1:5000", &rtorrent.Caps{Session: "/s/", Directory: "/d"}, nil, []string{"/s/", "/d"}},
		{"nothing set", "scgi://127.0.0.1:5000", &rtorrent.Caps{Directory: "./"}, nil, nil},
		{"home", "scgi://127.0.0.1:5000", &rtorrent.Caps{Directory: "~/dl"}, nil, []string{home + "/dl"}},
		{"remote", "scgi://box:5000", &rtorrent.Caps{Session: "/s", Directory: "/downloads/all"}, nil, nil},
		{"remote and mapped", "scgi://box:5000", &rtorrent.Caps{Session: "/s", Directory: "/downloads/all"}, maps, []string{"/srv/rt/all"}},
	} {
		e, err := rtorrent.ParseEndpoint(c.server)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range places(e, c.caps, c.maps) {
			got = append(got, p.path)
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: places = %q, want %q", c.name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: places = %q, want %q", c.name, got, c.want)
			}
		}
	}
}

func TestWithin(t *testing.T) {
	top := t.TempDir()
	for _, dir := range []string{"a/b/c", "ab", "z"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(top, "a/b"), filepath.Join(top, "z/link")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		inner, outer string
		want         bool
	}{
		{"a/b", "a", true}, {"a", "a", true}, {"a", "a/b", false}, {"ab", "a", false},
		{"z/link/c", "a", true}, {"a/b/c", "z/link", true}, {"z", "a", false},
		{"missing", "a", false}, {"a", "missing", false},
	} {
		if got := within(filepath.Join(top, c.inner), filepath.Join(top, c.outer)); got != c.want {
			t.Errorf("within(%s, %s) = %t, want %t", c.inner, c.outer, got, c.want)
		}
	}
}
