package rtorrenttest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"rtfs/rtorrent"
)

// facts are what decides the state of a torrent.
type facts struct {
	started, open, active, checked, complete bool
	pieces                                   int64 // that are verified
}

func factsOf(row *rtorrent.Torrent) facts {
	return facts{row.State, row.IsOpen, row.IsActive, row.IsChecked, row.IsComplete, row.CompletedPieces}
}

// A step is what a user asks for, and what must have come of it once no check
// is under way.
type step struct {
	verb string
	want facts
}

// verbs are the commands, by the names that steps use.
func verbs(h rtorrent.Hash) map[string][]rtorrent.Command {
	return map[string][]rtorrent.Command{
		"open":        {rtorrent.Open(h)},
		"start":       {rtorrent.Start(h)},
		"open, start": {rtorrent.Open(h), rtorrent.Start(h)},
		"resume":      {rtorrent.Resume(h)},
		"pause":       {rtorrent.Pause(h)},
		"stop":        {rtorrent.Stop(h)},
		"close":       {rtorrent.Close(h)},
		"stop, close": {rtorrent.Stop(h), rtorrent.Close(h)},
		"check":       {rtorrent.CheckHash(h)},
		"restart":     {rtorrent.Stop(h), rtorrent.Close(h), rtorrent.Open(h), rtorrent.Start(h), rtorrent.Resume(h)},
	}
}

