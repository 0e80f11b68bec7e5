package fs

import (
	"maps"
	"sync"
	"sync/atomic"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// A linkSet is the names in one linkDir at one snapshot.
type linkSet struct {
	snapshot *cache.Snapshot
	torrents []*rtorrent.Torrent
	names    []string
	byName   map[string]*rtorrent.Torrent
}

// A choice is the torrents that a query or a view had at one snapshot.
type choice struct {
	snapshot *cache.Snapshot
	hosts    *cache.Hosts    // that the query was about
	members  []rtorrent.Hash // of the view
	torrents []*rtorrent.Torrent
}

// linkSetsKept is how many directories' names are kept.
const linkSetsKept = 256

// linkSets keeps the last linkSet of each linkDir, because a listing is
// followed by a lookup of each of its names, and the groups for the same
// reason. It is safe for concurrent use.
type linkSets struct {
	mu      sync.Mutex // guards the fields below
	byPath  map[string]*linkSet
	choices map[string]*choice
	groups  map[string]*groupDir // the one of each path

	folders atomic.Pointer[folderIndex] // of by-path/
}

func newLinkSets() *linkSets {
	return &linkSets{byPath: map[string]*linkSet{}, choices: map[string]*choice{}, groups: map[string]*groupDir{}}
}

func (l *linkSets) get(path string) *linkSet {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byPath[path]
}

func (l *linkSets) put(path string, set *linkSet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	putBounded(l.byPath, path, set)
}

// choice returns the last choice of a directory, one of nothing at first.
func (l *linkSets) choice(path string) *choice {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.choices[path]; known != nil {
		return known
	}
	return &choice{}
}

func (l *linkSets) choose(path string, c *choice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	putBounded(l.choices, path, c)
}

func putBounded[V any](kept map[string]V, path string, v V) {
	if len(kept) >= linkSetsKept {
		clear(kept)
	}
	kept[path] = v
}

// shed forgets what is not of this snapshot.
func (l *linkSets) shed(but *cache.Snapshot) {
	if x := l.folders.Load(); x != nil && x.snapshot != but {
		l.folders.CompareAndSwap(x, nil)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.byPath, func(_ string, set *linkSet) bool { return set.snapshot != but })
	maps.DeleteFunc(l.choices, func(_ string, c *choice) bool { return c.snapshot != but })
	for _, g := range l.groups {
		g.shed(but)
	}
}
