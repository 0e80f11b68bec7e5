package cache

import (
	"context"
	"errors"
	"sync"
	"time"
)

// How many keys' values are kept, and how many items in all of these, such as
// files: 100,000 take 30 MB. What was not used for longest goes first.
const (
	keyedAtMost = 256
	keyedItems  = 100_000
)

// A keyed keeps one value per key, a torrent mostly, for a time. Each is loaded once for all
// who wait for it, by a load that belongs to none of them.
type keyed[K ~string, V any] struct {
	ttl  time.Duration
	load func(context.Context, K) (V, error)

	// costly is how many times as long as its load a value is kept at least. The
	// list of 50,000 files can take longer than the TTL: then each name of a walk
	// over them would ask for it again.
	costly int
	// items tells how many items a value has; nil: one.
	items func(V) int

	mu      sync.Mutex // guards entries; never held during a load
	entries *lru       // of *entry[V]
}

type entry[V any] struct {
	began time.Time
	done  chan struct{} // closed when what follows is set
	ended time.Time
	value V
	err   error
}

func newKeyed[K ~string, V any](ttl time.Duration, load func(context.Context, K) (V, error)) *keyed[K, V] {
	return &keyed[K, V]{ttl: ttl, load: load, entries: newLRU(keyedAtMost, keyedItems)}
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
	if e := k.kept(key); e != nil && (!e.expired(now, age) || e.isCostly(now, k.costly)) {
		return e
	}
	e := &entry[V]{began: now, done: make(chan struct{})}
	k.entries.put(string(key), e, 1)
	go func() {
		defer close(e.done)
		func() {
			defer survive(&e.err)
			e.value, e.err = k.load(context.WithoutCancel(ctx), key)
		}()
		e.ended = time.Now()
		k.weigh(key, e)
	}()
	return e
}

// kept returns the key's entry, which is used by that, or nil. The caller holds mu.
func (k *keyed[K, V]) kept(key K) *entry[V] {
	e, _ := k.entries.get(string(key)).(*entry[V])
	return e
}

// weigh makes room for a value that has come.
func (k *keyed[K, V]) weigh(key K, e *entry[V]) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept(key) == e {
		k.entries.put(string(key), e, k.count(e.value))
	}
}

func (k *keyed[K, V]) count(value V) int {
	if k.items == nil {
		return 1
	}
	return 1 + k.items(value)
}

// known returns the key's value if there is one, whatever its age.
func (k *keyed[K, V]) known(key K) (value V) {
	k.mu.Lock()
	e := k.kept(key)
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

// drop forgets the key's value.
func (k *keyed[K, V]) drop(key K) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entries.drop(string(key))
}

// dropExpired forgets the values that nobody would be given any more.
func (k *keyed[K, V]) dropExpired() {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	k.entries.dropIf(func(v any) bool {
		e, ok := v.(*entry[V])
		return ok && e.expired(now, k.ttl) && !e.isCostly(now, k.costly)
	})
}

// dropAll forgets every value.
func (k *keyed[K, V]) dropAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entries.dropIf(func(any) bool { return true })
}

// change replaces the key's value, if there is one, by what it is now.
func (k *keyed[K, V]) change(key K, now func(V) V) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.kept(key)
	if e == nil {
		return
	}
	select {
	case <-e.done:
		if e.err == nil {
			next := &entry[V]{began: e.began, ended: e.ended, done: e.done, value: now(e.value)}
			k.entries.put(string(key), next, k.count(next.value))
		}
	default:
		k.entries.drop(string(key)) // it may be from before or after the change
	}
}
