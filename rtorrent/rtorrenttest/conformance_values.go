package rtorrenttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rtfs/rtorrent"
)

// testTables loads the table by speeds, with rows of before.
func testTables(t *testing.T, c *conformance) {
	var hashes []rtorrent.Hash
	for i := range 5 {
		sample := MakeSample(t, fmt.Sprint("table ", i), NoTracker, Content{nil, Bytes(1000 + i)})
		c.load(t, sample.Metainfo)
		defer c.erase(t, sample.Hash)
		hashes = append(hashes, sample.Hash)
	}
	full, err := c.Torrents(t.Context(), nil, rtorrent.Static, rtorrent.Tick, rtorrent.Slow)
	if err != nil {
		t.Fatal(err)
	}
	if len(full) != len(hashes) {
		t.Fatalf("%d rows, want %d", len(full), len(hashes))
	}
	for i, row := range full {
		if row.Hash != hashes[i] {
			t.Errorf("row %d is of %s, want the order of loading: %s", i, row.Hash, hashes[i])
		}
		if alone := c.torrent(t, row.Hash); *alone != *row {
			t.Errorf("row by itself = %+v, want that of the table: %+v", alone, row)
		}
	}
	prev := func(hash []byte) *rtorrent.Torrent {
		i := slices.IndexFunc(full, func(row *rtorrent.Torrent) bool { return string(row.Hash) == string(hash) })
		if i < 0 {
			return nil
		}
		return full[i]
	}
	changed := c.do(t, hashes[2], rtorrent.SetCustom1(hashes[2], "changed"))
	for _, speeds := range [][]rtorrent.Speed{{rtorrent.Tick}, {rtorrent.Static, rtorrent.Tick}, {rtorrent.Slow}, {rtorrent.Tick, rtorrent.Slow}, nil} {
		rows, err := c.Torrents(t.Context(), prev, speeds...)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != len(full) {
			t.Fatalf("speeds %v: %d rows, want %d", speeds, len(rows), len(full))
		}
		tells := len(speeds) == 0 || slices.Contains(speeds, rtorrent.Slow)
		for i, row := range rows {
			switch {
			case i == 2 && tells && *row != *changed:
				t.Errorf("speeds %v: row = %+v, want %+v", speeds, row, changed)
			case !(i == 2 && tells) && row != full[i]:
				t.Errorf("speeds %v: row %d is another one, though nothing changed", speeds, i)
			}
		}
	}
}

