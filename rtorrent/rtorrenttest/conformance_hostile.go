package rtorrenttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"rtfs/rtorrent"
)

// testRefusals tells the refusals of rTorrent apart by their kind.
func testRefusals(t *testing.T, c *conformance) {
	sample := MakeSample(t, "refusals", NoTracker, Content{nil, Bytes(100)})
	h, gone := sample.Hash, rtorrent.Hash(strings.Repeat("0", 40))
	c.load(t, sample.Metainfo)
	defer c.erase(t, h)
	ctx := t.Context()
	is := func(what string, err, kind error) {
		t.Helper()
		if !errors.Is(err, kind) {
			t.Errorf("%s: error %v, want %v", what, err, kind)
		}
		for _, other := range []error{rtorrent.ErrNotFound, rtorrent.ErrUnsupported, rtorrent.ErrUnavailable, rtorrent.ErrProtocol} {
			if other != kind && errors.Is(err, other) {
				t.Errorf("%s: error %v is also %v", what, err, other)
			}
		}
	}
	_, err := c.Torrent(ctx, gone)
	is("row of no torrent", err, rtorrent.ErrNotFound)
	_, err = c.Files(ctx, gone)
	is("files of no torrent", err, rtorrent.ErrNotFound)
	_, err = c.Pieces(ctx, gone)
	is("pieces of no torrent", err, rtorrent.ErrNotFound)
	_, err = c.Do(ctx, gone, rtorrent.SetPriority(gone, 1))
	is("command on no torrent", err, rtorrent.ErrNotFound)
	for name := range verbs(gone) {
		another := hashOf(name) // each is paced by itself
		_, err = c.Do(ctx, another, verbs(another)[name]...)
		is(name+" of no torrent", err, rtorrent.ErrNotFound)
	}
	is("getter of no torrent", c.Call(ctx, nil, "d.name", gone), rtorrent.ErrNotFound)
	is("unknown method", c.Call(ctx, nil, "no.such.method"), rtorrent.ErrUnsupported)
	is("unknown method with a target", c.Call(ctx, nil, "d.no_such", h), rtorrent.ErrUnsupported)
	is("unknown getter in a table", c.Call(ctx, nil, "d.multicall2", "", "main", "d.no_such="), rtorrent.ErrUnsupported)
	row, err := c.Do(ctx, h, rtorrent.SetPriority(h, 1), rtorrent.SetFilePriority(h, 9, 1), rtorrent.SetCustom1(h, "behind"))
	is("file that is not there", err, rtorrent.ErrNotFound)
	if row == nil || row.Priority != 1 || row.Custom1 != "behind" {
		t.Errorf("row with a refusal = %+v, want what the other commands did", row)
	}
	row, err = c.Do(ctx, h, rtorrent.SetFilePriority(h, 0, 5))
	var fault *rtorrent.Fault
	if !errors.As(err, &fault) || errors.Is(err, rtorrent.ErrNotFound) || errors.Is(err, rtorrent.ErrUnsupported) {
		t.Errorf("bad value: error %v, want a fault of no kind", err)
	}
	if row == nil || row.Hash != h {
		t.Errorf("bad value: row = %+v, want that of the torrent", row)
	}
	if err := c.Call(ctx, nil, "d.multicall2", "", "no view", "d.hash="); !errors.As(err, &fault) || fault.Method != "d.multicall2" {
		t.Errorf("unknown view: error %v, want a fault that names the method", err)
	}
}

