package fs

import (
	"fmt"
	"slices"
	"sync"

	"rtfs/rtorrent"
)

// trackerNames keep the names of the trackers' directories. rTorrent changes
// the order of its list when a tracker answers, so a name stays with its
// tracker from when it was first seen. It is safe for concurrent use.
type trackerNames struct {
	mu sync.Mutex // guards of
	of map[rtorrent.Hash][]trackerSlot
}

// A trackerSlot is a name and the tracker that has it.
type trackerSlot struct {
	name, host string
	id         trackerID
}

// A trackerID tells a torrent's trackers apart.
type trackerID struct {
	url string
	nth int
}

func idOf(t *rtorrent.Tracker) trackerID { return trackerID{t.URL, t.Nth} }

func newTrackerNames() *trackerNames {
	return &trackerNames{of: map[rtorrent.Hash][]trackerSlot{}}
}

// A namedTracker is a tracker under its name.
type namedTracker struct {
	name    string
	tracker *rtorrent.Tracker
}

// assign returns the trackers under their names, in the order in which the
// names were given: the host, and behind it a number from the second on.
func (n *trackerNames) assign(h rtorrent.Hash, list []*rtorrent.Tracker) []namedTracker {
	n.mu.Lock()
	defer n.mu.Unlock()
	slots := n.of[h]
	present := make(map[trackerID]*rtorrent.Tracker, len(list))
	for _, t := range list {
		present[idOf(t)] = t
	}
	named := make(map[trackerID]bool, len(slots))
	for _, s := range slots {
		named[s.id] = true
	}
	// Those in use come first: where a URL was replaced before the mount, the
	// plain name of their host is that of the new one.
	for _, enabled := range []bool{true, false} {
		for _, t := range list {
			if t.IsEnabled == enabled && !named[idOf(t)] {
				slots = give(slots, t, present)
			}
		}
	}
	n.of[h] = slots
	var all []namedTracker
	for _, s := range slots {
		if t := present[s.id]; t != nil {
			all = append(all, namedTracker{s.name, t})
		}
	}
	return all
}

// give names one tracker: as one of its host that is there no more, or anew.
func give(slots []trackerSlot, t *rtorrent.Tracker, present map[trackerID]*rtorrent.Tracker) []trackerSlot {
	host := t.Host()
	for i, s := range slots {
		if s.host == host && present[s.id] == nil {
			slots[i].id = idOf(t)
			return slots
		}
	}
	base := host
	if base == "" {
		base = "unknown"
	}
	name := fileName(base)
	for k := 2; name == "new" || slices.ContainsFunc(slots, func(s trackerSlot) bool { return s.name == name }); k++ {
		name = shorten(fileName(base), fmt.Sprintf(" %d", k))
	}
	return append(slots, trackerSlot{name, host, idOf(t)})
}

// replaced gives the name of a tracker to the one that took its place, if that
// has the same host, so that what was written under the name is read there.
func (n *trackerNames) replaced(h rtorrent.Hash, old, by trackerID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	slots := n.of[h]
	was := slices.IndexFunc(slots, func(s trackerSlot) bool { return s.id == old })
	now := slices.IndexFunc(slots, func(s trackerSlot) bool { return s.id == by })
	if was >= 0 && now >= 0 && slots[was].host == slots[now].host {
		slots[was].id, slots[now].id = by, old
	}
}
