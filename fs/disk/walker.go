package disk

import (
	"fmt"
	"path/filepath"
	"strings"
)

// A Moved is a file's path before and after.
type Moved struct{ From, To string }

// openParent opens the torrent's parent directory, if it is still that.
func (p *Plan) openParent(hook Hook) (*Dir, error) {
	top, err := openTop(p.Torrent.parent(), hook)
	if err == nil && top.id != p.top {
		top.Close()
		return nil, fmt.Errorf("%s: %w", p.Torrent.parent(), ErrChanged)
	}
	return top, err
}

// open opens a directory below the torrent's parent by its path.
func (p *Plan) open(path string, hook Hook) (*Dir, error) {
	top, err := p.openParent(hook)
	if err != nil {
		return nil, err
	}
	defer top.Close()
	below := strings.TrimPrefix(strings.TrimPrefix(path, p.Torrent.parent()), "/")
	if below == "" {
		return top.again()
	}
	return top.walk(strings.Split(below, "/"))
}

// A walker opens the directories of items, one after the other.
type walker struct {
	plan *Plan
	hook Hook
	last *Dir
}

func (p *Plan) walker(hook Hook) *walker { return &walker{plan: p, hook: hook} }

func (w *walker) close() {
	if w.last != nil {
		w.last.Close()
		w.last = nil
	}
}

// dir returns the directory that an item was seen in. It is the walker's.
func (w *walker) dir(item *Item) (*Dir, error) {
	path := filepath.Dir(item.Path)
	if w.last != nil && w.last.path == path {
		return w.last, nil
	}
	w.close()
	dir, err := w.plan.open(path, w.hook)
	if err == nil && dir.id != item.dir {
		dir.Close()
		err = fmt.Errorf("%s: %w", path, ErrChanged)
	}
	if err != nil {
		return nil, err
	}
	w.last = dir
	return dir, nil
}
