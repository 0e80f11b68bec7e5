package fs

import (
	"sync"
	"time"
)

// A drop is one file that was dropped. It is safe for concurrent use.
type drop struct {
	ino uint64

	mu      sync.Mutex // guards the fields below
	dir     *dropDir   // where it is now
	name    string
	content []byte
	due     bool  // the content was not tried yet
	outcome error // of the last try
	settled bool  // it was tried
	told    bool  // that its end is missing is in the logs
	touched time.Time
}

// move gives the drop a place and a name. What was refused elsewhere is tried
// there once more.
func (d *drop) move(dir *dropDir, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if dir.path != d.dir.path && d.outcome != nil {
		d.due = true
	}
	d.dir, d.name, d.touched = dir, name, time.Now()
}

// place returns where the drop is.
func (d *drop) place() (*dropDir, string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dir.now(), d.name
}

// path returns the drop's path below the root of the mount.
func (d *drop) path() string {
	dir, name := d.place()
	return dir.path + name
}

// loaded reports whether the drop has become a torrent.
func (d *drop) loaded() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.settled && d.outcome == nil && !d.due
}

func (d *drop) expired(now time.Time) (size int, over bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	keep := dropWait
	if d.settled && !d.due {
		keep = dropKeep
	}
	return len(d.content), now.Sub(d.touched) > keep
}

// write puts bytes at an offset.
func (d *drop) write(data []byte, off int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	end := off + int64(len(data))
	if off < 0 || end > dropMax {
		return errTooBig
	}
	if grow := end - int64(len(d.content)); grow > 0 {
		d.content = append(d.content, make([]byte, grow)...)
	}
	copy(d.content[off:], data)
	d.due, d.touched = true, time.Now()
	return nil
}

func (d *drop) truncate(size int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if size > dropMax {
		return errTooBig
	}
	if size == int64(len(d.content)) {
		return nil // rsync and browsers set the size that is there
	}
	next := make([]byte, size)
	copy(next, d.content)
	d.content, d.due, d.touched = next, size > 0, time.Now()
	return nil
}

// read returns a copy of at most n bytes from off on.
func (d *drop) read(off int64, n int) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]byte(nil), window(d.content, off, n)...)
}

func (d *drop) stat() (size, mtime int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(len(d.content)), d.touched.Unix()
}

// take returns the content, and whether it is due to be tried: it is new, its
// name is not a temporary one, and it is no empty placeholder.
func (d *drop) take() (content []byte, outcome error, due bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	due = d.due && len(d.content) > 0 && !isTemporary(d.name)
	if due {
		d.due, d.told = false, false
		content = append(content, d.content...)
	}
	return content, d.outcome, due
}

func (d *drop) settle(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.outcome, d.settled, d.touched = err, true, time.Now()
}

// untold reports whether the outcome has no line in the logs yet; the caller
// writes it.
func (d *drop) untold() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	untold := !d.told
	d.told = true
	return untold
}
