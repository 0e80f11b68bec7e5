package fs

import (
	"strings"
	"testing"

	"rtfs/rtorrent"
)

func TestFileName(t *testing.T) {
	long := strings.Repeat("ä", 200)
	cases := []struct{ name, in, want string }{
		{"plain", "Some Name (2026)", "Some Name (2026)"},
		{"empty", "", "%"},
		{"dot", ".", "%2E"},
		{"dots", "..", "%2E%2E"},
		{"three dots", "...", "..."},
		{"slash", "a/b", "a%2Fb"},
		{"NUL", "a\x00b", "a%00b"},
		{"escape character", "100%", "100%25"},
		{"looks escaped", "a%2Fb", "a%252Fb"},
		{"newline and control bytes stay", "a\n\x01b", "a\n\x01b"},
		{"latin-1 stays", "caf\xe9", "caf\xe9"},
		{"emoji stays", "😀", "😀"},
		{"leading dash", "-rf", "-rf"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := fileName(tc.in); got != tc.want {
				t.Errorf("fileName(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
	got := fileName(long)
	if len(got) > nameMax || !strings.HasPrefix(got, "ä") || !strings.Contains(got, "%~") {
		t.Errorf("fileName of %d bytes = %q (%d bytes)", len(long), got, len(got))
	}
	if other := fileName(long + "x"); other == got {
		t.Errorf("two long names are both %q", got)
	}
}

func FuzzFileName(f *testing.F) {
	for _, s := range []string{"", ".", "..", "/", "%", "a%2F", "\x00", strings.Repeat("é", 300), "%~"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := fileName(s)
		if got == "" || got == "." || got == ".." || len(got) > nameMax || strings.ContainsAny(got, "/\x00") {
			t.Errorf("fileName(%q) = %q is no name", s, got)
		}
		if len(got) < nameMax-9 && unescapeName(got) != s {
			t.Errorf("fileName(%q) = %q reads back as %q", s, got, unescapeName(got))
		}
	})
}

func TestTorrentNamesAreUnique(t *testing.T) {
	hash := func(c string) rtorrent.Hash { return rtorrent.Hash(strings.Repeat(c, 40)) }
	same := rtorrent.Hash(strings.Repeat("A", 8) + strings.Repeat("0", 32))
	torrents := []*rtorrent.Torrent{
		{Hash: hash("A"), Name: "x"}, {Hash: hash("B"), Name: "x"}, {Hash: hash("C"), Name: "y"},
		{Hash: same, Name: "x"}, {Hash: hash("D"), Name: "x [BBBBBBBB]"},
	}
	got := torrentNames(torrents)
	want := []string{"x [AAAAAAAA]", "x [BBBBBBBB]", "y", "x [" + string(same) + "]", "x [BBBBBBBB] [" + string(hash("D")) + "]"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("name %d = %q, want %q", i, got[i], want[i])
		}
	}
}
