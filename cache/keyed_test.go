package cache

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rtfs/rtorrent"
)

// counted returns a keyed whose loads take 100 ms and number their values,
// and a function that makes them fail.
func counted(ttl time.Duration) (k *keyed[rtorrent.Hash, int], loads *int, fail func(error)) {
	var mu sync.Mutex
	var failure error
	loads = new(int)
	k = newKeyed(ttl, func(ctx context.Context, _ rtorrent.Hash) (int, error) {
		mu.Lock()
		*loads++
		n, err := *loads, failure
		mu.Unlock()
		select {
		case <-time.After(100 * time.Millisecond):
			return n, err
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})
	return k, loads, func(err error) {
		mu.Lock()
		defer mu.Unlock()
		failure = err
	}
}

// keptKeys are the keys whose values are kept.
func keptKeys(k *keyed[rtorrent.Hash, int]) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(maps.Keys(k.entries.byKey))
}

func wantValue(t *testing.T, k *keyed[rtorrent.Hash, int], want int) {
	t.Helper()
	if got, err := k.value(t.Context(), hashA); err != nil || got != want {
		t.Errorf("value %d (%v), want %d", got, err, want)
	}
}

func TestKeyedValueIsKeptForTheTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _, _ := counted(time.Second)
		wantValue(t, k, 1)
		pass(900*time.Millisecond - 1) // the TTL counts from the begin of the load
		wantValue(t, k, 1)
		pass(1)
		wantValue(t, k, 2)
		k.drop(hashA)
		wantValue(t, k, 3)
		if got, err := k.value(t.Context(), hashB); err != nil || got != 4 {
			t.Errorf("the value of another torrent: %d (%v), want 4", got, err)
		}
	})
}

func TestKeyedLoadsOnceForAllAndBelongsToNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, loads, _ := counted(time.Second)
		first, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := k.value(first, hashA); !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v, want %v", err, context.Canceled)
			}
		})
		synctest.Wait()
		for range 10 {
			wg.Go(func() { wantValue(t, k, 1) })
		}
		leave()
		wg.Wait()
		if *loads != 1 {
			t.Errorf("%d loads, want 1", *loads)
		}
	})
}

func TestKeyedFailureIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _, fail := counted(time.Hour)
		fail(errRefused)
		if _, err := k.value(t.Context(), hashA); !errors.Is(err, errRefused) {
			t.Errorf("got %v, want %v", err, errRefused)
		}
		fail(nil)
		wantValue(t, k, 2)
	})
}

func TestKeyedDropDisownsTheLoadInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _, _ := counted(time.Hour)
		go k.value(t.Context(), hashA)
		synctest.Wait()
		k.drop(hashA)
		wantValue(t, k, 2)
		pass(time.Second)
		wantValue(t, k, 2)
	})
}

func TestKeyedKeepsAnEndOfThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, loads, _ := counted(time.Hour)
		hash := func(i int) rtorrent.Hash { return rtorrent.Hash(fmt.Sprintf("%040X", i)) }
		for i := range 2 * keyedAtMost {
			if _, err := k.value(t.Context(), hash(i)); err != nil {
				t.Fatal(err)
			}
		}
		if k.entries.len() > keyedAtMost {
			t.Errorf("%d values are kept, want at most %d", k.entries.len(), keyedAtMost)
		}
		before := *loads
		for i := keyedAtMost; i < 2*keyedAtMost; i++ {
			if _, err := k.value(t.Context(), hash(i)); err != nil {
				t.Fatal(err)
			}
		}
		if *loads != before {
			t.Errorf("%d of the last %d values were loaded again", *loads-before, keyedAtMost)
		}
	})
}

// TestKeyedKeepsAnEndOfItems keeps values of many items: as many of them as have
// no more than keyedItems, those used last, and one that has more by itself.
func TestKeyedKeepsAnEndOfItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _, _ := counted(time.Hour)
		k.items = func(int) int { return keyedItems / 3 }
		for _, h := range []rtorrent.Hash{"a", "b", "a", "c"} { // a is used after b
			if _, err := k.value(t.Context(), h); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if k.known("a") == 0 || k.known("b") != 0 || k.known("c") == 0 {
			t.Errorf("of a, b, a, c are kept %v, want the last two", keptKeys(k))
		}
		k.items = func(int) int { return 2 * keyedItems }
		if _, err := k.value(t.Context(), "d"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if k.entries.len() != 1 || k.known("d") == 0 {
			t.Errorf("beside one of too many items are kept %v", keptKeys(k))
		}
		k.drop("d")
		if k.entries.kept != 0 {
			t.Errorf("nothing is kept, and that has %d items", k.entries.kept)
		}
	})
}

// TestKeyedForgetsWhatIsTooOld forgets nothing that somebody would be given.
func TestKeyedForgetsWhatIsTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _, _ := counted(time.Second)
		wantValue(t, k, 1)
		k.dropExpired()
		wantValue(t, k, 1)
		pass(time.Second)
		go k.value(t.Context(), hashB)
		synctest.Wait()
		k.dropExpired()
		if got := keptKeys(k); !slices.Equal(got, []string{string(hashB)}) {
			t.Errorf("%v are kept, want what is being loaded alone", got)
		}
		pass(time.Second)
	})
}

func TestFilesAndPiecesOfATorrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(t, Options{})
		f.rows[hashA]["f.path"], f.rows[hashA]["d.bitfield"] = "a/b", "80"
		for range 3 {
			files, err := c.Files(t.Context(), hashA)
			if err != nil || len(files) != 1 || files[0].Path != "a/b" {
				t.Errorf("files %v (%v), want one of path a/b", files, err)
			}
			have, err := c.Pieces(t.Context(), hashA)
			if err != nil || !have.Has(0) || have.Has(1) {
				t.Errorf("pieces %+v (%v), want the first piece alone", have, err)
			}
		}
		if got := [2]int{f.count("f.multicall"), f.count("d.bitfield")}; got != [2]int{1, 1} {
			t.Errorf("files and pieces were asked %v times, want once each", got)
		}
		if err := tag(t.Context(), c, hashA, "tv"); err != nil { // any write may change them
			t.Fatal(err)
		}
		if _, err := c.Files(t.Context(), hashA); err != nil {
			t.Fatal(err)
		}
		if got := f.count("f.multicall"); got != 2 {
			t.Errorf("files were asked %d times after a write, want 2", got)
		}
	})
}
