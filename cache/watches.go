package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rtfs/rtorrent"
)

// How often the pieces are asked of torrents that somebody waits for: more
// seldom while nothing changes, and for no more than a quarter of the time
// unless that is much.
const (
	watchFastest = 100 * time.Millisecond
	watchSlowest = 2 * time.Second
)

// pieceWatches look at the pieces of the torrents that readers wait for: all
// of them by one call, none while nobody waits. They are safe for concurrent
// use.
type pieceWatches struct {
	load    func(context.Context, []rtorrent.Hash) (map[rtorrent.Hash]*rtorrent.Pieces, error)
	timeout time.Duration
	hurry   chan struct{} // has room for one

	mu      sync.Mutex // guards the fields below; never held during a load
	watched map[rtorrent.Hash]*watched
	running bool
}

// A watched torrent is one that readers wait for.
type watched struct {
	readers int
	writes  int           // since it is watched
	looks   int           // since it is watched
	news    chan struct{} // closed by the next look
	pieces  *rtorrent.Pieces
	err     error
}

func newPieceWatches(load func(context.Context, []rtorrent.Hash) (map[rtorrent.Hash]*rtorrent.Pieces, error), timeout time.Duration) *pieceWatches {
	return &pieceWatches{load: load, timeout: timeout, hurry: make(chan struct{}, 1), watched: map[rtorrent.Hash]*watched{}}
}

// ErrNoNews says that a wait for pieces has ended without a look at them.
var ErrNoNews = errors.New("no news in time")

// A PieceWatch is one reader's wait for pieces. It is used by one goroutine.
type PieceWatch struct {
	all  *pieceWatches
	hash rtorrent.Hash
	of   *watched
	seen int
}

// WatchPieces begins to look at the pieces of a torrent, again and again until
// Close.
func (c *Cache) WatchPieces(h rtorrent.Hash) *PieceWatch {
	p := c.watches
	p.mu.Lock()
	defer p.mu.Unlock()
	of := p.watched[h]
	if of == nil {
		of = &watched{news: make(chan struct{})}
		p.watched[h] = of
	}
	of.readers++
	if !p.running {
		p.running = true
		go p.run()
	} else if of.readers == 1 {
		p.soon()
	}
	return &PieceWatch{all: p, hash: h, of: of, seen: of.looks}
}

// Next returns what the next look finds, the one under way at first. The error
// is that of the look, or ErrNoNews when deadline fires first.
func (w *PieceWatch) Next(ctx context.Context, deadline <-chan time.Time) (*rtorrent.Pieces, error) {
	for {
		w.all.mu.Lock()
		looks, news, pieces, err := w.of.looks, w.of.news, w.of.pieces, w.of.err
		w.all.mu.Unlock()
		if looks != w.seen {
			w.seen = looks
			return pieces, err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline:
			return nil, ErrNoNews
		}
	}
}

// Close ends the watch.
func (w *PieceWatch) Close() {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	if w.of.readers--; w.of.readers == 0 {
		delete(w.all.watched, w.hash)
	}
}

// drop disowns what a look under way will find of a torrent: it was written
// to, and is looked at again at once.
func (p *pieceWatches) drop(h rtorrent.Hash) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if of := p.watched[h]; of != nil {
		of.writes++
		p.soon()
	}
}

// soon makes the next look the soonest possible.
func (p *pieceWatches) soon() {
	select {
	case p.hurry <- struct{}{}:
	default:
	}
}

// run looks until nobody waits.
func (p *pieceWatches) run() {
	interval := watchFastest
	for {
		hashes, writes := p.due()
		if len(hashes) == 0 {
			return
		}
		begun := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
		of, err := p.load(ctx, hashes)
		cancel()
		if p.publish(hashes, writes, of, err) {
			interval = watchFastest
		} else {
			interval = min(interval*3/2, watchSlowest)
		}
		p.rest(&interval, time.Since(begun))
	}
}

// watchRest is how long no look follows one that took long, at most: rTorrent may
// answer again at once.
const watchRest = 5 * time.Second

// rest waits for the time of the next look.
func (p *pieceWatches) rest(interval *time.Duration, took time.Duration) {
	timer := time.NewTimer(max(watchFastest, min(3*took, watchRest)))
	defer timer.Stop()
	<-timer.C
	timer.Reset(max(0, *interval-watchFastest))
	select {
	case <-timer.C:
	case <-p.hurry:
		*interval = watchFastest
	}
}

// due returns the torrents to look at, and how often each was written to. If
// there are none, the looking has ended.
func (p *pieceWatches) due() (hashes []rtorrent.Hash, writes []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for h, of := range p.watched {
		hashes = append(hashes, h)
		writes = append(writes, of.writes)
	}
	p.running = len(hashes) > 0
	return hashes, writes
}

// publish wakes the readers with what a look has found, and reports whether
// anything has changed.
func (p *pieceWatches) publish(hashes []rtorrent.Hash, writes []int, found map[rtorrent.Hash]*rtorrent.Pieces, err error) (changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, h := range hashes {
		of := p.watched[h]
		if of == nil || of.writes != writes[i] {
			continue
		}
		pieces, failed := found[h], err
		if err == nil && pieces == nil {
			failed = fmt.Errorf("pieces of %s: %w", h, rtorrent.ErrNotFound)
		}
		changed = changed || failed == nil && (of.pieces == nil || *pieces != *of.pieces)
		of.pieces, of.err = pieces, failed
		of.looks++
		close(of.news)
		of.news = make(chan struct{})
	}
	return changed
}
