package cache

import (
	"context"
	"sync"
	"time"

	"rtfs/rtorrent"
)

// keyedAtMost is how many torrents' values are kept; the oldest goes first.
const keyedAtMost = 256

// A keyed keeps one value per torrent for a time. Each is loaded once for all
// who wait for it, by a load that belongs to none of them.
type keyed[V any] struct {
	ttl  time.Duration
	load func(context.Context, rtorrent.Hash) (V, error)

	mu      sync.Mutex // never held during a load
	entries map[rtorrent.Hash]*entry[V]
}

type entry[V any] struct {
	began time.Time
	done  chan struct{} // closed when value and err are set
	value V
	err   error
}

func newKeyed[V any](ttl time.Duration, load func(context.Context, rtorrent.Hash) (V, error)) *keyed[V] {
	return &keyed[V]{ttl: ttl, load: load, entries: map[rtorrent.Hash]*entry[V]{}}
}

// value returns the torrent's value, at most the TTL old when it was asked.
func (k *keyed[V]) value(ctx context.Context, h rtorrent.Hash) (V, error) {
	e := k.entry(ctx, h)
	select {
	case <-e.done:
		return e.value, e.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

func (k *keyed[V]) entry(ctx context.Context, h rtorrent.Hash) *entry[V] {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if e := k.entries[h]; e != nil && !e.expired(now, k.ttl) {
		return e
	}
	e := &entry[V]{began: now, done: make(chan struct{})}
	k.entries[h] = e
	k.trim()
	go func() {
		defer close(e.done)
		e.value, e.err = k.load(context.WithoutCancel(ctx), h)
	}()
	return e
}

// expired reports whether a new load is due: never while one is under way,
// at once after a failed one.
func (e *entry[V]) expired(now time.Time, ttl time.Duration) bool {
	select {
	case <-e.done:
		return e.err != nil || now.Sub(e.began) >= ttl
	default:
		return false
	}
}

// trim removes the oldest entry when there are too many. The caller holds mu.
func (k *keyed[V]) trim() {
	if len(k.entries) <= keyedAtMost {
		return
	}
	var oldest rtorrent.Hash
	for h, e := range k.entries {
		if oldest == "" || e.began.Before(k.entries[oldest].began) {
			oldest = h
		}
	}
	delete(k.entries, oldest)
}

// drop forgets the torrent's value.
func (k *keyed[V]) drop(h rtorrent.Hash) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.entries, h)
}
