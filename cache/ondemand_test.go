package cache

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"rtfs/rtorrent"
)

// TestAChangeIsSeenAtOnce changes a torrent past Apply, and wants its row and
// what is kept for it asked anew, and no table.
func TestAChangeIsSeenAtOnce(t *testing.T) {
	for _, failure := range []error{nil, errors.New("refused")} {
		synctest.Test(t, func(t *testing.T) {
			f, c := newFake(t, Options{})
			snapshot(t, c)
			files := func() {
				if _, err := c.Files(t.Context(), hashA); err != nil {
					t.Fatal(err)
				}
			}
			files()
			files()
			err := c.Change(t.Context(), hashA, c.client.Columns("d.custom1"), func(context.Context) error {
				f.change(func(f *fake) { f.rows[hashA]["d.custom1"] = "tv" })
				return failure
			})
			if err != failure {
				t.Errorf("Change = %v, want %v", err, failure)
			}
			wantTag(t, c, hashA, "tv")
			wantTables(t, f, 1)
			files()
			if got := f.count("f.multicall"); got != 2 {
				t.Errorf("%d calls of f.multicall, want 2", got)
			}
		})
	}
}

func TestAChangeOfATorrentThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		snapshot(t, c)
		err := c.Change(t.Context(), hashA, c.client.Columns("d.custom1"), func(context.Context) error {
			f.change(func(f *fake) { delete(f.rows, hashA) })
			return rtorrent.ErrNotFound
		})
		if !errors.Is(err, rtorrent.ErrNotFound) {
			t.Errorf("Change = %v, want ErrNotFound", err)
		}
		if _, err := snapshot(t, c).Torrent(hashA); !errors.Is(err, rtorrent.ErrNotFound) {
			t.Errorf("the torrent: %v, want ErrNotFound", err)
		}
		wantTables(t, f, 1)
	})
}

// TestChangesWaitForEachOther wants the writes to one torrent one after
// another, and a caller that leaves not to be kept.
func TestChangesWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := newFake(t, Options{})
		snapshot(t, c)
		done := make(chan struct{})
		go c.Change(t.Context(), hashA, c.client.Columns("d.custom1"), func(context.Context) error {
			<-done
			return nil
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := tag(ctx, c, hashA, "tv"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a write behind a Change: %v, want DeadlineExceeded", err)
		}
		close(done)
		synctest.Wait()
		if err := tag(t.Context(), c, hashA, "tv"); err != nil {
			t.Errorf("a write after a Change: %v", err)
		}
	})
}
