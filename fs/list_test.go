package fs

import (
	"bytes"
	"log"
	"os"
	"strings"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent/rtorrenttest"
)

// TestListAsksForWhatItNames reads tables of some columns, and queries of them,
// and finds that rTorrent was not asked for others, as it is for list.tsv. There
// are so many torrents that no part of the columns has room for all.
func TestListAsksForWhatItNames(t *testing.T) {
	const n = 20_000
	s := rtorrenttest.NewServer(t, rtorrenttest.ServerOptions{})
	s.Fill(n)
	m := mountClient(t, rtorrenttest.Dial(t, s.Endpoint()), cache.Options{TTL: time.Hour}, Options{})
	has := func(command string) bool {
		snapshot, err := m.tree.d.cache.Want(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		return snapshot.Has(m.client.Columns(command))
	}
	var said bytes.Buffer
	log.SetOutput(&said)
	defer log.SetOutput(os.Stderr)
	const last = "d.connection_current"
	if got := m.read(t, "list/name,up_rate"); strings.Count(got, "\n") != 1+n || !strings.HasPrefix(got, "name\tup_rate\n") {
		t.Errorf("list/name,up_rate: %d lines, begins with %.30q", strings.Count(got, "\n"), got)
	}
	if _, err := os.Stat(m.path("where", "size>0")); err != nil {
		t.Error(err)
	}
	if !has("d.up.rate") || has(last) {
		t.Errorf("after a list of two: d.up.rate %t, %s %t, want true, false", has("d.up.rate"), last, has(last))
	}
	if head, _, _ := strings.Cut(m.read(t, "list.tsv"), "\n"); !strings.Contains(head, "\tsuper_seeding\t") || !has(last) {
		t.Errorf("after list.tsv: %s %t, %s", last, has(last), head)
	}
	if said.Len() > 0 {
		t.Errorf("a large file was read; go-fuse says %q", &said)
	}
}
