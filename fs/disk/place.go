package disk

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Place brings the files, or their copies, to the new place. On an error Undo
// must follow; one that is EXDEV says that files cannot be renamed to there.
func (m *Move) Place() error {
	w := m.plan.walker(m.hook)
	defer w.close()
	for ; m.placed < len(m.items); m.placed++ {
		item := m.items[m.placed]
		from, name, id, err := m.source(w, m.placed)
		if err != nil {
			return err
		}
		if err := from.expect(name, id, item.Size); err != nil {
			return err
		}
		to, err := m.openTarget(item, true)
		if err != nil {
			return err
		}
		err = from.rename(name, to, item.name())
		if err == nil {
			err = to.sync()
		}
		to.Close()
		if m.Copies {
			from.Close()
		}
		if err != nil {
			return err
		}
	}
	if m.Copies {
		return m.removeStaging()
	}
	return nil
}

// source returns where the file to be placed is now, and its inode. With
// Copies the directory is the caller's.
func (m *Move) source(w *walker, i int) (*Dir, string, ident, error) {
	if !m.Copies {
		dir, err := w.dir(m.items[i])
		return dir, m.items[i].name(), m.items[i].id, err
	}
	top, err := m.openTo()
	if err != nil {
		return nil, "", ident{}, err
	}
	defer top.Close()
	dir, err := top.at(m.stagingName())
	return dir, stagedName(i), m.copies[i], err
}

func (m *Move) removeStaging() error {
	if !m.staged {
		return nil
	}
	top, err := m.openTo()
	if err != nil {
		return err
	}
	defer top.Close()
	err = top.rmdir(m.stagingName())
	m.staged = err != nil
	return err
}

// Undo takes back what Copy and Place did. A copy is removed only while the
// file it was made of is there. What cannot be taken back stays: the error
// names it.
func (m *Move) Undo() error {
	var all []error
	w := m.plan.walker(m.hook)
	defer w.close()
	for i := len(m.items) - 1; i >= 0; i-- {
		var err error
		switch {
		case m.Copies && i < len(m.copies):
			err = m.dropCopy(w, i)
		case !m.Copies && i < m.placed+1:
			err = m.putBack(w, m.items[i])
		}
		if err != nil {
			all = append(all, err)
		}
	}
	if err := m.removeStaging(); err != nil {
		all = append(all, err)
	}
	for i := len(m.made) - 1; i >= 0; i-- {
		m.removeMade(m.made[i])
	}
	if len(all) == 0 {
		m.copies, m.placed, m.made = nil, 0, nil
	}
	return errors.Join(all...)
}

// putBack renames a file back, if it is the one that was renamed.
func (m *Move) putBack(w *walker, item *Item) error {
	dir, err := w.dir(item)
	if err != nil {
		return err
	}
	if dir.expect(item.name(), item.id, item.Size) == nil {
		return nil // it is there
	}
	to, err := m.openMoved(item, item.id)
	if err != nil {
		return err
	}
	defer to.Close()
	return to.rename(item.name(), dir, item.name())
}

// dropCopy removes a copy, where it is.
func (m *Move) dropCopy(w *walker, i int) error {
	item := m.items[i]
	dir, err := w.dir(item)
	if err == nil {
		err = dir.expect(item.name(), item.id, item.Size)
	}
	if err != nil {
		return fmt.Errorf("the copy of it stays: %w", err)
	}
	var at *Dir
	name := item.name()
	if i < m.placed {
		at, err = m.openTarget(item, false)
	} else {
		at, name, _, err = m.source(w, i)
		if err == nil {
			if _, gone := at.stat(name); missing(gone) { // a rename that failed behind its effect
				at.Close()
				at, err = m.openTarget(item, false)
				name = item.name()
			}
		}
	}
	if err != nil {
		return err
	}
	defer at.Close()
	st, err := at.stat(name)
	if err != nil {
		return err
	}
	if identOf(st) != m.copies[i] {
		return fmt.Errorf("%s: %w", filepath.Join(at.path, name), ErrChanged)
	}
	return at.unlink(name)
}

// removeMade removes a directory that was made, if it is empty.
func (m *Move) removeMade(parts []string) {
	top, err := m.openTo()
	if err != nil {
		return
	}
	defer top.Close()
	above, err := top.walk(parts[:len(parts)-1])
	if err != nil {
		return
	}
	defer above.Close()
	_ = above.rmdir(parts[len(parts)-1]) // what is not empty stays
}

// Finish removes the originals of copies, and the empty directories at the old
// place. An original that another torrent claims by now, or that is not what
// was copied, stays; so do they all while a copy is missing.
func (m *Move) Finish(now *Index) (left []string, err error) {
	var all []error
	if m.Copies {
		w := m.plan.walker(m.hook)
		defer w.close()
		for i, item := range m.items {
			if s, shared := now.sharing(m.plan.Torrent.Hash, item.dir, item.name(), item.id, item.Size); shared {
				left = append(left, item.Path+": shared with "+s.hash+" "+s.how)
				continue
			}
			if err := m.dropOriginal(w, i); err != nil {
				all = append(all, err)
			}
		}
	}
	m.plan.removeFolders(m.plan.Torrent.Hash, now, m.hook)
	return left, errors.Join(all...)
}

func (m *Move) dropOriginal(w *walker, i int) error {
	item := m.items[i]
	to, err := m.openMoved(item, m.copies[i])
	if err != nil {
		return err
	}
	defer to.Close()
	dir, err := w.dir(item)
	if err != nil {
		return err
	}
	if err := m.unchanged(dir, item); err != nil {
		return err
	}
	return dir.unlink(item.name())
}

// unchanged fails unless an original is as it was when it was looked at.
func (m *Move) unchanged(dir *Dir, item *Item) error {
	st, err := dir.stat(item.name())
	if err != nil {
		return err
	}
	if identOf(st) != item.id || st.Size != item.Size || st.Mtim != item.mtime || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return fmt.Errorf("%s: %w", item.Path, ErrChanged)
	}
	return nil
}

// Unchanged fails unless all originals are as they were when they were copied.
func (m *Move) Unchanged() error {
	w := m.plan.walker(m.hook)
	defer w.close()
	for _, item := range m.items {
		dir, err := w.dir(item)
		if err == nil {
			err = m.unchanged(dir, item)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
