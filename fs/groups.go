package fs

import (
	"context"
	"slices"
	"strings"
	"sync"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// A grouping sorts the torrents into groups; each is a linkDir.
type grouping struct {
	// fixed are the groups that are there also when they are empty.
	fixed []string
	// keys returns what tells a torrent's groups, and a value that changes
	// when that would answer differently for the same snapshot.
	keys func(context.Context, *driver) (of func(*rtorrent.Torrent) []string, version any, err error)
	// from is the rTorrent commands that keys follows from, beside memberColumns.
	from string
	// take is what moving a torrent into a group does, nil nothing.
	take func(d *driver, group string) func(context.Context, *rtorrent.Torrent, *linkDir) error
}

// memberColumns are the rTorrent commands that links in groups follow from, and
// what moving one to another group does.
const memberColumns = linkColumns + " d.custom1 " + stateColumns

// byKeys is a grouping by what the row says.
func byKeys(of func(*rtorrent.Torrent) []string) func(context.Context, *driver) (func(*rtorrent.Torrent) []string, any, error) {
	return func(context.Context, *driver) (func(*rtorrent.Torrent) []string, any, error) { return of, nil, nil }
}

// A groupDir lists the groups of one grouping.
type groupDir struct {
	d        *driver
	path     string
	grouping grouping

	mu    sync.Mutex // guards index
	index *groupIndex
}

// A groupIndex is the groups at one snapshot.
type groupIndex struct {
	snapshot *cache.Snapshot
	version  any
	members  map[string][]*rtorrent.Torrent
	names    []string // sorted, the fixed ones first in their order
}

func openGroups(g grouping) func(*driver, subject[server]) directory {
	return func(d *driver, s subject[server]) directory { return d.groups(s.path, g) }
}

// groups returns the one groupDir of a path, whose index is kept.
func (d *driver) groups(path string, g grouping) *groupDir {
	d.links.mu.Lock()
	defer d.links.mu.Unlock()
	if known := d.links.groups[path]; known != nil {
		return known
	}
	made := &groupDir{d: d, path: path, grouping: g}
	d.links.groups[path] = made
	return made
}

func (g *groupDir) now(ctx context.Context) (*groupIndex, error) {
	s, err := g.d.cache.Want(ctx, g.d.columns(memberColumns+" "+g.grouping.from))
	if err != nil {
		return nil, err
	}
	keys, version, err := g.grouping.keys(ctx, g.d)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	index := g.index
	g.mu.Unlock()
	if index != nil && index.snapshot == s && index.version == version {
		return index, nil
	}
	index = &groupIndex{snapshot: s, version: version, members: map[string][]*rtorrent.Torrent{}}
	for _, t := range s.Torrents {
		for _, key := range keys(t) {
			index.members[key] = append(index.members[key], t)
		}
	}
	for key := range index.members {
		if !slices.Contains(g.grouping.fixed, key) {
			index.names = append(index.names, key)
		}
	}
	slices.Sort(index.names)
	index.names = append(slices.Clone(g.grouping.fixed), index.names...)
	g.mu.Lock()
	g.index = index
	g.mu.Unlock()
	return index, nil
}

// shed forgets an index that is not of this snapshot.
func (g *groupDir) shed(but *cache.Snapshot) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.index != nil && g.index.snapshot != but {
		g.index = nil
	}
}

func (g *groupDir) list(ctx context.Context) ([]entry, error) {
	index, err := g.now(ctx)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(index.names))
	for i, name := range index.names {
		entries[i] = g.entry(name)
	}
	return entries, nil
}

func (g *groupDir) find(ctx context.Context, name string) (entry, error) {
	group := unescapeName(name)
	if groupName(group) != name { // over 255 bytes, or nothing of ours
		index, err := g.now(ctx)
		if err != nil {
			return entry{}, err
		}
		at := slices.IndexFunc(index.names, func(n string) bool { return groupName(n) == name })
		if at < 0 {
			return entry{}, errNoEntry
		}
		return g.entry(index.names[at]), nil
	}
	if slices.Contains(g.grouping.fixed, group) {
		return g.entry(group), nil
	}
	index, err := g.now(ctx)
	if err != nil {
		return entry{}, err
	}
	if _, ok := index.members[group]; !ok {
		return entry{}, errNoEntry
	}
	return g.entry(group), nil
}

func (g *groupDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, g.d.started, nil
}

// groupName is the directory of a group. A name that begins with '@' is not
// mistaken for one of ours.
func groupName(group string) string {
	if rest, ok := strings.CutPrefix(group, "@"); ok && group != noTag {
		return shorten("%40"+strings.TrimPrefix(fileName("@"+rest), "@"), "")
	}
	return fileName(group)
}

func (g *groupDir) entry(group string) entry {
	name := groupName(group)
	path := g.path + name + "/"
	return g.d.dirEntry(name, path, g.d.inos.named(path), g.d.opts.TTL, g.dir(group))
}

// dir returns the linkDir of a group.
func (g *groupDir) dir(group string) *linkDir {
	l := &linkDir{d: g.d, path: g.path + groupName(group) + "/", group: group}
	l.choose = func(ctx context.Context) (*cache.Snapshot, []*rtorrent.Torrent, error) {
		index, err := g.now(ctx)
		if err != nil {
			return nil, nil, err
		}
		return index.snapshot, index.members[group], nil
	}
	if g.grouping.take != nil {
		l.take = g.grouping.take(g.d, group)
	}
	return l
}

// groupReference describes the groups of a grouping.
func groupReference(entry, doc string) func(string) []Line {
	return func(prefix string) []Line {
		dir := Line{Path: prefix + entry + "/", Mode: modeString(modeDir), Doc: doc}
		return append([]Line{dir}, linkReference(prefix+entry+"/")...)
	}
}
