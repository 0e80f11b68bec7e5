package fs

import (
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"rtfs/rtorrent/rtorrenttest"
)

// TestRestComesAfterTheLastUse uses a mount for a while, twice: memory is given
// back once after each time, and not in between.
func TestRestComesAfterTheLastUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relaxed := 0
		r := newRest(3*time.Second, func() { relaxed++ })
		for range 2 {
			before := relaxed
			for range 20 {
				r.note()
				time.Sleep(time.Second)
			}
			if relaxed != before {
				t.Errorf("memory was given back %d times amid use", relaxed-before)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if relaxed != before+1 {
				t.Errorf("memory was given back %d times after use, want once", relaxed-before)
			}
		}
	})
}

// TestOldSnapshotIsLetGo reads everything that is made of a whole snapshot and
// kept: when there is another one, nothing keeps the rows of the old one.
func TestOldSnapshotIsLetGo(t *testing.T) {
	m, hashes := mountFake(t, 3)
	if out, status := m.sh(t, `cat list.tsv list.json files.tsv metrics torrents/*/shared_with >/dev/null
		ls by-name by-state/* by-tag/* by-message by-tracker/* by-view/* 'where/size>1,tracker=tracker.invalid' $(find by-path) >/dev/null`); status != 0 {
		t.Fatal(out)
	}
	old := weak.Make(m.cache.Peek())
	row, err := old.Value().Torrent(hashes[0])
	if err != nil {
		t.Fatal(err)
	}
	oldRow := weak.Make(row)
	row = nil
	if err := os.WriteFile(m.torrent(hashes[0], "priority"), []byte("high"), 0); err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, 30*time.Second, "the old snapshot and its row are let go", func() bool {
		m.read(t, "torrents", string(hashes[0]), "ratio")
		runtime.GC()
		return old.Value() == nil && oldRow.Value() == nil
	})
}