// walk takes the steps one after another.
func walk(t *testing.T, c *conformance, h rtorrent.Hash, steps []step) {
	t.Helper()
	for i, s := range steps {
		c.do(t, h, verbs(h)[s.verb]...)
		row := c.await(t, h, "is not checked", func(row *rtorrent.Torrent) bool { return row.Hashing == 0 })
		if got := factsOf(row); got != s.want {
			t.Fatalf("step %d, %s: facts = %+v, want %+v (message %q)", i, s.verb, got, s.want, row.Message)
		}
		if row.IsChecking {
			t.Errorf("step %d, %s: a check runs that is none", i, s.verb)
		}
		bits, err := c.Pieces(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		if known := bits.Digits != ""; known != (row.IsOpen && row.IsChecked) {
			t.Errorf("step %d, %s: bitfield is known: %v, with open %v and checked %v", i, s.verb, known, row.IsOpen, row.IsChecked)
		}
		var verified int64
		for p := range row.PieceCount {
			if bits.Has(p) {
				verified++
			}
		}
		if bits.Known() && verified != row.CompletedPieces {
			t.Errorf("step %d, %s: %d bits are set, want %d", i, s.verb, verified, row.CompletedPieces)
		}
	}
}

// stateSteps are the same whatever data there is. Each list begins with a
// torrent that was just loaded, and is short, since rTorrent 0.9.8 does not
// survive that trackers are asked too often.
func stateSteps(complete bool, pieces int64) [][]step {
	f := func(started, open, active, checked bool) facts {
		return facts{started, open, active, checked, complete, pieces}
	}
	loaded := facts{}
	return [][]step{{
		{"check", f(false, true, false, true)},
		{"open", f(false, true, false, true)},
		{"start", f(true, true, true, true)},
		{"start", f(true, true, true, true)},
		{"pause", f(true, true, false, true)},
		{"pause", f(true, true, false, true)},
		{"start", f(true, true, false, true)}, // it is started
		{"resume", f(true, true, true, true)},
	}, {
		{"start", f(true, true, true, true)},
		{"check", f(true, true, true, true)},
		{"pause", f(true, true, false, true)},
		{"check", f(true, true, true, true)}, // it goes on by itself
		{"stop", f(false, true, false, true)},
		{"check", f(false, true, false, true)},
		{"pause", f(false, true, false, true)},
		{"resume", f(false, true, true, true)}, // it runs and looks stopped
		{"stop", f(false, true, true, true)},   // and is stopped already
	}, {
		{"pause", loaded},
		{"stop", loaded},
		{"stop, close", loaded},
		{"start", f(true, true, true, true)},
		{"close", f(true, false, false, false)},
		{"start", f(true, false, false, false)}, // it is started
	}, {
		{"start", f(true, true, true, true)},
		{"close", f(true, false, false, false)},
		{"restart", f(true, true, true, true)},
		{"stop, close", f(false, false, false, false)},
		{"close", f(false, false, false, false)},
	}, {
		{"open", facts{open: true}},
		{"resume", f(false, true, false, true)}, // a check, and no more
		{"start", f(true, true, true, true)},
		{"stop, close", f(false, false, false, false)},
		{"open, start", f(true, true, true, true)},
		{"stop, close", f(false, false, false, false)},
	}}
}

func testStatesWithoutData(t *testing.T, c *conformance) {
	for i, steps := range stateSteps(false, 0) {
		sample := MakeSample(t, fmt.Sprint("no data ", i), NoTracker, Content{nil, Bytes(3 * SamplePiece)})
		c.load(t, sample.Metainfo)
		walk(t, c, sample.Hash, steps)
		c.erase(t, sample.Hash)
	}
}

func testStatesWithData(t *testing.T, c *conformance) {
	for i, steps := range stateSteps(true, 4) {
		sample := MakeSample(t, fmt.Sprint("all data ", i), NoTracker,
			Content{[]string{"a"}, Bytes(2*SamplePiece + 5)}, Content{[]string{"d", "b"}, Bytes(SamplePiece)})
		sample.Write(t, c.caps(t).Directory)
		h := sample.Hash
		c.load(t, sample.Metainfo)
		walk(t, c, h, steps)
		row := c.torrent(t, h)
		if row.LeftBytes != 0 || row.WantedPieces != 0 || row.CompletedBytes != row.Size || row.Started == 0 || row.Finished == 0 {
			t.Errorf("complete torrent = %+v", row)
		}
		files, err := c.Files(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.CompletedPieces != f.EndPiece-f.FirstPiece || f.FrozenPath != filepath.Join(row.BasePath, f.Path) {
				t.Errorf("complete file = %+v, want it in %s", f, row.BasePath)
			}
		}
		c.erase(t, h)
	}
}

func testPartialData(t *testing.T, c *conformance) {
	data := Bytes(10*SamplePiece + 1)
	sample := MakeSample(t, "some data", NoTracker, Content{nil, data})
	broken := append([]byte{}, data...)
	for _, piece := range []int{1, 7, 8} {
		broken[piece*SamplePiece] ^= 1
	}
	(&Sample{Metainfo: sample.Metainfo, Data: []Content{{nil, broken}}}).Write(t, c.caps(t).Directory)
	h := sample.Hash
	c.load(t, sample.Metainfo)
	defer c.erase(t, h)
	walk(t, c, h, []step{{"check", facts{open: true, checked: true, pieces: 8}}})
	bits, err := c.Pieces(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	for p := range int64(sample.Pieces) {
		if got, want := bits.Has(p), p != 1 && p != 7 && p != 8; got != want {
			t.Errorf("piece %d is verified: %v, want %v", p, got, want)
		}
	}
	if bits.Has(-1) || bits.Has(int64(sample.Pieces)) || bits.Has(1<<40) {
		t.Error("pieces that do not exist are verified")
	}
	row := c.torrent(t, h)
	if row.CompletedBytes != 7*SamplePiece+1 || row.LeftBytes != 3*SamplePiece || row.WantedPieces != 3 {
		t.Errorf("partial torrent = %+v", row)
	}
	walk(t, c, h, []step{{"start", facts{true, true, true, true, false, 8}}, {"stop, close", facts{pieces: 8}}})
}

// testDamagedData: what was complete is found to be damaged by a check alone,
// and stopped then.
func testDamagedData(t *testing.T, c *conformance) {
	sample := MakeSample(t, "damaged", NoTracker, Content{nil, Bytes(2 * SamplePiece)})
	dir := c.caps(t).Directory
	sample.Write(t, dir)
	h := sample.Hash
	c.load(t, sample.Metainfo)
	defer c.erase(t, h)
	complete := facts{true, true, true, true, true, 2}
	walk(t, c, h, []step{{"start", complete}})
	if err := os.WriteFile(filepath.Join(dir, "damaged"), make([]byte, 2*SamplePiece), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := factsOf(c.torrent(t, h)); got != complete {
		t.Errorf("damaged, not checked: facts = %+v, want %+v", got, complete)
	}
	stopped, running := facts{open: true, checked: true}, facts{true, true, true, true, false, 0}
	walk(t, c, h, []step{
		{"check", stopped},
		{"start", stopped}, // it counts as started, and as stopped
		{"stop", stopped},
		{"start", running},
	})
}

func testErase(t *testing.T, c *conformance) {
	sample := MakeSample(t, "erased", NoTracker, Content{nil, Bytes(100)})
	dir := c.caps(t).Directory
	sample.Write(t, dir)
	h := sample.Hash
	c.load(t, sample.Metainfo)
	walk(t, c, h, []step{{"start", facts{true, true, true, true, true, 1}}})
	saved := filepath.Join(c.caps(t).Session, string(h)+".torrent")
	Eventually(t, settleWithin, "the session has the torrent", func() bool {
		_, err := os.Stat(saved)
		return err == nil
	})
	row, err := c.Do(t.Context(), h, rtorrent.Erase(h))
	if row != nil || err != nil {
		t.Errorf("erase = %v, %v, want neither", row, err)
	}
	if _, err := c.Torrent(t.Context(), h); !errors.Is(err, rtorrent.ErrNotFound) {
		t.Errorf("erased torrent: error %v, want ErrNotFound", err)
	}
	if c.all(t)[h] != nil {
		t.Error("the erased torrent is listed")
	}
	if row, err := c.Do(t.Context(), h, rtorrent.Erase(h)); row != nil || !errors.Is(err, rtorrent.ErrNotFound) {
		t.Errorf("erase of what is gone = %v, %v, want ErrNotFound", row, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "erased")); err != nil {
		t.Errorf("the data is gone: %v", err)
	}
	Eventually(t, settleWithin, "the session has dropped the torrent", func() bool {
		_, err := os.Stat(saved)
		return errors.Is(err, os.ErrNotExist)
	})
	if got := fmt.Sprint(factsOf(c.load(t, sample.Metainfo))); got != fmt.Sprint(facts{}) {
		t.Errorf("loaded again: facts = %s, want those of a new torrent", got)
	}
	c.erase(t, h)
}
