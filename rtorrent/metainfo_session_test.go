package rtorrent_test

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

func TestParseSession(t *testing.T) {
	path := func(p ...string) []string { return p }
	tests := []struct {
		name, in string
		want     rtorrent.SessionTorrent
	}{
		{"single file", "d4:infod6:lengthi5e4:name4:caf\xe9ee",
			rtorrent.SessionTorrent{Name: "caf\xe9", Files: []rtorrent.MetaFile{{Path: path("caf\xe9"), Length: 5}}}},
		{"hostile names and lengths", "d4:infod5:filesld6:lengthi5e4:pathl0:ee" + "d6:lengthi-5e4:pathl1:a0:1:aee" + "d6:lengthi7e4:pathl1:aee" + "dee4:name0:ee",
			rtorrent.SessionTorrent{Multi: true, Files: []rtorrent.MetaFile{
				{Path: path(""), Length: 5}, {Path: path("a", "", "a"), Length: -5, Offset: 5}, {Path: path("a"), Length: 7}, {Offset: 7}}}},
		{"lengths that overflow", "d4:infod5:filesld6:lengthi9223372036854775807e4:pathl1:aee" + "d6:lengthi2e4:pathl1:beeeee",
			rtorrent.SessionTorrent{Multi: true, Files: []rtorrent.MetaFile{
				{Path: path("a"), Length: math.MaxInt64}, {Path: path("b"), Length: 2, Offset: math.MaxInt64}}}},
		{"wrong types", "d4:infod5:filesl1:xd6:length1:54:path1:aed4:pathli1eeee4:namei1eee",
			rtorrent.SessionTorrent{Multi: true, Files: []rtorrent.MetaFile{{}, {}, {Path: path("")}}}},
		{"nothing in it", "d4:infodee", rtorrent.SessionTorrent{Multi: true}},
		{"the stub of a magnet link", "d8:announce27:http://127.0.0.1:1/announce4:infod13:meta_downloadi1e4:name45:3031323334353637383930313233343536373839.meta6:pieces20:01234567890123456789e10:magnet-uri8:magnet:?e",
			rtorrent.SessionTorrent{Magnet: true, Hash: "3031323334353637383930313233343536373839", Name: "3031323334353637383930313233343536373839.meta"}},
	}
	for _, tt := range tests {
		got, err := rtorrent.ParseSession([]byte(tt.in))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if tt.want.Hash == "" {
			tt.want.Hash = got.Hash
		}
		if !reflect.DeepEqual(*got, tt.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", tt.name, *got, tt.want)
		}
	}
}

func TestParseSessionRefuses(t *testing.T) {
	for in, want := range map[string]error{
		"":                   rtorrent.ErrIncomplete,
		"d4:infod4:name":     rtorrent.ErrIncomplete,
		"de":                 rtorrent.ErrNotTorrent,
		"d4:info1:xe":        rtorrent.ErrNotTorrent,
		"d10:magnet-uri1:me": rtorrent.ErrNotTorrent,
		"le":                 rtorrent.ErrNotTorrent,
	} {
		if _, err := rtorrent.ParseSession([]byte(in)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", in, err, want)
		}
	}
}

// What rTorrent has loaded can be hostile, so its session can.
func TestParseSessionTakesKillers(t *testing.T) {
	for _, k := range rtorrenttest.Killers() {
		if k.Kills == "" {
			continue
		}
		if _, err := rtorrent.ParseSession(k.Torrent); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
}