// testTexts stores what users type, which may be any bytes.
func testTexts(t *testing.T, c *conformance) {
	sample := MakeSample(t, "texts", NoTracker, Content{nil, Bytes(100)})
	h := sample.Hash
	c.load(t, sample.Metainfo)
	defer c.erase(t, h)
	var every strings.Builder
	for b := 1; b < 256; b++ {
		every.WriteByte(byte(b))
	}
	for _, tags := range [][]string{{"tv"}, {"b", "a"}, {"with, comma", "50% off", "\U0001F600", "caf\xe9"}, {every.String()}, nil} {
		row := c.do(t, h, rtorrent.SetCustom1(h, rtorrent.EncodeTags(tags)))
		if got := rtorrent.DecodeTags(row.Custom1); !slices.Equal(got, tags) {
			t.Errorf("tags = %q, want %q", got, tags)
		}
	}
	for _, comment := range []string{"a comment", "two\nlines", "\U0001F600 \x01\xff", every.String(), ""} {
		row := c.do(t, h, rtorrent.SetCustom2(h, rtorrent.EncodeComment(comment)))
		if got := rtorrent.DecodeComment(row.Custom2); got != comment {
			t.Errorf("comment = %q, want %q", got, comment)
		}
	}
	row := c.do(t, h, rtorrent.SetCustom(h, "addtime", "1700000000"))
	if got := rtorrent.AddTime(row.AddTime); got != 1700000000 {
		t.Errorf("addtime = %d, want 1700000000", got)
	}
	// Values are never taken for commands, nor for the client's own words.
	for _, text := range []string{"$execute.capture=id", `"quoted"`, "a;b,c{d}", "(x)", "~", `\`, "busy", "0", " edge ", "tab\tline\n", "ümlaut"} {
		row := c.do(t, h, rtorrent.SetCustom1(h, text))
		if row.Custom1 != text {
			t.Errorf("custom1 = %q, want %q", row.Custom1, text)
		}
	}
	// What XML cannot carry is stored all the same, and told in some form.
	for _, text := range []string{"\x01", "caf\xe9", "\U0001F600", "\x1b[0m"} {
		if row := c.do(t, h, rtorrent.SetCustom1(h, text)); row.Custom1 == "" {
			t.Errorf("custom1 of %q is empty", text)
		}
	}
}

func testPriority(t *testing.T, c *conformance) {
	sample := MakeSample(t, "priority", NoTracker, Content{nil, Bytes(100)})
	h := sample.Hash
	c.load(t, sample.Metainfo)
	defer c.erase(t, h)
	for _, p := range []int64{0, 1, 3, 2} {
		if row := c.do(t, h, rtorrent.SetPriority(h, p), rtorrent.UpdatePriorities(h)); row.Priority != p {
			t.Errorf("priority = %d, want %d", row.Priority, p)
		}
	}
	if row := c.do(t, h, rtorrent.SetPriority(h, 7)); row.Priority != 3 {
		t.Errorf("priority 7 is stored as %d, want 3: it is the client that must refuse it", row.Priority)
	}
}

func testFilePriority(t *testing.T, c *conformance) {
	sample := MakeSample(t, "file priority", NoTracker,
		Content{[]string{"a"}, Bytes(2 * SamplePiece)}, Content{[]string{"b"}, Bytes(3 * SamplePiece)})
	h := sample.Hash
	c.load(t, sample.Metainfo)
	defer c.erase(t, h)
	// 0.9.8 lets priorities count only in a torrent that is checked.
	walk(t, c, h, []step{{"check", facts{open: true, checked: true}}})
	for _, step := range []struct{ priority, wanted int64 }{{0, 2}, {2, 5}, {1, 5}} {
		row := c.do(t, h, rtorrent.SetFilePriority(h, 1, step.priority), rtorrent.UpdatePriorities(h))
		if row.WantedPieces != step.wanted {
			t.Errorf("priority %d: %d pieces are wanted, want %d", step.priority, row.WantedPieces, step.wanted)
		}
		files, err := c.Files(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		if files[0].Priority != 1 || files[1].Priority != step.priority {
			t.Errorf("priorities = %d %d, want 1 %d", files[0].Priority, files[1].Priority, step.priority)
		}
	}
}

func testDirectory(t *testing.T, c *conformance) {
	one := MakeSample(t, "one file", NoTracker, Content{nil, Bytes(100)})
	many := MakeSample(t, "many files", NoTracker, Content{[]string{"a"}, Bytes(100)})
	for _, sample := range []*Sample{one, many} {
		c.load(t, sample.Metainfo)
		defer c.erase(t, sample.Hash)
	}
	dir := t.TempDir()
	for _, sub := range []string{"plain", "with space", "$dollar; \"quotes\", {braces}", "ümlaut"} {
		to := dir + "/" + sub
		if row := c.do(t, one.Hash, rtorrent.SetDirectory(one.Hash, to)); row.Directory != to {
			t.Errorf("directory = %q, want %q", row.Directory, to)
		}
		if row := c.do(t, many.Hash, rtorrent.SetDirectory(many.Hash, to)); row.Directory != to {
			t.Errorf("directory of many files = %q, want %q", row.Directory, to)
		}
		if row := c.do(t, one.Hash, rtorrent.SetParentDirectory(one.Hash, to)); row.Directory != to {
			t.Errorf("parent directory = %q, want %q", row.Directory, to)
		}
		if row := c.do(t, many.Hash, rtorrent.SetParentDirectory(many.Hash, to)); row.Directory != to+"/many files" {
			t.Errorf("parent directory of many files = %q, want %q", row.Directory, to+"/many files")
		}
	}
	if row := c.do(t, one.Hash, rtorrent.Open(one.Hash)); !row.IsOpen || row.BasePath != row.Directory+"/one file" {
		t.Errorf("opened: open %v, base path %q, want it in %q", row.IsOpen, row.BasePath, row.Directory)
	}
	if row := c.do(t, one.Hash, rtorrent.SetDirectory(one.Hash, dir)); row.IsOpen {
		t.Error("a set directory has left the torrent open")
	}
}
