package fs

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"rtfs/rtorrent"
)

// arrivalKeep is how long a name is found where it was moved to though it does
// not stay there.
const arrivalKeep = 2 * time.Second

// arrivals are the names that were moved just now to where they do not stay:
// into erase/, into @none while other tags are left, into a state that has
// passed. An mv of several files looks at each once more, and would report
// those that it does not find. It is safe for concurrent use.
type arrivals struct {
	mu     sync.Mutex // guards byPath
	byPath map[string]arrival
}

type arrival struct {
	hash rtorrent.Hash
	row  *rtorrent.Torrent // as it was then, nil if it was erased
	at   time.Time
}

func newArrivals() *arrivals { return &arrivals{byPath: map[string]arrival{}} }

func (a *arrivals) note(path string, h rtorrent.Hash, row *rtorrent.Torrent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for old, was := range a.byPath {
		if was.hash == h || time.Since(was.at) > arrivalKeep {
			delete(a.byPath, old)
		}
	}
	a.byPath[path] = arrival{h, row, time.Now()}
}

// forget is told that something else was asked of a torrent since it was moved.
func (a *arrivals) forget(h rtorrent.Hash) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.byPath, func(_ string, was arrival) bool { return was.hash == h })
}

func (a *arrivals) get(path string) (arrival, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	was, ok := a.byPath[path]
	return was, ok && time.Since(was.at) <= arrivalKeep
}

// arrived notes that a torrent was moved to a path.
func (d *driver) arrived(ctx context.Context, path string, h rtorrent.Hash) {
	row, err := d.cache.Row(ctx, h, d.columns("d.custom1"))
	if err != nil {
		row = nil
	}
	d.arrivals.note(path, h, row)
}

// arrival returns a link to a torrent that was moved here just now, or
// errNoEntry. One that was added, or given other tags, since then can be moved
// here again.
func (d *driver) arrival(ctx context.Context, dir, name string) (entry, error) {
	was, ok := d.arrivals.get(dir + name)
	if !ok {
		return entry{}, errNoEntry
	}
	row, err := d.cache.Row(ctx, was.hash, d.columns("d.custom1"))
	if (err == nil) != (was.row != nil) || err == nil && row.Custom1 != was.row.Custom1 {
		return entry{}, errNoEntry
	}
	target := strings.Repeat("../", strings.Count(dir, "/")) + "torrents/" + string(was.hash)
	when := func(context.Context) int64 { return was.at.Unix() }
	return d.linkEntry(name, dir+name, fixedTarget(target), d.inos.torrent(was.hash)+inoArrival, 0, when), nil
}