// testGivenUp: a write whose caller leaves has happened, or has not; never half.
func testGivenUp(t *testing.T, c *conformance) {
	sample := MakeSample(t, "given up", NoTracker, Content{nil, Bytes(100)})
	h := sample.Hash
	c.load(t, sample.Metainfo)
	defer c.erase(t, h)
	if _, err := c.Do(canceled(t), h, rtorrent.SetCustom1(h, "never sent")); !errors.Is(err, context.Canceled) {
		t.Errorf("given up before: error %v, want context.Canceled", err)
	}
	if row := c.torrent(t, h); row.Custom1 != "" {
		t.Errorf("given up before: custom1 = %q, want it unchanged", row.Custom1)
	}
	for i := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		text := fmt.Sprint("write ", i)
		_, err := c.Do(ctx, h, rtorrent.SetCustom1(h, text), rtorrent.SetCustom2(h, text))
		row := c.torrent(t, h)
		switch {
		case err == nil && row.Custom1 != text:
			t.Errorf("carried out: custom1 = %q, want %q", row.Custom1, text)
		case err != nil && !errors.Is(err, context.Canceled):
			t.Errorf("given up: error %v, want context.Canceled", err)
		case row.Custom1 != row.Custom2:
			t.Errorf("given up: custom1 = %q and custom2 = %q differ", row.Custom1, row.Custom2)
		}
	}
}

// testManyAtOnce reads and writes from many sides.
func testManyAtOnce(t *testing.T, c *conformance) {
	var hashes []rtorrent.Hash
	for i := range 8 {
		sample := MakeSample(t, fmt.Sprint("at once ", i), NoTracker, Content{nil, Bytes(2000 + i)})
		c.load(t, sample.Metainfo)
		defer c.erase(t, sample.Hash)
		hashes = append(hashes, sample.Hash)
	}
	var all sync.WaitGroup
	for i, h := range hashes {
		all.Go(func() {
			for round := range 10 {
				text := fmt.Sprint(i, " ", round)
				row, err := c.Do(t.Context(), h, rtorrent.SetCustom1(h, text))
				if err != nil || row.Hash != h || row.Custom1 != text {
					t.Errorf("write %q: row %+v, error %v", text, row, err)
				}
			}
		})
		all.Go(func() {
			for range 5 {
				rows, err := c.Torrents(t.Context(), nil)
				if err != nil || len(rows) != len(hashes) {
					t.Errorf("%d rows, error %v, want %d", len(rows), err, len(hashes))
				}
				files, err := c.Files(t.Context(), h)
				if err != nil || len(files) != 1 || files[0].Size != int64(2000+i) {
					t.Errorf("%d files, error %v, want one of %d bytes", len(files), err, 2000+i)
				}
			}
		})
	}
	all.Wait()
}

// testHostileTracker: trackers' words come into the tables of messages, and must
// not hide or change anything else.
func testHostileTracker(t *testing.T, c *conformance) {
	const plain = "unregistered torrent"
	reasons := []string{
		plain, "caf\xe9 in latin-1", "\x01\x02\x1b[31m control", "]]> <b>&amp;</b>", "\U0001F600 emoji", "half \xed\xa0\x80 of a pair",
		"all of it: caf\xe9 \x01 ]]> \U0001F600 " + strings.Repeat("long ", 100),
	}
	bystander := MakeSample(t, "bystander", NoTracker, Content{nil, Bytes(3 * SamplePiece)})
	before := c.load(t, bystander.Metainfo)
	defer c.erase(t, bystander.Hash)
	var hashes []rtorrent.Hash
	for i, reason := range reasons {
		tracker := NewTracker(t)
		tracker.Fail(reason)
		sample := MakeSample(t, fmt.Sprint("hostile ", i), tracker.URL, Content{nil, Bytes(1000 + i)})
		c.load(t, sample.Metainfo)
		hashes = append(hashes, sample.Hash)
		c.do(t, sample.Hash, rtorrent.Start(sample.Hash))
	}
	for i, h := range hashes {
		row := c.await(t, h, "has a message", func(row *rtorrent.Torrent) bool { return row.Message != "" && row.IsActive })
		if reasons[i] == plain && !strings.Contains(row.Message, plain) {
			t.Errorf("message = %q, want %q in it", row.Message, plain)
		}
	}
	for range 2 { // by JSON where there is, and when it is known not to be
		rows := c.all(t)
		if len(rows) != len(hashes)+1 {
			t.Errorf("%d torrents are listed, want %d", len(rows), len(hashes)+1)
		}
		for i, h := range hashes {
			if row := rows[h]; row == nil || row.Name != fmt.Sprint("hostile ", i) || row.Size != int64(1000+i) || row.Message == "" {
				t.Errorf("reason %q: row = %+v", reasons[i], row)
			}
		}
		if got := rows[bystander.Hash]; got == nil || *got != *before {
			t.Errorf("bystander = %+v, want %+v", got, before)
		}
	}
	for _, h := range hashes {
		c.do(t, h, rtorrent.Stop(h), rtorrent.Close(h))
		c.erase(t, h)
	}
}

