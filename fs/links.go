package fs

import (
	"context"
	"strings"
	"sync"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// A linkDir holds links to some of the torrents, under their names. A bare
// info-hash is found too, unlisted.
type linkDir struct {
	d      *driver
	path   string
	member func(*rtorrent.Torrent) bool // nil: all
}

func openByName(d *driver, s subject[server]) directory { return &linkDir{d: d, path: s.path} }

func openByState(state string) func(*driver, subject[server]) directory {
	return func(d *driver, s subject[server]) directory {
		return &linkDir{d: d, path: s.path, member: func(t *rtorrent.Torrent) bool { return stateOf(t) == state }}
	}
}

func linkReference(prefix string) []Line {
	return []Line{{Path: prefix + "<name>", Mode: modeString(modeLink), Doc: "to ../torrents/<HASH>"}}
}

var _ holder = (*linkDir)(nil)

// A linkSet is the names in one linkDir at one snapshot.
type linkSet struct {
	snapshot *cache.Snapshot
	torrents []*rtorrent.Torrent
	names    []string
	byName   map[string]rtorrent.Hash
}

// linkSets keeps the last linkSet of each linkDir, because a listing is
// followed by a lookup of each of its names. It is safe for concurrent use.
type linkSets struct {
	mu     sync.Mutex // guards byPath
	byPath map[string]*linkSet
}

func newLinkSets() *linkSets { return &linkSets{byPath: map[string]*linkSet{}} }

func (l *linkDir) set(ctx context.Context) (*linkSet, error) {
	s, err := l.d.cache.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	sets := l.d.links
	sets.mu.Lock()
	set := sets.byPath[l.path]
	sets.mu.Unlock()
	if set != nil && set.snapshot == s {
		return set, nil
	}
	set = &linkSet{snapshot: s, torrents: s.Torrents}
	if l.member != nil {
		set.torrents = nil
		for _, t := range s.Torrents {
			if l.member(t) {
				set.torrents = append(set.torrents, t)
			}
		}
	}
	set.names = torrentNames(set.torrents)
	set.byName = make(map[string]rtorrent.Hash, len(set.names))
	for i, name := range set.names {
		set.byName[name] = set.torrents[i].Hash
	}
	sets.mu.Lock()
	sets.byPath[l.path] = set
	sets.mu.Unlock()
	return set, nil
}

func (l *linkDir) list(ctx context.Context) ([]entry, error) {
	set, err := l.set(ctx)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(set.names))
	for i, name := range set.names {
		entries[i] = l.entry(name, set.torrents[i].Hash)
	}
	return entries, nil
}

func (l *linkDir) find(ctx context.Context, name string) (entry, error) {
	h, err := l.torrent(ctx, name)
	if err != nil {
		return entry{}, err
	}
	return l.entry(name, h), nil
}

func (l *linkDir) torrent(ctx context.Context, name string) (rtorrent.Hash, error) {
	set, err := l.set(ctx)
	if err != nil {
		return "", err
	}
	if h, ok := set.byName[name]; ok {
		return h, nil
	}
	h, err := rtorrent.ParseHash(name)
	if err != nil {
		return "", errNoEntry
	}
	t, err := set.snapshot.Torrent(h)
	if err == nil && l.member != nil && !l.member(t) {
		err = errNoEntry
	}
	return h, err
}

func (l *linkDir) entry(name string, h rtorrent.Hash) entry {
	depth := strings.Count(l.path, "/")
	target := strings.Repeat("../", depth) + "torrents/" + string(h)
	// Links of one depth have one target each, so they may share a number.
	return l.d.linkEntry(name, l.path+name, fixedTarget(target), l.d.inos.torrent(h)+inoLink+uint64(depth), l.d.opts.TTL, l.d.addedTime(h))
}

func (l *linkDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, l.d.started, nil
}
