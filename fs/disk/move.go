package disk

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// stagingPrefix begins the name of the directory that holds unfinished copies.
const stagingPrefix = ".rtfs-move-"

// Errors of NewMove, beside ErrShared.
var (
	ErrLink   = errors.New("not a regular file by a plain path")
	ErrDenied = errors.New("not permitted")
	ErrExists = errors.New("already there")
	ErrInside = errors.New("inside the torrent's own folder")
	ErrSpace  = errors.New("not enough space")
	ErrHere   = errors.New("the data is there")
)

// A Move brings a torrent's files to another parent directory. What else is in
// the torrent's folder stays. Copy comes first if Copies, then Place; Undo
// takes both back, Finish removes what is left at the old place.
type Move struct {
	Copies bool // to another file system

	plan   *Plan
	to     string
	toID   ident
	owner  int64
	hook   Hook
	items  []*Item
	copies []ident    // of the staged copies, in the order of items
	placed int        // of items, from the first on
	made   [][]string // directories made below to
	staged bool       // the staging directory was made
}

// NewMove checks both ends, and changes nothing.
func NewMove(p *Plan, to string, owner int64, hook Hook) (*Move, error) {
	m := &Move{plan: p, to: to, owner: owner, hook: hook}
	if err := m.takeItems(); err != nil {
		return nil, err
	}
	top, err := openTop(to, hook)
	if err != nil {
		return nil, err
	}
	defer top.Close()
	m.toID = top.id
	if top.id == p.top {
		return nil, fmt.Errorf("%s: %w", to, ErrHere)
	}
	if why := top.deniedTo(owner); why != "" {
		return nil, fmt.Errorf("%w: %s: %s", ErrDenied, to, why)
	}
	if err := top.mayChange(); err != nil {
		return nil, err
	}
	if err := m.checkInside(); err != nil {
		return nil, err
	}
	if err := m.checkItems(top); err != nil {
		return nil, err
	}
	return m, m.checkSpace(top)
}

// takeItems decides whether the torrent may be moved, and what of it there is.
func (m *Move) takeItems() error {
	for i := range m.plan.Items {
		item := &m.plan.Items[i]
		switch item.Verdict {
		case Goes, Resized, Unverified:
			m.items = append(m.items, item)
		case Shared:
			return fmt.Errorf("%s: %s: %w", item.Path, item.Why, ErrShared)
		case Link, Special, Outside:
			return fmt.Errorf("%s: %s: %w", item.Path, item.Why, ErrLink)
		case Denied:
			return fmt.Errorf("%s: %s: %w", item.Path, item.Why, ErrDenied)
		}
	}
	return nil
}

// checkInside refuses a place below the torrent's own folder.
func (m *Move) checkInside() error {
	if !m.plan.Torrent.Multi {
		return nil
	}
	own, err := statDir(m.plan.Torrent.Base)
	if err != nil {
		return nil // it is not there: nothing can be inside
	}
	real, err := filepath.EvalSymlinks(m.to)
	if err != nil {
		return err
	}
	for ; real != "/" && real != "."; real = filepath.Dir(real) {
		if id, err := statDir(real); err == nil && id == own {
			return fmt.Errorf("%s: %w", m.to, ErrInside)
		}
	}
	return nil
}

// checkItems looks at both ends of each file.
func (m *Move) checkItems(top *Dir) error {
	w := m.plan.walker(m.hook)
	defer w.close()
	for _, item := range m.items {
		dir, err := w.dir(item)
		if err == nil {
			err = dir.mayChange()
		}
		if err != nil {
			return err
		}
		m.Copies = m.Copies || item.id.dev != top.id.dev
		if err := free(top, item.parts); err != nil {
			return err
		}
	}
	for _, item := range m.items {
		if m.Copies && item.links > 1 {
			return fmt.Errorf("%s has %d hard links, which a copy would not be: %w", item.Path, item.links, ErrLink)
		}
	}
	return nil
}

// free fails unless nothing is at the path that the components lead to.
func free(top *Dir, parts []string) error {
	errFree := errors.New("nothing there")
	at, err := top.descend(parts, func(i int, at *Dir, name string) (*Dir, error) {
		st, err := at.stat(name)
		switch {
		case missing(err):
			return nil, errFree
		case err != nil:
			return nil, err
		case i == len(parts)-1, st.Mode&unix.S_IFMT != unix.S_IFDIR:
			return nil, fmt.Errorf("%s: %w", filepath.Join(at.path, name), ErrExists)
		}
		return at.at(name)
	})
	if err == errFree {
		return nil
	}
	if err == nil {
		at.Close()
	}
	return err
}

