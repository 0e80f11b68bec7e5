package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// An Index finds the torrents that claim a file, by path and by inode. It asks
// the disk when it must, and keeps the answers: it is for one plan.
type Index struct {
	byDir  map[ident][]claim // by the directory that the file is in
	bySize map[int64][]claim
	// inodes are the claims whose files were looked at.
	inodes map[ident][]claim
	seen   map[ident]bool // directories of which all claims were looked at
	sized  map[int64]bool // sizes of which all claims were looked at
	places map[string]*place
	// folders are all directories that torrents have files in, or above them
	// up to their base.
	folders map[ident][]string
	// unsure are claims in directories that cannot be looked at.
	unsure map[int64][]claim
	// present are the claims whose files were there when they were looked at.
	present []claim
}

// A claim is one file of a torrent.
type claim struct {
	hash string
	dir  string
	name string
}

// NewIndex reads where the torrents' directories are.
func NewIndex(torrents []*Torrent) *Index {
	x := &Index{
		places: map[string]*place{},
		byDir:  map[ident][]claim{}, bySize: map[int64][]claim{}, inodes: map[ident][]claim{},
		seen: map[ident]bool{}, sized: map[int64]bool{}, folders: map[ident][]string{}, unsure: map[int64][]claim{},
	}
	for _, t := range torrents {
		x.add(t)
	}
	return x
}

func (x *Index) add(t *Torrent) {
	for i := range t.Files {
		f := &t.Files[i]
		path := t.local(f)
		c := claim{t.Hash, filepath.Dir(path), filepath.Base(path)}
		p := x.place(c.dir)
		switch {
		case p.err == nil:
			if len(x.byDir[p.id]) == 0 || x.byDir[p.id][len(x.byDir[p.id])-1].hash != t.Hash {
				x.folder(t, c.dir, p.id)
			}
			x.byDir[p.id] = append(x.byDir[p.id], c)
			x.bySize[f.Size] = append(x.bySize[f.Size], c)
			if p.unlisted || p.links[c.name] {
				x.look([]claim{c}) // what it leads to can have any size
			}
		case missing(p.err) && !strings.ContainsAny(c.dir, "?%"):
			// It has nothing there.
		default:
			x.unsure[f.Size] = append(x.unsure[f.Size], c)
		}
	}
	// A folder counts even while nothing of the torrent is in it.
	if id, err := statDir(t.Base); err == nil && t.Multi {
		x.folder(t, t.Base, id)
	}
}

// A place is what is known of a directory.
type place struct {
	id       ident
	err      error
	links    map[string]bool // the symbolic links in it
	unlisted bool            // what is in it cannot be listed
}

func (x *Index) place(dir string) *place {
	if p, ok := x.places[dir]; ok {
		return p
	}
	p := &place{}
	x.places[dir] = p
	if p.id, p.err = statDir(dir); p.err != nil {
		return p
	}
	entries, err := os.ReadDir(dir)
	p.unlisted = err != nil
	for _, e := range entries {
		if e.Type() == fs.ModeSymlink {
			if p.links == nil {
				p.links = map[string]bool{}
			}
			p.links[e.Name()] = true
		}
	}
	return p
}

// folder notes a directory, and those above it that are the torrent's.
func (x *Index) folder(t *Torrent, dir string, id ident) {
	for {
		x.folders[id] = append(x.folders[id], t.Hash)
		if !strings.HasPrefix(dir, t.Base+"/") {
			return
		}
		dir = filepath.Dir(dir)
		next, err := statDir(dir)
		if err != nil {
			return
		}
		id = next
	}
}

// statDir follows links: two paths can lead to one directory.
func statDir(path string) (ident, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return ident{}, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return ident{}, unix.ENOTDIR
	}
	return identOf(&st), nil
}

func missing(err error) bool {
	return err != nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR))
}

// A sharing says how another torrent claims a file.
type sharing struct {
	hash string
	how  string
}

// sharing returns another torrent that claims a file, or may claim it: by the
// name in its directory, by its inode, or unseen. It reports false if there is
// none.
func (x *Index) sharing(own string, dir ident, name string, id ident, size int64) (sharing, bool) {
	for _, c := range x.byDir[dir] {
		// Some file systems take one case for the other.
		if c.hash != own && strings.EqualFold(c.name, name) {
			return sharing{c.hash, "by path"}, true
		}
	}
	if !x.seen[dir] {
		x.seen[dir] = true
		x.look(x.byDir[dir])
	}
	// All names of one inode have its size, so other torrents' links to it
	// are among the files of that size.
	if !x.sized[size] {
		x.sized[size] = true
		x.look(x.bySize[size])
	}
	for _, c := range x.inodes[id] {
		if c.hash != own {
			return sharing{c.hash, "by device and inode"}, true
		}
	}
	for _, c := range x.unsure[size] {
		if c.hash != own {
			return sharing{c.hash, "perhaps: " + c.dir + " cannot be looked at"}, true
		}
	}
	return sharing{}, false
}

// look notes the inodes of claims. It follows links, as rTorrent does.
func (x *Index) look(claims []claim) {
	for _, c := range claims {
		var st unix.Stat_t
		if unix.Stat(c.dir+"/"+c.name, &st) == nil {
			x.inodes[identOf(&st)] = append(x.inodes[identOf(&st)], c)
			x.present = append(x.present, c)
		}
	}
}

// vanished returns another torrent whose file was there when it was looked at,
// and is not any more: two mounts of one file system show the same file under
// two devices.
func (x *Index) vanished(own string) (sharing, bool) {
	for _, c := range x.present {
		var st unix.Stat_t
		if c.hash != own && missing(unix.Stat(c.dir+"/"+c.name, &st)) {
			return sharing{c.hash, "as " + c.dir + "/" + c.name}, true
		}
	}
	return sharing{}, false
}

// claimed reports whether another torrent has files in a directory, or below.
func (x *Index) claimed(own string, dir ident) bool {
	for _, hash := range x.folders[dir] {
		if hash != own {
			return true
		}
	}
	return false
}
