package fs

import (
	"bytes"
	"context"
	"path"
	"slices"
	"strings"
	"sync"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// pathColumns are the rTorrent commands that contentPath follows from.
const pathColumns = "d.base_path d.directory_base d.is_multi_file d.name"

// contentPath is where a torrent's data is, on rTorrent's side: its folder, or
// its one file.
func contentPath(t *rtorrent.Torrent) string {
	switch {
	case t.BasePath != "":
		return path.Clean(t.BasePath)
	case t.IsMulti:
		return path.Clean(t.Directory)
	}
	return path.Join(t.Directory, t.Name)
}

// A pathIndex is the torrents of a snapshot by where their data is.
type pathIndex struct {
	snapshot *cache.Snapshot
	sorted   []pathOf
}

type pathOf struct {
	path string // with a slash at its end, so that what is below follows
	hash rtorrent.Hash
}

// paths keeps the pathIndex of the last snapshot. It is safe for concurrent
// use.
type paths struct {
	mu    sync.Mutex // guards index
	index *pathIndex
}

func (p *paths) of(s *cache.Snapshot) *pathIndex {
	p.mu.Lock()
	index := p.index
	p.mu.Unlock()
	if index != nil && index.snapshot == s {
		return index
	}
	index = &pathIndex{snapshot: s, sorted: make([]pathOf, len(s.Torrents))}
	for i, t := range s.Torrents {
		index.sorted[i] = pathOf{contentPath(t) + "/", t.Hash}
	}
	slices.SortFunc(index.sorted, func(a, b pathOf) int { return strings.Compare(a.path, b.path) })
	p.mu.Lock()
	p.index = index
	p.mu.Unlock()
	return index
}

// shed forgets an index that is not of this snapshot.
func (p *paths) shed(but *cache.Snapshot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.index != nil && p.index.snapshot != but {
		p.index = nil
	}
}

// sharing returns the other torrents whose data is at the path, below it, or
// in a folder above it.
func (x *pathIndex) sharing(t *rtorrent.Torrent) []rtorrent.Hash {
	own := contentPath(t) + "/"
	var sharing []rtorrent.Hash
	add := func(from string, matches func(string) bool) {
		at, _ := slices.BinarySearchFunc(x.sorted, from, func(p pathOf, want string) int { return strings.Compare(p.path, want) })
		for ; at < len(x.sorted) && matches(x.sorted[at].path); at++ {
			if x.sorted[at].hash != t.Hash {
				sharing = append(sharing, x.sorted[at].hash)
			}
		}
	}
	add(own, func(p string) bool { return strings.HasPrefix(p, own) })
	for above := path.Dir(path.Clean(own)); above != "/" && above != "."; above = path.Dir(above) {
		add(above+"/", func(p string) bool { return p == above+"/" })
	}
	slices.Sort(sharing)
	return sharing
}

// renderSharedWith returns the info-hashes of the torrents with the same data.
func renderSharedWith(ctx context.Context, d *driver, t *rtorrent.Torrent) ([]byte, error) {
	s, err := d.cache.Want(ctx, d.columns(pathColumns))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, h := range d.paths.of(s).sharing(t) {
		b.WriteString(string(h))
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}