// testHostileNames: what stands in a torrent's name comes into its paths.
func testHostileNames(t *testing.T, c *conformance) {
	caps := c.caps(t)
	parent := caps.Directory + "/ümlaut"
	for _, name := range []string{"\x01\x1b[31m", "caf\xe9", "\U0001F600", "a\tb\rc\nd", "caf\xe9 \x01\r\U0001F600 ? %20", "é", "é\r", "what?"} {
		one := MakeSample(t, name, NoTracker, Content{nil, Bytes(100)})
		many := MakeSample(t, name, NoTracker, Content{[]string{"a"}, Bytes(100)}, Content{[]string{name, "é" + name}, Bytes(101)})
		for _, sample := range []*Sample{one, many} {
			c.load(t, sample.Metainfo)
			row := c.do(t, sample.Hash, rtorrent.SetParentDirectory(sample.Hash, caps.Directory), rtorrent.Open(sample.Hash))
			want := *row
			want.Name, want.Directory, want.BasePath = name, caps.Directory, caps.Directory+"/"+name
			if sample.Multi {
				want.Directory = want.BasePath
			}
			if *row != want {
				t.Errorf("row = %+v, want %+v", *row, want)
			}
			if got := c.all(t)[sample.Hash]; got == nil || *got != want {
				t.Errorf("row in the table = %+v, want %+v", got, want)
			}
			checkFiles(t, c, sample.Metainfo)
			c.do(t, sample.Hash, rtorrent.Close(sample.Hash))
		}
		// The folders above are told exactly where they are not in one text
		// with the name.
		row := c.do(t, one.Hash, rtorrent.SetDirectory(one.Hash, parent), rtorrent.Open(one.Hash))
		if row.Directory != parent || row.BasePath != parent+"/"+name {
			t.Errorf("directory = %q and base path = %q, want them in %q", row.Directory, row.BasePath, parent)
		}
		c.erase(t, one.Hash)
		c.erase(t, many.Hash)
	}
}

// testHeavyTexts: torrents with much text are asked for some at a time.
func testHeavyTexts(t *testing.T, c *conformance) {
	var want []string
	var hashes []rtorrent.Hash
	for i := range 10 {
		sample := MakeSample(t, fmt.Sprint("heavy ", i), NoTracker, Content{nil, Bytes(3000 + i)})
		c.load(t, sample.Metainfo)
		defer c.erase(t, sample.Hash)
		text := strings.Repeat(fmt.Sprint("much text ", i, " "), 1000*i)
		if row := c.do(t, sample.Hash, rtorrent.SetCustom2(sample.Hash, text)); row.Custom2 != text {
			t.Fatalf("text of %d bytes, want %d", len(row.Custom2), len(text))
		}
		hashes, want = append(hashes, sample.Hash), append(want, text)
	}
	for round := range 3 { // the first one finds out
		rows := c.all(t)
		for i, h := range hashes {
			if row := rows[h]; row == nil || row.Custom2 != want[i] || row.Name != fmt.Sprint("heavy ", i) {
				t.Errorf("round %d: row %d has not what was stored", round, i)
			}
		}
	}
}
