package rtorrent_test

import (
	"os"
	"path/filepath"
	"testing"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestNameIsCorrectedWhenTheSessionHasIt: until the session's .torrent can be
// read, the name is what 0.9.8 makes of it. Rows that were returned stay as
// they are.
func TestNameIsCorrectedWhenTheSessionHasIt(t *testing.T) {
	s, c := newFake(t, rtorrenttest.ServerOptions{})
	const name = "caf\xe9 \U0001F600"
	sample := rtorrenttest.MakeSample(t, name, rtorrenttest.NoTracker, rtorrenttest.Content{Data: rtorrenttest.Bytes(100)})
	if err := c.LoadRaw(t.Context(), sample.Encode()); err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, soon, "it is loaded", func() bool { _, ok := s.Torrent(sample.Hash); return ok })
	saved := filepath.Join(probed(t, c).Session, string(sample.Hash)+".torrent")
	load := func(content []byte, prev *rtorrent.Torrent, speeds ...rtorrent.Speed) *rtorrent.Torrent {
		t.Helper()
		err := os.Remove(saved)
		if err == nil && content != nil {
			err = os.WriteFile(saved, content, 0o600)
		}
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		rows, err := c.Torrents(t.Context(), func([]byte) *rtorrent.Torrent { return prev }, speeds...)
		if err != nil || len(rows) != 1 {
			t.Fatalf("%d rows, error %v, want one", len(rows), err)
		}
		return rows[0]
	}
	whole := sample.Encode()
	for what, content := range map[string][]byte{"absent": nil, "half written": whole[:len(whole)/2]} {
		if row := load(content, nil); row.Name != "caf? ????" {
			t.Errorf("%s: name = %q, want what rTorrent shows", what, row.Name)
		}
	}
	before := load(whole[:20], nil)
	if err := os.WriteFile(saved, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	after := load(whole, before, rtorrent.Tick)
	if after.Name != name || before.Name != "caf? ????" {
		t.Errorf("names = %q and then %q, want the second one exact", before.Name, after.Name)
	}
	if again := load(nil, after, rtorrent.Tick); again != after {
		t.Errorf("row = %+v, want that of before: the name is known", again)
	}
}
