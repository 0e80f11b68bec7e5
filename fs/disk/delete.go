package disk

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// boxPrefix begins the name of the directories that hold what is to go.
const boxPrefix = ".rtfs-delete-"

// ErrShared says that another torrent has the same data.
var ErrShared = errors.New("another torrent has the same data")

// A Delete carries out a plan: Stage once or in parts, then Commit or
// Rollback. Left tells what is in boxes.
type Delete struct {
	plan  *Plan
	hook  Hook
	owner int64 // of the boxes
	box   string
	todo  []*Item // to be staged
	in    []*Item // in boxes
	boxes []string
}

// NewDelete begins to carry out a plan. Nothing is changed yet.
func NewDelete(p *Plan, owner int64, hook Hook) *Delete {
	d := &Delete{plan: p, hook: hook, owner: owner, box: boxPrefix + p.Torrent.Hash}
	for i := range p.Items {
		if p.Items[i].Verdict == Goes {
			d.todo = append(d.todo, &p.Items[i])
		}
	}
	return d
}

// Files are the paths that Stage renames, and Boxed where they go.
func (d *Delete) Files() []Moved {
	var files []Moved
	for _, item := range d.todo {
		files = append(files, Moved{item.Path, filepath.Join(filepath.Dir(item.Path), d.box, item.name())})
	}
	return files
}

// Left is how many files are in boxes.
func (d *Delete) Left() int { return len(d.in) }

// Stage renames at most n files into their boxes. On an error all that was
// staged has to be rolled back.
func (d *Delete) Stage(n int) error {
	return d.each(&d.todo, n, func(dir *Dir, item *Item) error {
		if err := dir.expect(item.name(), item.id, item.Size); err != nil {
			return err
		}
		box, err := d.makeBox(dir)
		if err != nil {
			return err
		}
		defer box.Close()
		if err := dir.rename(item.name(), box, item.name()); err != nil {
			return err
		}
		d.in = append(d.in, item)
		return box.expect(item.name(), item.id, item.Size)
	})
}

// Overlap fails if another torrent's file went when files went into boxes.
func (d *Delete) Overlap() error {
	if s, shared := d.plan.index.vanished(d.plan.Torrent.Hash); shared {
		return fmt.Errorf("shared with %s %s: %w", s.hash, s.how, ErrShared)
	}
	return nil
}

// makeBox returns the box of a directory, made if this delete has none there.
func (d *Delete) makeBox(dir *Dir) (*Dir, error) {
	if slices.Contains(d.boxes, dir.path) {
		return dir.at(d.box)
	}
	if err := dir.mkdir(d.box, 0o700); err != nil {
		if errors.Is(err, unix.EEXIST) {
			err = fmt.Errorf("%w (of a delete that was interrupted)", err)
		}
		return nil, err
	}
	d.boxes = append(d.boxes, dir.path)
	box, err := dir.at(d.box)
	if err == nil && d.owner != AnyOwner {
		if err = unix.Fchown(box.fd(), int(d.owner), -1); err != nil {
			box.Close()
		}
	}
	return box, err
}

// each calls do for the first n of items, in their directories, and takes them
// off. It ends at the first error; that item is off, too.
func (d *Delete) each(items *[]*Item, n int, do func(*Dir, *Item) error) error {
	w := d.plan.walker(d.hook)
	defer w.close()
	for ; n > 0 && len(*items) > 0; n-- {
		item := (*items)[0]
		*items = (*items)[1:]
		dir, err := w.dir(item)
		if err == nil {
			err = do(dir, item)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Rollback renames back what is in boxes, and removes these. What cannot be
// renamed back stays where it is: the error names it.
func (d *Delete) Rollback() error {
	return d.empty(func(dir, box *Dir, item *Item) error {
		return box.rename(item.name(), dir, item.name())
	})
}

// Commit unlinks what is in the boxes, but for what another torrent claims by
// now, which is renamed back; and removes the boxes and those directories of
// the torrent's own tree that are empty then. It returns what it gave back.
func (d *Delete) Commit(now *Index) (back []string, err error) {
	err = d.empty(func(dir, box *Dir, item *Item) error {
		if s, shared := now.sharing("", item.dir, item.name(), item.id, item.Size); shared {
			back = append(back, item.Path+": shared with "+s.hash+" "+s.how)
			return box.rename(item.name(), dir, item.name())
		}
		if err := box.expect(item.name(), item.id, item.Size); err != nil {
			return err
		}
		return box.unlink(item.name())
	})
	if err == nil {
		d.plan.removeFolders("", now, d.hook)
	}
	return back, err
}

// empty takes everything out of the boxes by do, and removes them. It goes on
// behind an error.
func (d *Delete) empty(do func(dir, box *Dir, item *Item) error) error {
	var all []error
	items, kept := d.in, []*Item(nil)
	for len(items) > 0 {
		err := d.each(&items, len(items), func(dir *Dir, item *Item) error {
			box, err := dir.at(d.box)
			if err != nil {
				return err
			}
			defer box.Close()
			return do(dir, box, item)
		})
		if err != nil {
			all, kept = append(all, err), append(kept, d.in[len(d.in)-len(items)-1])
		}
	}
	d.in = kept
	if err := d.removeBoxes(); err != nil {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// removeBoxes removes the boxes that are empty.
func (d *Delete) removeBoxes() error {
	var all []error
	var kept []string
	for _, path := range d.boxes {
		dir, err := d.plan.open(path, d.hook)
		if err == nil {
			err = dir.rmdir(d.box)
			dir.Close()
		}
		if err != nil && !missing(err) {
			all, kept = append(all, err), append(kept, path)
		}
	}
	d.boxes = kept
	return errors.Join(all...)
}

// removeFolders removes the empty directories of the torrent's own tree, the
// deepest first. One that is not empty, or another torrent's, stays.
func (p *Plan) removeFolders(own string, now *Index, hook Hook) {
	var folders [][]string
	seen := map[string]bool{}
	for i := range p.Items {
		parts := p.Items[i].parts
		for n := len(parts) - 1; n >= 1; n-- {
			key := strings.Join(parts[:n], "/")
			if seen[key] || n == 1 && !p.Torrent.Own {
				break
			}
			seen[key] = true
			folders = append(folders, parts[:n])
		}
	}
	slices.SortStableFunc(folders, func(a, b []string) int { return len(b) - len(a) })
	top, err := p.openParent(hook)
	if err != nil {
		return
	}
	defer top.Close()
	for _, parts := range folders {
		above, err := top.walk(parts[:len(parts)-1])
		if err != nil {
			continue
		}
		name := parts[len(parts)-1]
		st, err := above.stat(name)
		if err == nil && !now.claimed(own, identOf(st)) {
			_ = above.rmdir(name) // what is not empty stays
		}
		above.Close()
	}
}
