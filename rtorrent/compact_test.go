package rtorrent_test

import (
	"testing"
	"unsafe"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestRowIsSmall bounds a row by the size class that Go's allocator has for it:
// one more byte costs 32 for each torrent, twice while a table is loaded.
func TestRowIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(rtorrent.Torrent{}); size > 416 {
		t.Errorf("a row has %d bytes, want at most 416", size)
	}
}

// TestRowsShareTexts finds a text that many rows have once, also in rows that
// are far apart or of two tables, and a torrent's name and folder in its path.
func TestRowsShareTexts(t *testing.T) {
	s := rtorrenttest.NewServer(t, rtorrenttest.ServerOptions{})
	s.Fill(13)
	first, err := rtorrenttest.Dial(t, s.Endpoint()).Torrents(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := rtorrenttest.Dial(t, s.Endpoint()).Torrents(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	tag, seed := first[0].Custom1, first[0].ConnectionCurrent
	if tag == "" || seed == "" {
		t.Fatalf("the first torrent has tag %q and connection %q", tag, seed)
	}
	for _, row := range []*rtorrent.Torrent{first[8], first[12], second[0]} { // these are open
		if row.Custom1 != tag || unsafe.StringData(row.Custom1) != unsafe.StringData(tag) {
			t.Errorf("tag %q has bytes of its own, want those of %q", row.Custom1, tag)
		}
		if row.ConnectionCurrent == seed && unsafe.StringData(row.ConnectionCurrent) != unsafe.StringData(seed) {
			t.Errorf("connection %q has bytes of its own", seed)
		}
		if !within(row.BasePath, row.Name) || !within(row.BasePath, row.Directory) {
			t.Errorf("name %q and folder %q have bytes of their own, want those of %q", row.Name, row.Directory, row.BasePath)
		}
	}
}

// within reports whether part is some of the bytes of whole.
func within(whole, part string) bool {
	at, begin := uintptr(unsafe.Pointer(unsafe.StringData(part))), uintptr(unsafe.Pointer(unsafe.StringData(whole)))
	return begin <= at && at+uintptr(len(part)) <= begin+uintptr(len(whole))
}
