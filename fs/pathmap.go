package fs

import (
	"path"
	"strings"

	"rtfs/rtorrent"
)

// A PathMap says that what rTorrent calls Remote is Local here, for an
// rTorrent in a container or behind a network file system.
type PathMap struct{ Remote, Local string }

// LocalPath returns where a path of rTorrent's is from here. The longest Remote
// that is the path or a folder above it counts.
func LocalPath(maps []PathMap, remote string) string {
	m, found := findMap(maps, remote)
	if !found {
		return remote
	}
	return path.Join(m.Local, strings.TrimPrefix(remote, m.Remote))
}

// findMap returns the PathMap that counts for a path of rTorrent's.
func findMap(maps []PathMap, remote string) (best PathMap, found bool) {
	for _, m := range maps {
		under := remote == m.Remote || strings.HasPrefix(remote, strings.TrimSuffix(m.Remote, "/")+"/")
		if under && (!found || len(m.Remote) > len(best.Remote)) {
			best, found = m, true
		}
	}
	return best, found
}

func (d *driver) local(remote string) string { return LocalPath(d.opts.Maps, remote) }

// dataDir is where rTorrent keeps new data, as seen from here; "" unknown.
func (d *driver) dataDir() string {
	if d.cache == nil {
		return "" // above several servers
	}
	caps := d.cache.Client().KnownCaps()
	if caps == nil || caps.Directory == "" {
		return ""
	}
	return d.local(caps.Directory)
}

// place returns the local folder that holds a torrent's data and, for a
// torrent of one file without a folder, that file's name. rTorrent tells the
// base path only of a torrent that was opened once in its run; else the path
// follows from the directory.
func (d *driver) place(t *rtorrent.Torrent) (folder, file string) {
	base := t.BasePath
	if base == "" {
		base = t.Directory
		if !t.IsMulti {
			base = path.Join(base, t.Name)
		}
	}
	if t.IsMulti {
		return d.local(base), ""
	}
	local := d.local(base)
	return path.Dir(local), path.Base(local)
}
