package cache

import (
	"context"
	"errors"
	"sync"
	"time"
)

// keyedAtMost is how many keys' values are kept; the oldest goes first.
const keyedAtMost = 256

// A keyed keeps one value per key, a torrent mostly, for a time. Each is loaded once for all
// who wait for it, by a load that belongs to none of them.
type keyed[K ~string, V any] struct {
	ttl  time.Duration
	load func(context.Context, K) (V, error)

	// costly is how many times as long as its load a value is kept at least. The
	// list of 50,000 files can take longer than the TTL: then each name of a walk
	// over them would ask for it again.
	costly int

	mu      sync.Mutex // never held during a load
	entries map[K]*entry[V]
}

type entry[V any] struct {
	began time.Time
	done  chan struct{} // closed when what follows is set
	ended time.Time
	value V
	err   error
}

func newKeyed[K ~string, V any](ttl time.Duration, load func(context.Context, K) (V, error)) *keyed[K, V] {
	return &keyed[K, V]{ttl: ttl, load: load, entries: map[K]*entry[V]{}}
}

// value returns the key's value, at most the TTL old when it was asked.
func (k *keyed[K, V]) value(ctx context.Context, key K) (V, error) {
	return k.within(ctx, key, k.ttl)
}

// within returns the key's value, at most that old when it was asked.
func (k *keyed[K, V]) within(ctx context.Context, key K, age time.Duration) (V, error) {
	e := k.entry(ctx, key, age)
	if err := e.wait(ctx); err != nil {
		var none V
		return none, err
	}
	return e.value, nil
}

// wait waits for the entry's value. The error is that of the load, or ctx's.
func (e *entry[V]) wait(ctx context.Context) error {
	select {
	case <-e.done:
		return e.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *keyed[K, V]) entry(ctx context.Context, key K, age time.Duration) *entry[V] {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if e := k.entries[key]; e != nil && (!e.expired(now, age) || e.isCostly(now, k.costly)) {
		return e
	}
	e := &entry[V]{began: now, done: make(chan struct{})}
	k.entries[key] = e
	k.trim()
	go func() {
		defer close(e.done)
		func() {
			defer survive(&e.err)
			e.value, e.err = k.load(context.WithoutCancel(ctx), key)
		}()
		e.ended = time.Now()
	}()
	return e
}

// known returns the key's value if there is one, whatever its age.
func (k *keyed[K, V]) known(key K) (value V) {
	k.mu.Lock()
	e := k.entries[key]
	k.mu.Unlock()
	if e == nil {
		return value
	}
	select {
	case <-e.done:
		return e.value
	default:
		return value
	}
}

// expired reports whether a new load is due: never while one is under way,
// at once after a failed one, unless that has waited in vain: the kernel lets
// those who look up one name ask one after another, and a hundred of them must
// not wait a hundred times as long.
func (e *entry[V]) expired(now time.Time, ttl time.Duration) bool {
	select {
	case <-e.done:
		if errors.Is(e.err, context.DeadlineExceeded) {
			return now.Sub(e.ended) >= ttl
		}
		return e.err != nil || now.Sub(e.began) >= ttl
	default:
		return false
	}
}

// isCostly reports whether a value took so long to load that it is kept, n
// times as long as that.
func (e *entry[V]) isCostly(now time.Time, n int) bool {
	return n > 0 && e.err == nil && now.Sub(e.ended) < time.Duration(n)*e.ended.Sub(e.began)
}

// trim removes the oldest entry when there are too many. The caller holds mu.
func (k *keyed[K, V]) trim() {
	if len(k.entries) <= keyedAtMost {
		return
	}
	var oldest K
	for key, e := range k.entries {
		if oldest == "" || e.began.Before(k.entries[oldest].began) {
			oldest = key
		}
	}
	delete(k.entries, oldest)
}

// drop forgets the key's value.
func (k *keyed[K, V]) drop(key K) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.entries, key)
}

// dropAll forgets every value.
func (k *keyed[K, V]) dropAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.entries)
}

// change replaces the key's value, if there is one, by what it is now.
func (k *keyed[K, V]) change(key K, now func(V) V) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.entries[key]
	if e == nil {
		return
	}
	select {
	case <-e.done:
		if e.err == nil {
			next := &entry[V]{began: e.began, ended: e.ended, done: e.done, value: now(e.value)}
			k.entries[key] = next
		}
	default:
		delete(k.entries, key) // it may be from before or after the change
	}
}
