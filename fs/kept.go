package fs

import (
	"sync"
	"time"

	"rtfs/rtorrent"
)

// keptFor is how old what is kept of a torrent may be when nothing was
// downloaded since: only others can have changed it.
const keptFor = time.Minute

// A kept keeps what was asked of each of many torrents, until more of it is
// downloaded, or it is opened or closed. It is safe for concurrent use.
type kept[V any] struct {
	mu    sync.Mutex // guards the fields below; never held during a call
	known map[rtorrent.Hash]keptValue[V]
	// stale are those that were forgotten since they were asked.
	stale map[rtorrent.Hash]bool
}

type keptValue[V any] struct {
	value V
	keptOf
	at time.Time
}

// keptOf is how a torrent was when its value was asked.
type keptOf struct {
	completed int64 // pieces
	open      bool
}

// of returns the values of torrents, and forgets those of others; it asks for
// those that are not known or have changed.
func (k *kept[V]) of(torrents []*rtorrent.Torrent, ask func([]*rtorrent.Torrent) (map[rtorrent.Hash]V, error)) (map[rtorrent.Hash]V, error) {
	now := time.Now()
	var missing []*rtorrent.Torrent
	k.mu.Lock()
	for _, t := range torrents {
		known, ok := k.known[t.Hash]
		if !ok || known.keptOf != (keptOf{t.CompletedPieces, t.IsOpen}) || now.Sub(known.at) > keptFor {
			missing = append(missing, t)
			delete(k.stale, t.Hash)
		}
	}
	k.mu.Unlock()
	asked, err := ask(missing)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	next := make(map[rtorrent.Hash]keptValue[V], len(torrents))
	for _, t := range torrents {
		if known, ok := k.known[t.Hash]; ok {
			next[t.Hash] = known
		}
	}
	for _, t := range missing {
		value := keptValue[V]{asked[t.Hash], keptOf{t.CompletedPieces, t.IsOpen}, now}
		if k.stale[t.Hash] {
			value.at = time.Time{} // it was changed while it was asked
		}
		next[t.Hash] = value
	}
	k.known = next
	values := make(map[rtorrent.Hash]V, len(next))
	for h, v := range next {
		values[h] = v.value
	}
	return values, nil
}

// forget makes the next reader ask for a torrent's value.
func (k *kept[V]) forget(h rtorrent.Hash) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.known, h)
	if k.stale == nil {
		k.stale = map[rtorrent.Hash]bool{}
	}
	k.stale[h] = true
}
