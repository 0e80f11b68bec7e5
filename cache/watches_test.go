package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rtfs/rtorrent"
)

// A looker counts looks at pieces, and answers what it is told.
type looker struct {
	mu       sync.Mutex // guards the fields below
	looks    int
	torrents int // of the last look
	digits   string
	gone     bool
}

func (l *looker) load(_ context.Context, hashes []rtorrent.Hash) (map[rtorrent.Hash]*rtorrent.Pieces, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looks++
	l.torrents = len(hashes)
	found := map[rtorrent.Hash]*rtorrent.Pieces{}
	for _, h := range hashes {
		if !l.gone {
			found[h] = &rtorrent.Pieces{Hash: h, Digits: l.digits}
		}
	}
	return found, nil
}

func (l *looker) tell(digits string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.digits = digits
}

func (l *looker) count() (looks, torrents int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.looks, l.torrents
}

func watching(t *testing.T) (*looker, *Cache) {
	l := &looker{digits: "00"}
	return l, &Cache{watches: newPieceWatches(l.load, time.Minute)}
}

func TestWatchesLookForAllWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, c := watching(t)
		var all []*PieceWatch
		for i := range 100 {
			all = append(all, c.WatchPieces(rtorrent.Hash(fmt.Sprintf("%040d", i%10))))
		}
		never := make(chan time.Time)
		for _, w := range all {
			if p, err := w.Next(t.Context(), never); err != nil || p.Digits != "00" {
				t.Fatalf("%+v, %v", p, err)
			}
		}
		time.Sleep(10 * time.Second)
		looks, torrents := l.count()
		if torrents != 10 || looks > 20 {
			t.Errorf("%d looks at %d torrents in 10 s, want few, at all 10", looks, torrents)
		}
		before, _ := l.count()
		l.tell("80")
		time.Sleep(watchSlowest + time.Second)
		if looks, _ := l.count(); looks-before < 4 {
			t.Errorf("%d looks in the second after a change was seen, want more", looks-before)
		}
		for _, w := range all {
			w.Close()
		}
		time.Sleep(2 * watchSlowest)
		before, _ = l.count()
		time.Sleep(time.Minute)
		if looks, _ := l.count(); looks != before {
			t.Errorf("%d looks while nobody waits", looks-before)
		}
	})
}

func TestWatchAfterAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, answer := make(chan bool), make(chan string)
		c := &Cache{watches: newPieceWatches(func(_ context.Context, hashes []rtorrent.Hash) (map[rtorrent.Hash]*rtorrent.Pieces, error) {
			begun <- true
			return map[rtorrent.Hash]*rtorrent.Pieces{hashA: {Hash: hashA, Digits: <-answer}}, nil
		}, time.Minute)}
		w := c.WatchPieces(hashA)
		<-begun
		c.watches.drop(hashA) // while the look is under way
		answer <- "80"
		<-begun
		answer <- "00"
		if p, err := w.Next(t.Context(), nil); err != nil || p.Digits != "00" {
			t.Errorf("%+v, %v, want what was found after the write", p, err)
		}
		w.Close()
		time.Sleep(2 * watchSlowest) // the looking ends
	})
}

func TestWatchEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, c := watching(t)
		w := c.WatchPieces(hashA)
		if _, err := w.Next(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		l.mu.Lock()
		l.gone = true
		l.mu.Unlock()
		if _, err := w.Next(t.Context(), nil); !errors.Is(err, rtorrent.ErrNotFound) {
			t.Errorf("erased: %v, want %v", err, rtorrent.ErrNotFound)
		}
		for range 3 {
			deadline := make(chan time.Time, 1)
			deadline <- time.Now()
			if _, err := w.Next(t.Context(), deadline); err != nil && !errors.Is(err, ErrNoNews) && !errors.Is(err, rtorrent.ErrNotFound) {
				t.Error(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := w.Next(ctx, nil); !errors.Is(err, context.Canceled) && !errors.Is(err, rtorrent.ErrNotFound) {
			t.Errorf("interrupted: %v", err)
		}
		w.Close()
		time.Sleep(2 * watchSlowest) // the looking ends
	})
}