// mayChange fails unless this process may create and remove in the directory.
func (d *Dir) mayChange() error {
	err := unix.Faccessat(d.fd(), ".", unix.W_OK|unix.X_OK, unix.AT_EACCESS)
	if err == unix.EROFS || err == unix.EACCES {
		return fmt.Errorf("%w: %s: %w", ErrDenied, d.path, err)
	}
	return err
}

// Needs is how many bytes Copy will write.
func (m *Move) Needs() int64 {
	var sum int64
	for _, item := range m.items {
		sum += item.Size
	}
	return sum
}

// spare is what a copy leaves free, in bytes.
const spare = 16 << 20

func (m *Move) checkSpace(top *Dir) error {
	if !m.Copies {
		return nil
	}
	var s unix.Statfs_t
	if err := unix.Fstatfs(top.fd(), &s); err != nil {
		return err
	}
	if free := int64(s.Bavail) * s.Bsize; free < m.Needs()+spare {
		return fmt.Errorf("%s: %w: %d bytes are free, %d are needed", m.to, ErrSpace, free, m.Needs()+spare)
	}
	return nil
}

// Files are the files that move, and where to.
func (m *Move) Files() []Moved {
	var files []Moved
	for _, item := range m.items {
		files = append(files, Moved{item.Path, m.target(item)})
	}
	return files
}

func (m *Move) target(item *Item) string { return filepath.Join(m.to, filepath.Join(item.parts...)) }

// Device tells the target's file system.
func (m *Move) Device() uint64 { return m.toID.dev }

// Staging is the directory of unfinished copies.
func (m *Move) Staging() string { return filepath.Join(m.to, m.stagingName()) }

func (m *Move) stagingName() string { return stagingPrefix + m.plan.Torrent.Hash }

// openTo opens the target's parent directory, if it is still that.
func (m *Move) openTo() (*Dir, error) {
	top, err := openTop(m.to, m.hook)
	if err == nil && top.id != m.toID {
		top.Close()
		return nil, fmt.Errorf("%s: %w", m.to, ErrChanged)
	}
	return top, err
}

// openTarget opens the directory that an item moves to; made if make.
func (m *Move) openTarget(item *Item, make bool) (*Dir, error) {
	to, err := m.openTo()
	if err != nil {
		return nil, err
	}
	defer to.Close()
	return to.descend(item.parts[:len(item.parts)-1], func(i int, at *Dir, name string) (*Dir, error) {
		next, err := at.at(name)
		if missing(err) && make {
			if err = m.makeDir(at, item.parts[:i+1]); err == nil {
				next, err = at.at(name)
			}
		}
		return next, err
	})
}

// openMoved opens the directory that an item has moved to, if there it is that
// file.
func (m *Move) openMoved(item *Item, id ident) (*Dir, error) {
	to, err := m.openTarget(item, false)
	if err != nil {
		return nil, err
	}
	st, err := to.stat(item.name())
	if err == nil && identOf(st) != id {
		err = fmt.Errorf("%s: %w", m.target(item), ErrChanged)
	}
	if err != nil {
		to.Close()
		return nil, err
	}
	return to, nil
}

// makeDir makes a directory like the one at the old place.
func (m *Move) makeDir(above *Dir, parts []string) error {
	old, err := m.plan.open(filepath.Join(m.plan.Torrent.parent(), strings.Join(parts, "/")), m.hook)
	if err != nil {
		return err
	}
	defer old.Close()
	var st unix.Stat_t
	if err := unix.Fstat(old.fd(), &st); err != nil {
		return err
	}
	name := parts[len(parts)-1]
	if err := above.mkdir(name, 0o700); err != nil {
		return err
	}
	m.made = append(m.made, parts)
	made, err := above.at(name)
	if err != nil {
		return err
	}
	defer made.Close()
	if m.owner != AnyOwner {
		if err := unix.Fchown(made.fd(), int(st.Uid), int(st.Gid)); err != nil {
			return err
		}
	}
	return unix.Fchmod(made.fd(), st.Mode&0o7777)
}

func stagedName(i int) string { return strconv.Itoa(i) }
