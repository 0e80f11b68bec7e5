package rtorrent_test

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

const announce = "http://tracker.example/announce"

// example returns a .torrent of three files in pieces of 2,000 bytes.
func example(t *testing.T) []byte {
	t.Helper()
	made, err := rtorrent.MakeMetainfo("an example", []rtorrent.MakeFile{
		{Path: []string{"a"}, Length: 3000, Data: strings.NewReader(strings.Repeat("a", 3000))},
		{Path: []string{"d", "empty"}, Data: strings.NewReader("")},
		{Path: []string{"d", "b"}, Length: 2500, Data: strings.NewReader(strings.Repeat("b", 2500))},
	}, 2000, announce, "udp://tracker.example:80")
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestParseMetainfo(t *testing.T) {
	m, err := rtorrent.ParseMetainfo(example(t))
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "an example" || !m.Multi || m.Private || m.PieceLength != 2000 || m.Pieces != 3 || m.Size != 5500 {
		t.Errorf("got %+v, want an example of 5,500 bytes in 3 pieces", m)
	}
	files := []rtorrent.MetaFile{
		{Path: []string{"a"}, Length: 3000},
		{Path: []string{"d", "empty"}, Offset: 3000},
		{Path: []string{"d", "b"}, Length: 2500, Offset: 3000},
	}
	if !reflect.DeepEqual(m.Files, files) {
		t.Errorf("files %+v, want %+v", m.Files, files)
	}
	if want := [][]string{{announce}, {"udp://tracker.example:80"}}; !reflect.DeepEqual(m.Trackers, want) {
		t.Errorf("trackers %q, want %q", m.Trackers, want)
	}
	if got, want := m.PieceHash(1), sha1.Sum([]byte(strings.Repeat("a", 1000)+strings.Repeat("b", 1000))); got != want {
		t.Errorf("hash of piece 1: %x, want %x", got, want)
	}
	if got, want := m.PieceHash(2), sha1.Sum([]byte(strings.Repeat("b", 1500))); got != want {
		t.Errorf("hash of piece 2: %x, want %x", got, want)
	}
	for _, i := range []int{-1, 3} {
		if got := m.PieceHash(i); got != [20]byte{} {
			t.Errorf("hash of piece %d: %x, want zeros", i, got)
		}
	}
}

func TestParseMetainfoOfSingleFile(t *testing.T) {
	info := "d6:lengthi5e4:name1:x12:piece lengthi16384e6:pieces20:aaaaabbbbbcccccddddd7:privatei1ee"
	m, err := rtorrent.ParseMetainfo([]byte("d4:info" + info + "e"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Hash, rtorrent.Hash(fmt.Sprintf("%X", sha1.Sum([]byte(info)))); got != want {
		t.Errorf("info-hash %s, want %s", got, want)
	}
	if got, want := m.Files, []rtorrent.MetaFile{{Path: []string{"x"}, Length: 5}}; !reflect.DeepEqual(got, want) || m.Multi {
		t.Errorf("files %+v, want the single %+v", got, want)
	}
	if m.Trackers != nil || !m.Private {
		t.Errorf("trackers %q, private %v, want none and true", m.Trackers, m.Private)
	}
}

func TestMetainfoSharesNoMemory(t *testing.T) {
	in := example(t)
	m, err := rtorrent.ParseMetainfo(in)
	if err != nil {
		t.Fatal(err)
	}
	want, piece := m.Encode(), m.PieceHash(0)
	clear(in)
	clear(m.Encode())
	if got := m.Encode(); !bytes.Equal(got, want) || m.PieceHash(0) != piece || m.Name != "an example" || m.Files[2].Path[1] != "b" {
		t.Errorf("it has changed with the bytes that it was read from")
	}
}

func TestProperPrefixIsIncomplete(t *testing.T) {
	whole := example(t)
	for n := range whole {
		if _, err := rtorrent.ParseMetainfo(whole[:n]); !errors.Is(err, rtorrent.ErrIncomplete) || errors.Is(err, rtorrent.ErrNotTorrent) {
			t.Fatalf("the first %d of %d bytes: %v, want ErrIncomplete", n, len(whole), err)
		}
	}
	for _, in := range []string{"x", "le", "<html>", "\x00", "d1:ai01", "dd"} {
		if _, err := rtorrent.ParseMetainfo([]byte(in)); !errors.Is(err, rtorrent.ErrNotTorrent) || errors.Is(err, rtorrent.ErrIncomplete) {
			t.Errorf("%q: %v, want ErrNotTorrent", in, err)
		}
	}
	big := make([]byte, 64<<20+1)
	copy(big, whole)
	if _, err := rtorrent.ParseMetainfo(big); !errors.Is(err, rtorrent.ErrNotTorrent) {
		t.Errorf("over 64 MiB: %v, want ErrNotTorrent", err)
	}
}

func TestEncodeKeepsWhatIsKnown(t *testing.T) {
	info := "4:infod6:lengthi5e4:name1:x12:piece lengthi16384e6:pieces20:aaaaabbbbbcccccddddde"
	tests := []struct{ name, in, want string }{
		{"all that is kept",
			"d8:announce3:u:/13:announce-listll3:u:/el2:v:2:w:ee7:comment1:c10:created by1:b13:creation datei-5e8:encoding1:e" + info + "8:url-listl1:le" + "e", ""},
		{"url-list is a string", "d" + info + "8:url-list1:le", ""},
		{"sorted", "d" + info + "8:announce1:ae", "d8:announce1:a" + info + "e"},
		{"unknown keys", "d1:ai1e" + info + "17:libtorrent_resumei1e10:magnet-uri1:m5:nodesle8:rtorrentde22:rtorrent_meta_downloadde1:z1:ze", "d" + info + "e"},
		{"junk behind", "d" + info + "ee" + info, "d" + info + "e"},
		{"wrong types", "d8:announcei1e13:announce-list1:a7:commentle10:created byi1e13:creation date1:d8:encodingde" + info + "8:url-listi1ee", "d" + info + "e"},
		{"creation date of over 64 bits", "d13:creation datei9223372036854775808e" + info + "e", "d" + info + "e"},
		{"url-list of a wrong type", "d" + info + "8:url-listl1:ai1eee", "d" + info + "e"},
		{"wrong types in announce-list", "d8:announce1:a13:announce-listli1el1:bi2ee1:clel1:dleee" + info + "e", "d8:announce1:a13:announce-listll1:bel1:dee" + info + "e"},
		{"no tier in announce-list", "d8:announce1:a13:announce-list1:b" + info + "e", "d8:announce1:a" + info + "e"},
		{"only empty tiers", "d13:announce-listlleli1eee" + info + "e", "d" + info + "e"},
	}
	for _, tt := range tests {
		m, err := rtorrent.ParseMetainfo([]byte(tt.in))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if tt.want == "" {
			tt.want = tt.in
		}
		if got := string(m.Encode()); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

func TestTrackers(t *testing.T) {
	info := "4:infod6:lengthi5e4:name1:x12:piece lengthi16384e6:pieces20:aaaaabbbbbcccccddddde"
	for in, want := range map[string][][]string{
		"":                                     nil,
		"8:announce1:a":                        {{"a"}},
		"8:announce1:a13:announce-listle":      {{"a"}},
		"8:announce1:a13:announce-listl1:be":   {{"a"}},
		"8:announce1:a13:announce-listll1:bee": {{"b"}},
		"13:announce-listll1:b1:cel1:de1:ee":   {{"b", "c"}, {"d"}},
	} {
		m, err := rtorrent.ParseMetainfo([]byte("d" + in + info + "e"))
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if !reflect.DeepEqual(m.Trackers, want) {
			t.Errorf("%q: %q, want %q", in, m.Trackers, want)
		}
	}
}

func TestRefusalsSayWhatIsWrong(t *testing.T) {
	killers := map[string][]byte{}
	for _, k := range rtorrenttest.Killers() {
		killers[k.Name] = k.Torrent
	}
	for name, want := range map[string]string{
		"empty name, single file":         "name is empty",
		"name is dot dot":                 `name is ".."`,
		"path component of 256 bytes":     "file 1: path component is over 255 bytes",
		"equal paths apart":               `files 1 and 3 have the same path "a"`,
		"file a/b then a":                 `the path of file 2, "a", is a directory of file 1`,
		"2,000 trackers":                  "announce-list has 2000 trackers, at most 100",
		"piece length 2^32+16384":         "piece length is 4294983680, want 1025 to 536870912",
		"pieces too short":                "pieces is for a torrent of 1 pieces, the files make 2",
		"length of a file is negative":    "file 1: length is -5",
		"lengths over 2^63":               "file 2: the lengths add up to over 2^63",
		"info unsorted":                   `info is not in canonical form: key "length" comes after "z"`,
		"version 2 only":                  "it is a version 2 torrent (BEP 52) without the version 1 part that rTorrent needs",
		"a web page":                      "it does not begin with a bencoded dictionary",
		"path.utf-8 equal side by side":   `files 1 and 2 have the same path "x"`,
		"path.utf-8 with dot dot":         `file 1: in another encoding: path component is ".."`,
		"name.utf-8 leaves the directory": "name in another encoding holds a slash",
	} {
		_, err := rtorrent.ParseMetainfo(killers[name])
		if want = "not a valid torrent: " + want; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

func TestEachRuleRefusesSomething(t *testing.T) {
	missing := rtorrent.RuleNames()
	for _, k := range rtorrenttest.Killers() {
		_, err := rtorrent.ParseMetainfo(k.Torrent)
		missing = slices.DeleteFunc(missing, func(name string) bool { return name == rtorrent.RuleBroken(err) })
	}
	if len(missing) > 0 {
		t.Errorf("no killer is refused by the rules %q", missing)
	}
}
