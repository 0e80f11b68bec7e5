package rtorrenttest

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"rtfs/rtorrent"
)

func testOneTorrent(t *testing.T, c *conformance) {
	sample := MakeSample(t, "one torrent", NoTracker,
		Content{[]string{"a"}, Bytes(SamplePiece)},
		Content{[]string{"empty"}, nil},
		Content{[]string{"d", "b"}, Bytes(2*SamplePiece + 100)})
	row := c.load(t, sample.Metainfo)
	defer c.erase(t, sample.Hash)
	want := *row // of what may differ between the versions, or with the time
	want.Hash, want.Name, want.Size, want.FileCount = sample.Hash, "one torrent", 3*SamplePiece+100, 3
	want.PieceSize, want.PieceCount, want.IsMulti, want.IsPrivate = SamplePiece, 4, true, false
	want.State, want.IsOpen, want.IsActive, want.IsComplete, want.IsMeta = false, false, false, false, false
	want.Hashing, want.IsChecking, want.IsChecked, want.HashingFailed = 0, false, false, false
	want.CompletedBytes, want.CompletedPieces, want.HashedPieces, want.WantedPieces = 0, 0, 0, 4
	want.BytesDone, want.LeftBytes = 0, want.Size
	want.UpRate, want.DownRate, want.UpTotal, want.DownTotal = 0, 0, 0, 0
	want.Priority, want.Started, want.Finished = 2, 0, 0
	want.Directory, want.BasePath = c.caps(t).Directory+"/one torrent", ""
	want.Message, want.Custom1, want.Custom2, want.AddTime = "", "", "", ""
	if *row != want {
		t.Errorf("loaded torrent = %+v, want %+v", *row, want)
	}
	if row.LoadDate == 0 {
		t.Error("it has no load date")
	}
	if got := c.all(t)[sample.Hash]; got == nil || *got != *row {
		t.Errorf("row in the table = %+v, want that by itself: %+v", got, row)
	}
	checkFiles(t, c, sample.Metainfo)
}

// checkFiles compares the files of a torrent with its .torrent.
func checkFiles(t *testing.T, c *conformance, m *rtorrent.Metainfo) {
	t.Helper()
	files, err := c.Files(t.Context(), m.Hash)
	if err != nil {
		t.Fatalf("%s: %v", m.Name, err)
	}
	if len(files) != len(m.Files) {
		t.Fatalf("%q has %d files, want %d", m.Name, len(files), len(m.Files))
	}
	for i, f := range files {
		want := rtorrent.File{
			Path: strings.Join(m.Files[i].Path, "/"), Size: m.Files[i].Length, Offset: m.Files[i].Offset,
			Priority: 1, FirstPiece: m.Files[i].Offset / m.PieceLength,
			CompletedPieces: f.CompletedPieces, FrozenPath: f.FrozenPath, LastTouched: f.LastTouched,
		}
		want.EndPiece = (want.Offset + want.Size + m.PieceLength - 1) / m.PieceLength
		if want.Size == 0 {
			want.EndPiece = want.FirstPiece
		}
		if *f != want {
			t.Errorf("%q: file %d = %+v, want %+v", m.Name, i, *f, want)
		}
	}
}

// testOddTorrents loads everything that is strange and legal at once: none of
// it may hide or change another, and all of it is told exactly.
func testOddTorrents(t *testing.T, c *conformance) {
	var loaded []*rtorrent.Metainfo
	all := Odd()
	for _, odd := range all {
		m, err := rtorrent.ParseMetainfo(odd.Torrent)
		if err != nil {
			t.Fatalf("%s: %v", odd.Name, err)
		}
		if err := c.LoadRaw(t.Context(), m.Encode()); err != nil {
			t.Fatalf("%s: %v", odd.Name, err)
		}
		loaded = append(loaded, m)
	}
	// Loads may be under way: the last one is there when all are.
	c.await(t, loaded[len(loaded)-1].Hash, "is listed", func(*rtorrent.Torrent) bool { return true })
	rows := c.all(t)
	if len(rows) != len(loaded) {
		t.Errorf("%d torrents are listed, want %d", len(rows), len(loaded))
	}
	for i, m := range loaded {
		name := all[i].Name
		row := rows[m.Hash]
		if row == nil {
			t.Errorf("%s: %s is not listed", name, m.Hash)
			continue
		}
		if row.Name != m.Name {
			t.Errorf("%s: name = %q, want %q", name, row.Name, m.Name)
		}
		if row.Size != m.Size || row.FileCount != int64(len(m.Files)) || row.PieceCount != int64(m.Pieces) ||
			row.PieceSize != m.PieceLength || row.IsMulti != m.Multi || row.IsPrivate != m.Private {
			t.Errorf("%s: row = %+v, want the values of %+v", name, row, m)
		}
		if alone := c.torrent(t, m.Hash); *alone != *row {
			t.Errorf("%s: row by itself = %+v, want that of the table: %+v", name, alone, row)
		}
		checkFiles(t, c, m)
	}
	for _, m := range loaded {
		c.erase(t, m.Hash)
	}
}

// testLoadsInVain: of a load nothing is told, so that nothing must come of
// what is no torrent, or is there.
func testLoadsInVain(t *testing.T, c *conformance) {
	sample := MakeSample(t, "twice", NoTracker, Content{nil, Bytes(100)})
	c.load(t, sample.Metainfo)
	defer c.erase(t, sample.Hash)
	before := c.do(t, sample.Hash, rtorrent.SetCustom1(sample.Hash, "kept"))
	for _, bytes := range [][]byte{nil, []byte("garbage"), []byte("d4:spam4:eggse"), sample.Encode()} {
		if err := c.LoadRaw(t.Context(), bytes); err != nil {
			t.Errorf("load of %.20q: %v", bytes, err)
		}
	}
	marker := MakeSample(t, "after it", NoTracker, Content{nil, Bytes(101)})
	c.load(t, marker.Metainfo)
	defer c.erase(t, marker.Hash)
	rows := c.all(t)
	if len(rows) != 2 {
		t.Errorf("%d torrents are listed, want 2", len(rows))
	}
	if got := rows[sample.Hash]; got == nil || *got != *before {
		t.Errorf("loaded twice: row = %+v, want %+v", got, before)
	}
}

// testLargeTorrent loads a .torrent of more than the default limit of requests.
func testLargeTorrent(t *testing.T, c *conformance) {
	const pieces = 30_000
	torrent := single("large", dict{"length": num(pieces * pieceLength), "pieces": str(strings.Repeat("x", 20*pieces))})
	m, err := rtorrent.ParseMetainfo(torrent)
	if err != nil {
		t.Fatal(err)
	}
	row := c.load(t, m)
	defer c.erase(t, m.Hash)
	if row.PieceCount != pieces {
		t.Errorf("%d pieces, want %d", row.PieceCount, pieces)
	}
	if err := c.LoadRaw(t.Context(), bytes.Repeat([]byte("x"), 13<<20)); !errors.Is(err, rtorrent.ErrTooLarge) {
		t.Errorf("13 MiB: error %v, want ErrTooLarge", err)
	}
}
