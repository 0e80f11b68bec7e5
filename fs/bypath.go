package fs

import (
	"context"
	"path"
	"slices"
	"strings"

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

func (p *pathDir) now(ctx context.Context) (folders []string, links *linkDir, err error) {
	s, err := p.d.cache.Snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	prefix := strings.TrimSuffix(p.dir, "/") + "/"
	var members []*rtorrent.Torrent
	for _, t := range s.Torrents {
		dir := holds(t)
		if dir == p.dir {
			members = append(members, t)
			continue
		}
		if rest, below := strings.CutPrefix(dir, prefix); below {
			first, _, _ := strings.Cut(rest, "/")
			folders = append(folders, first)
		}
	}
	slices.Sort(folders)
	links = &linkDir{d: p.d, path: p.path, choose: func(context.Context) (*cache.Snapshot, []*rtorrent.Torrent, error) {
		return s, members, nil
	}}
	return slices.Compact(folders), links, nil
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
		if !slices.Contains(folders, unescapeName(e.name)) {
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
	if folder := unescapeName(name); fileName(folder) == name && slices.Contains(folders, folder) {
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
