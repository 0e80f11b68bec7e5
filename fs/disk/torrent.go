package disk

import (
	"path/filepath"
	"strings"
	"time"
)

// A Torrent is what one torrent claims of the disk.
type Torrent struct {
	Hash string
	Name string
	Base string // local, absolute: its folder, or its one file
	// Multi says that Base is a folder.
	Multi bool
	Files []File
	// Own says that Base is a folder of this torrent's alone, by its name.
	Own bool
}

// A File is one file of a torrent.
type File struct {
	Path string // below Base, with slashes; "" if Base is the file
	Size int64  // in the torrent, in bytes
	// Verified says that a piece of it is verified.
	Verified bool
	// Touched is until when a change of the file is the torrent's own; zero if
	// that is not known.
	Touched time.Time
	// Elsewhere says that it is not kept below Base.
	Elsewhere bool
}

// parent is the directory that Base is in, from where on no link is followed.
func (t *Torrent) parent() string { return filepath.Dir(t.Base) }

// components returns the path of a file from parent on; false if that path
// leads elsewhere.
func (t *Torrent) components(f *File) ([]string, bool) {
	all := []string{filepath.Base(t.Base)}
	if t.Multi {
		all = append(all, strings.Split(f.Path, "/")...)
	}
	if f.Elsewhere || !filepath.IsAbs(t.Base) || filepath.Clean(t.Base) != t.Base {
		return nil, false
	}
	for _, c := range all {
		if c == "" || c == "." || c == ".." || strings.ContainsAny(c, "/\x00") {
			return nil, false
		}
	}
	return all, true
}

// local is where a file is, whether or not it is there.
func (t *Torrent) local(f *File) string {
	if !t.Multi {
		return t.Base
	}
	return t.Base + "/" + f.Path
}
