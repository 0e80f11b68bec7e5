package disk

import (
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// foreignShown is how many files that are not the torrent's a plan names.
const foreignShown = 100

// An ownFolder is a directory of the torrent's own tree, open.
type ownFolder struct {
	path string
	dir  *Dir
}

// note keeps a directory on the way to a file, to list what else is in it. It
// holds no more of them open than a plan shows.
func (l *looker) note(parts []string, at *Dir) error {
	if len(l.own) > foreignShown || slices.ContainsFunc(l.own, func(o *ownFolder) bool { return o.dir.id == at.id }) {
		return nil
	}
	again, err := at.again()
	if err != nil {
		return err
	}
	l.own = append(l.own, &ownFolder{at.path, again})
	return nil
}

// foreign adds what is in the torrent's directories and not of the torrent.
func (l *looker) foreign(taken map[string]bool) {
	for path := range taken {
		// Directories on the way to a file are no foreign entries.
		for i := len(l.plan.Torrent.Base); i < len(path); i++ {
			if path[i] == '/' {
				taken[path[:i]] = true
			}
		}
	}
	var found []string
	for _, o := range l.own {
		names, err := o.dir.names()
		if err != nil {
			continue // it can be changed without being listed
		}
		for _, name := range names {
			if path := o.path + "/" + name; !taken[path] {
				found = append(found, path)
			}
		}
	}
	slices.Sort(found)
	for i, path := range found {
		item := Item{Path: path, Verdict: Foreign, Why: "not of this torrent"}
		if i == foreignShown {
			item.Path, item.Why = l.plan.Torrent.Base, fmt.Sprintf("%d more that are not of this torrent", len(found)-i)
		}
		if l.plan.Items = append(l.plan.Items, item); i == foreignShown {
			return
		}
	}
}

// denied says why the file in the present directory is not owner's to delete.
func (l *looker) denied(st *unix.Stat_t) string {
	if l.owner == AnyOwner {
		return ""
	}
	if int64(st.Uid) != l.owner {
		return fmt.Sprintf("of user %d, where rTorrent's is %d", st.Uid, l.owner)
	}
	return l.at.deniedTo(l.owner)
}

// deniedTo says why a directory is not a user's to change, as far as its owner
// and mode tell.
func (d *Dir) deniedTo(owner int64) string {
	var st unix.Stat_t
	if err := unix.Fstat(d.fd(), &st); err != nil {
		return err.Error()
	}
	if owner == AnyOwner || owner == 0 || int64(st.Uid) == owner || st.Mode&0o022 != 0 {
		return ""
	}
	return fmt.Sprintf("in a directory of user %d, where rTorrent's is %d", st.Uid, owner)
}

// emptyRead is up to which size a file that has no blocks is read all the
// same: some file systems keep small files in the inode.
const emptyRead = 64 << 10

// empty reports whether a file holds no data at all: rTorrent creates files in
// their final size before anything is in them.
func (d *Dir) empty(name string, st *unix.Stat_t) bool {
	if st.Size == 0 {
		return true
	}
	if st.Blocks != 0 {
		return false
	}
	fd, err := unix.Openat(d.fd(), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	file := os.NewFile(uintptr(fd), name)
	defer file.Close()
	if _, err := unix.Seek(fd, 0, unix.SEEK_DATA); err != unix.ENXIO && st.Size > emptyRead {
		return false
	}
	content, err := io.ReadAll(io.LimitReader(file, emptyRead))
	return err == nil && !slices.ContainsFunc(content, func(b byte) bool { return b != 0 })
}
