package fs

import (
	"context"
	"path"
	"slices"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// A pathDir is by-path/ or a folder below it: the folders that lead to data,
// and links to the torrents whose data is in this one.
type pathDir struct {
	d    *driver
	path string // below the root of the mount
	dir  string // on rTorrent's side, absolute
}

func openByPath(d *driver, s subject[server]) directory { return &pathDir{d, s.path, "/"} }

// holds returns the folder in which a torrent's data is.
func holds(t *rtorrent.Torrent) string {
	if t.IsMulti {
		return path.Dir(path.Clean(t.Directory))
	}
	return path.Clean(t.Directory)
}

// A folderIndex is the folders that lead to data at one snapshot, each with the
// names of those in it, sorted, and the torrents whose data is in it.
type folderIndex struct {
	snapshot *cache.Snapshot
	folders  map[string][]string
	members  map[string][]*rtorrent.Torrent
}

func newFolderIndex(s *cache.Snapshot) *folderIndex {
	x := &folderIndex{s, map[string][]string{}, map[string][]*rtorrent.Torrent{}}
	seen := map[string]bool{}
	for _, t := range s.Torrents {
		dir := holds(t)
		x.members[dir] = append(x.members[dir], t)
		for ; !seen[dir] && path.Dir(dir) != dir; dir = path.Dir(dir) {
			seen[dir] = true
			above := path.Dir(dir)
			x.folders[above] = append(x.folders[above], path.Base(dir))
		}
	}
	for _, names := range x.folders {
		slices.Sort(names)
	}
	return x
}

// folders returns the index of the present snapshot, which is kept.
func (d *driver) folders(ctx context.Context) (*folderIndex, error) {
	s, err := d.cache.Want(ctx, d.columns(pathColumns+" "+linkColumns))
	if err != nil {
		return nil, err
	}
	if x := d.links.folders.Load(); x != nil && x.snapshot == s {
		return x, nil
	}
	x := newFolderIndex(s)
	d.links.folders.Store(x)
	return x, nil
}

func (p *pathDir) now(ctx context.Context) (folders []string, links *linkDir, err error) {
	x, err := p.d.folders(ctx)
	if err != nil {
		return nil, nil, err
	}
	links = &linkDir{d: p.d, path: p.path, choose: func(context.Context) (*cache.Snapshot, []*rtorrent.Torrent, error) {
		return x.snapshot, x.members[p.dir], nil
	}}
	return x.folders[p.dir], links, nil
}

// hasFolder reports whether a folder is among those of a directory.
func hasFolder(folders []string, name string) bool {
	_, has := slices.BinarySearch(folders, name)
	return has
}

func (p *pathDir) list(ctx context.Context) ([]entry, error) {
	folders, links, err := p.now(ctx)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, f := range folders {
		entries = append(entries, p.folder(f))
	}
	torrents, err := links.list(ctx)
	for _, e := range torrents {
		// A folder of a torrent's name is where another torrent's data is; the
		// link is found in there, or by its info-hash.
		if !hasFolder(folders, unescapeName(e.name)) {
			entries = append(entries, e)
		}
	}
	return entries, err
}

func (p *pathDir) find(ctx context.Context, name string) (entry, error) {
	folders, links, err := p.now(ctx)
	if err != nil {
		return entry{}, err
	}
	if folder := unescapeName(name); fileName(folder) == name && hasFolder(folders, folder) {
		return p.folder(folder), nil
	}
	return links.find(ctx, name)
}

// torrent implements holder.
func (p *pathDir) torrent(ctx context.Context, name string) (*rtorrent.Torrent, error) {
	_, links, err := p.now(ctx)
	if err != nil {
		return nil, err
	}
	return links.torrent(ctx, name)
}

func (p *pathDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, p.d.started, nil
}

func (p *pathDir) folder(name string) entry {
	below := &pathDir{d: p.d, path: p.path + fileName(name) + "/", dir: path.Join(p.dir, name)}
	return p.d.dirEntry(fileName(name), below.path, p.d.inos.named(below.path), p.d.opts.TTL, below)
}
