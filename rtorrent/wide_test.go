package rtorrent_test

import (
	"fmt"
	"strings"
	"testing"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// tables returns the requests of tables of all torrents that are in the log.
func tables(log []rtorrenttest.Request) (found []rtorrenttest.Request) {
	for _, r := range log {
		if len(r.Methods) == 1 && strings.HasPrefix(r.Methods[0], "d.multicall") {
			found = append(found, r)
		}
	}
	return found
}

// TestLargeTableIsSplit: a reply of over 100 MiB ends rTorrent, and one of over
// 32 MiB is not asked for. The parts make whole rows, and the same ones when
// nothing has changed.
func TestLargeTableIsSplit(t *testing.T) {
	const n = 20_000
	for _, o := range []rtorrenttest.ServerOptions{{Version: "0.9.8"}, {Version: "0.16"}} {
		s, c := newFake(t, o)
		s.Fill(n)
		rows, err := c.Torrents(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != n {
			t.Fatalf("%s: %d rows, want %d", o.Version, len(rows), n)
		}
		asked := tables(s.Log())
		if len(asked) < 2 {
			t.Errorf("%s: %d requests, want the table in parts", o.Version, len(asked))
		}
		for _, r := range asked {
			if r.Reply > 32<<20 {
				t.Errorf("%s: a reply of %d bytes, want at most 32 MiB", o.Version, r.Reply)
			}
		}
		for _, i := range []int{0, 3, 4, n - 1} {
			alone, err := c.Torrent(t.Context(), rows[i].Hash)
			if err != nil {
				t.Fatal(err)
			}
			if *alone != *rows[i] {
				t.Errorf("%s: row %d = %+v, want that by itself: %+v", o.Version, i, rows[i], alone)
			}
		}
		before := map[rtorrent.Hash]*rtorrent.Torrent{}
		for _, row := range rows {
			before[row.Hash] = row
		}
		again, err := c.Torrents(t.Context(), func(hash []byte) *rtorrent.Torrent { return before[rtorrent.Hash(hash)] })
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range again {
			if row != rows[i] {
				t.Fatalf("%s: row %d is another one, though nothing changed", o.Version, i)
			}
		}
	}
}

// TestHeavyTextIsAskedInParts: once free text was found to be much, it is asked
// for some torrents at a time, the rest as one table.
func TestHeavyTextIsAskedInParts(t *testing.T) {
	const n = 250
	for _, o := range []rtorrenttest.ServerOptions{{Version: "0.9.8"}, {Version: "0.16"}} {
		s, c := newFake(t, o)
		s.Fill(n)
		rows, err := c.Torrents(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			s.Change(row.Hash, func(t *rtorrenttest.Torrent) { t.Message = strings.Repeat(fmt.Sprint(i, " "), 3000) })
		}
		if _, err := c.Torrents(t.Context(), nil); err != nil { // it finds out
			t.Fatal(err)
		}
		before := len(s.Log())
		if rows, err = c.Torrents(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if want := strings.Repeat(fmt.Sprint(i, " "), 3000); row.Message != want || row.UpTotal != int64(i)<<20 {
				t.Fatalf("%s: row %d has a message of %d bytes, want %d", o.Version, i, len(row.Message), len(want))
			}
		}
		log := s.Log()[before:]
		var parts, largest int
		for _, r := range log {
			largest = max(largest, r.Reply)
			if len(r.Methods) > 1 {
				parts++
			}
		}
		if got := len(tables(log)); got != 1 || parts != 3 {
			t.Errorf("%s: %d tables and %d parts, want 1 and 3: 100 torrents each", o.Version, got, parts)
		}
		if largest > 4<<20 {
			t.Errorf("%s: a reply of %d bytes", o.Version, largest)
		}
		if c.Forget(); c.KnownCaps() != nil {
			t.Error("it has not forgotten")
		}
		s.Change(rows[0].Hash, func(*rtorrenttest.Torrent) {})
	}
}

// TestHeavyTextOfTorrentsThatVanish: between the table and the parts.
func TestHeavyTextOfTorrentsThatVanish(t *testing.T) {
	s, c := newFake(t, rtorrenttest.ServerOptions{})
	s.Fill(3)
	rows, err := c.Torrents(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Change(rows[1].Hash, func(t *rtorrenttest.Torrent) { t.Message = strings.Repeat("m", 100_000) })
	if _, err := c.Torrents(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	s.Remove(rows[1].Hash)
	if rows, err = c.Torrents(t.Context(), nil); err != nil || len(rows) != 2 {
		t.Errorf("%d rows, error %v, want 2", len(rows), err)
	}
}

// TestFilesOfManyAreSplit: a torrent may have as many files as fill a reply of
// over 32 MiB. Files with equal paths, which hostile torrents have, stay apart.
func TestFilesOfManyAreSplit(t *testing.T) {
	const n = 150_000
	s, c := newFake(t, rtorrenttest.ServerOptions{Version: "0.16"})
	h := rtorrent.Hash(strings.Repeat("F", 40))
	files := make([]rtorrenttest.File, n)
	for i := range files {
		files[i] = rtorrenttest.File{Path: []string{fmt.Sprintf("%s-%06d", strings.Repeat("long name ", 4), i/2)}, Size: 10, Offset: int64(i) * 10, Priority: 1}
	}
	s.Add(rtorrenttest.Torrent{Hash: h, Name: "many", Size: 10 * n, Multi: true, Files: files})
	got, err := c.Files(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != n {
		t.Fatalf("%d files, want %d", len(got), n)
	}
	for i, f := range got {
		if f.Path != files[i].Path[0] || f.Offset != files[i].Offset || f.Priority != 1 {
			t.Fatalf("file %d = %+v, want %+v", i, f, files[i])
		}
	}
	for _, r := range s.Log() {
		if r.Reply > 32<<20 {
			t.Errorf("%v: a reply of %d bytes, want at most 32 MiB", r.Methods, r.Reply)
		}
	}
}

// TestFallBackToXML: what fails in JSON because of a text is asked in XML, and
// not in JSON again until the next run of rTorrent.
func TestFallBackToXML(t *testing.T) {
	s, c := newFake(t, rtorrenttest.ServerOptions{Version: "0.16"})
	s.Fill(2)
	rows, err := c.Torrents(t.Context(), nil, rtorrent.Tick)
	if err != nil {
		t.Fatal(err)
	}
	h := rows[0].Hash
	// f.frozen_path.hex is safe, and p.client_version was held to be.
	s.Change(h, func(t *rtorrenttest.Torrent) {
		t.Peers = []rtorrenttest.Peer{{ID: strings.Repeat("A", 40), Address: "192.0.2.1", Client: "\xe9"}}
	})
	wires := func(read func()) (json, xml int) {
		before := len(s.Log())
		read()
		for _, r := range s.Log()[before:] {
			if r.JSON {
				json++
			} else {
				xml++
			}
		}
		return json, xml
	}
	peers := func() {
		t.Helper()
		if peers, err := c.Peers(t.Context(), h); err != nil || len(peers) != 1 || peers[0].Address != "192.0.2.1" {
			t.Errorf("peers = %+v, error %v", peers, err)
		}
	}
	if json, xml := wires(peers); json != 1 || xml != 1 {
		t.Errorf("first: %d requests in JSON and %d in XML, want 1 and 1", json, xml)
	}
	if json, xml := wires(peers); json != 0 || xml != 1 {
		t.Errorf("then: %d requests in JSON and %d in XML, want none and 1", json, xml)
	}
	tick := func() {
		t.Helper()
		if _, err := c.Torrents(t.Context(), nil, rtorrent.Tick); err != nil {
			t.Error(err)
		}
	}
	if json, xml := wires(tick); json != 1 || xml != 0 {
		t.Errorf("another query: %d requests in JSON and %d in XML, want 1 and none", json, xml)
	}
	c.Forget()
	probed(t, c)
	if json, xml := wires(peers); json != 1 || xml != 1 {
		t.Errorf("after Forget: %d requests in JSON and %d in XML, want 1 and 1", json, xml)
	}
}

// TestFreeTextIsNeverAskedInJSON: one name of a tag would cost every column.
func TestFreeTextIsNeverAskedInJSON(t *testing.T) {
	s, c := newFake(t, rtorrenttest.ServerOptions{Version: "0.16"})
	h := add(s, "caf\xe9")
	s.Change(h, func(t *rtorrenttest.Torrent) { t.Custom[0] = "caf\xe9"; t.Message = "\xff" })
	for _, speeds := range [][]rtorrent.Speed{{rtorrent.Tick}, {rtorrent.Static}, {rtorrent.Static, rtorrent.Tick}} {
		before := len(s.Log())
		rows, err := c.Torrents(t.Context(), nil, speeds...)
		if err != nil || len(rows) != 1 {
			t.Fatalf("speeds %v: %d rows, error %v", speeds, len(rows), err)
		}
		if last := s.Log()[len(s.Log())-1]; !last.JSON || len(s.Log()) == before {
			t.Errorf("speeds %v: asked in XML", speeds)
		}
	}
	rows, err := c.Torrents(t.Context(), nil)
	if err != nil || rows[0].Name != "caf\xe9" {
		t.Errorf("rows = %+v, error %v", rows, err)
	}
	if last := s.Log()[len(s.Log())-1]; last.JSON {
		t.Error("free text was asked in JSON")
	}
}
