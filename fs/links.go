package fs

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// A linkDir holds links to some of the torrents, under their names. A bare
// info-hash is found too, unlisted.
type linkDir struct {
	d    *driver
	path string
	// choose returns the torrents of the directory.
	choose func(context.Context) (*cache.Snapshot, []*rtorrent.Torrent, error)
	// group is the group that the directory is, among those of its kind.
	group string
	// life is how long the kernel may keep a name: not at all where a write
	// can change who is here.
	life time.Duration
	// take is what moving a torrent into the directory does; nil: nothing can
	// be. The linkDir it comes from is nil if it comes from elsewhere.
	take func(ctx context.Context, t *rtorrent.Torrent, from *linkDir) error
}

var (
	_ holder   = (*linkDir)(nil)
	_ receiver = (*linkDir)(nil)
	_ linker   = (*linkDir)(nil)
)

func openByName(d *driver, s subject[server]) directory { return byName(d, s.path) }

// linkColumns are the rTorrent commands that links to torrents follow from.
const linkColumns = "d.name " + addedColumns

// byName is the linkDir of all torrents.
func byName(d *driver, path string) *linkDir {
	return &linkDir{d: d, path: path, life: d.opts.TTL, choose: func(ctx context.Context) (*cache.Snapshot, []*rtorrent.Torrent, error) {
		s, err := d.cache.Want(ctx, d.columns(linkColumns))
		if err != nil {
			return nil, nil, err
		}
		return s, s.Torrents, nil
	}}
}

func linkReference(prefix string) []Line {
	up := strings.Repeat("../", strings.Count(prefix, "/"))
	return []Line{{Path: prefix + "<name>", Mode: modeString(modeLink), Doc: "to " + up + "torrents/<HASH>"}}
}

// set returns the names of the directory now.
func (l *linkDir) set(ctx context.Context) (*linkSet, error) {
	snapshot, torrents, err := l.choose(ctx)
	if err != nil {
		return nil, err
	}
	set := l.d.links.get(l.path)
	if set != nil && set.snapshot == snapshot && sameTorrents(set.torrents, torrents) {
		return set, nil
	}
	set = &linkSet{snapshot: snapshot, torrents: torrents, names: torrentNames(torrents)}
	set.byName = make(map[string]*rtorrent.Torrent, len(set.names))
	for i, name := range set.names {
		set.byName[name] = torrents[i]
	}
	l.d.links.put(l.path, set)
	return set, nil
}

// sameTorrents compares two lists, mostly one with itself. Those of a group
// can change while the snapshot does not, as the trackers' do.
func sameTorrents(a, b []*rtorrent.Torrent) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b))
}

func (l *linkDir) list(ctx context.Context) ([]entry, error) {
	set, err := l.set(ctx)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(set.names))
	link := l.d.inos.link(l.path)
	for i, name := range set.names {
		entries[i] = l.numbered(name, set.torrents[i].Hash, link)
	}
	return entries, nil
}

func (l *linkDir) find(ctx context.Context, name string) (entry, error) {
	t, err := l.torrent(ctx, name)
	switch {
	case errors.Is(err, errNoEntry):
		return l.d.arrival(ctx, l.path, name)
	case err != nil:
		return entry{}, err
	}
	return l.entry(name, t.Hash), nil
}

func (l *linkDir) torrent(ctx context.Context, name string) (*rtorrent.Torrent, error) {
	set, err := l.set(ctx)
	if err != nil {
		return nil, err
	}
	if t, ok := set.byName[name]; ok {
		return t, nil
	}
	// While torrents of one name are moved one by one, the last one's name
	// loses its suffix; it is found under the old name all the same.
	if at := strings.LastIndex(name, " ["); at >= 0 && strings.HasSuffix(name, "]") {
		for _, t := range set.torrents {
			if prefix := name[at+2 : len(name)-1]; len(prefix) >= 8 && strings.HasPrefix(string(t.Hash), prefix) && shorten(fileName(t.Name), name[at:]) == name {
				return t, nil
			}
		}
	}
	if h, err := rtorrent.ParseHash(name); err == nil {
		for _, t := range set.torrents {
			if t.Hash == h {
				return t, nil
			}
		}
	}
	return nil, errNoEntry
}

func (l *linkDir) entry(name string, h rtorrent.Hash) entry {
	return l.numbered(name, h, l.d.inos.link(l.path))
}

// numbered is entry where the directory's number for links is known.
func (l *linkDir) numbered(name string, h rtorrent.Hash, link uint64) entry {
	target := strings.Repeat("../", strings.Count(l.path, "/")) + "torrents/" + string(h)
	return l.d.linkEntry(name, l.path+name, fixedTarget(target), l.d.inos.torrent(h)+link, l.life, l.d.addedTime(h))
}

func (l *linkDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, l.d.started, nil
}

// receive takes a torrent that is moved here.
func (l *linkDir) receive(ctx context.Context, from *dirNode, name, newName string) error {
	t, err := l.d.moved(ctx, from, name, newName)
	if err != nil {
		l.d.record(ctx, from.path+name, "", l.path+newName, err)
		return err
	}
	origin, _ := from.dir.(*linkDir)
	if err := l.accept(ctx, t, from.path+name, origin); err != nil {
		return err
	}
	l.d.arrived(ctx, l.path+newName, t.Hash)
	return nil
}

// symlink takes a torrent that a link to is made of here: its target's last
// component is an info-hash or a name in by-name/.
func (l *linkDir) symlink(ctx context.Context, target, name string) (entry, error) {
	all := byName(l.d, "by-name/")
	t, err := all.torrent(ctx, path.Base(target))
	if err != nil {
		return entry{}, invalid("link to %q, which ends in no torrent's name or info-hash", target)
	}
	if named, err := all.torrent(ctx, name); err != nil || named.Hash != t.Hash {
		return entry{}, invalid("a link to a torrent has its name or info-hash")
	}
	if err := l.accept(ctx, t, target, nil); err != nil {
		return entry{}, err
	}
	return l.entry(name, t.Hash), nil
}

// accept carries out what being put here means, with a line in the log.
func (l *linkDir) accept(ctx context.Context, t *rtorrent.Torrent, what string, from *linkDir) error {
	err := fmt.Errorf("%w: what is in %s follows from rTorrent", errPerm, l.path)
	if l.take != nil {
		err = l.take(ctx, t, from)
	}
	l.d.record(ctx, what, t.Name, l.path, err)
	return err
}

// moved returns the torrent that is being moved out of a directory. It keeps
// its name: else EPERM, since mv(1) takes EINVAL for a move into itself.
func (d *driver) moved(ctx context.Context, from *dirNode, name, newName string) (*rtorrent.Torrent, error) {
	holder, ok := from.dir.(holder)
	if !ok {
		return nil, fmt.Errorf("%w: %s%s is no torrent", errPerm, from.path, name)
	}
	if name != newName {
		return nil, fmt.Errorf("%w: a torrent that is moved keeps its name", errPerm)
	}
	return holder.torrent(ctx, name)
}
