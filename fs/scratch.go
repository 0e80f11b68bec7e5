package fs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
)

// Bounds of the files that editors write beside a control file.
const (
	scratchFiles = 64
	scratchMax   = 1 << 20 // bytes each
	scratchLife  = time.Minute
)

// scratches are the temporary files that editors, sed -i, perl -pi, rsync and
// gio write beside a control file and then rename onto it. They live in memory.
// It is safe for concurrent use.
type scratches struct {
	mu     sync.Mutex // guards the fields below
	byPath map[string]*scratch
	made   int
}

func newScratches() *scratches { return &scratches{byPath: map[string]*scratch{}} }

// isScratch tells the name under which a program writes what it will rename
// from a typo: it begins with a dot, or is made for its maker alone and must
// not be there yet.
func isScratch(name string, flags, mode uint32) bool {
	return strings.HasPrefix(name, ".") || flags&syscall.O_EXCL != 0 && mode&0o077 == 0
}

func (s *scratches) create(inos *inos, path string) (*scratch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for p, f := range s.byPath {
		if f.expired(now) {
			delete(s.byPath, p)
		}
	}
	if len(s.byPath) >= scratchFiles {
		return nil, fmt.Errorf("%w: %d temporary files wait", errBusy, scratchFiles)
	}
	s.made++
	f := &scratch{ino: inos.named(fmt.Sprint("scratch ", s.made%(2*scratchFiles))), touched: now}
	s.byPath[path] = f
	return f, nil
}

func (s *scratches) get(path string) *scratch {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.byPath[path]
	if f != nil && f.expired(time.Now()) {
		delete(s.byPath, path)
		return nil
	}
	return f
}

// below returns the names of the files in a directory.
func (s *scratches) below(dir string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for path := range s.byPath {
		if name, ok := strings.CutPrefix(path, dir); ok && !strings.Contains(name, "/") {
			names = append(names, name)
		}
	}
	return names
}

func (s *scratches) remove(path string) *scratch {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.byPath[path]
	delete(s.byPath, path)
	return f
}

func (s *scratches) move(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.byPath[from]; f != nil { // it may have expired meanwhile
		s.byPath[to] = f
		delete(s.byPath, from)
	}
}

// A scratch is one temporary file. It is safe for concurrent use.
type scratch struct {
	ino uint64

	mu      sync.Mutex // guards the fields below
	content []byte
	touched time.Time
	became  *fileNode // the control file that it was renamed onto
}

func (f *scratch) expired(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return now.Sub(f.touched) > scratchLife
}

func (f *scratch) write(data []byte, off int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	end := off + int64(len(data))
	if off < 0 || end > scratchMax {
		return errTooBig
	}
	if grow := end - int64(len(f.content)); grow > 0 {
		f.content = append(f.content, make([]byte, grow)...)
	}
	copy(f.content[off:], data)
	f.touched = time.Now()
	return nil
}

func (f *scratch) truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if size < 0 || size > scratchMax {
		return errTooBig
	}
	next := make([]byte, size)
	copy(next, f.content)
	f.content, f.touched = next, time.Now()
	return nil
}

func (f *scratch) text() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]byte(nil), f.content...)
}

// control returns the control file that the scratch has become, or nil.
func (f *scratch) control() *fileNode {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.became
}

func (f *scratch) become(n *fileNode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.became, f.content = n, nil
}

// An overlay is the scratch files of one directory, and what becomes of them.
type overlay struct {
	d    *driver
	path string // with a slash at its end
	// control returns the control file of that name.
	control func(ctx context.Context, name string) (*fileNode, error)
}

func (o overlay) list() []entry {
	var entries []entry
	for _, name := range o.d.scratches.below(o.path) {
		if e, ok := o.find(name); ok {
			entries = append(entries, e)
		}
	}
	return entries
}

func (o overlay) find(name string) (entry, bool) {
	f := o.d.scratches.get(o.path + name)
	if f == nil {
		return entry{}, false
	}
	return o.entry(name, f), true
}

func (o overlay) entry(name string, f *scratch) entry {
	return entry{name: name, mode: o.d.mode(modeScratch), ino: f.ino, node: func() node {
		return &scratchNode{base: base{d: o.d}, path: o.path + name, file: f}
	}}
}

func (o overlay) create(name string, flags, mode uint32) (entry, fusefs.FileHandle, error) {
	if !isScratch(name, flags, mode) {
		return entry{}, nil, fmt.Errorf("%w: no file %s here", errAccess, name)
	}
	f, err := o.d.scratches.create(o.d.inos, o.path+name)
	if err != nil {
		return entry{}, nil, err
	}
	return o.entry(name, f), &scratchHandle{d: o.d, path: o.path + name, file: f}, nil
}

func (o overlay) remove(name string, dir bool) error {
	if dir || o.d.scratches.remove(o.path+name) == nil {
		return fmt.Errorf("%w: %s", errPerm, name)
	}
	return nil
}

// rename moves a scratch file; onto a control file, it writes its content
// there, and the errno is that of the write.
func (o overlay) rename(ctx context.Context, name, newName string) error {
	f := o.d.scratches.get(o.path + name)
	if f == nil {
		return fmt.Errorf("%w: %s", errPerm, name)
	}
	n, err := o.control(ctx, newName)
	switch {
	case err == nil:
	case strings.HasPrefix(newName, "."):
		o.d.scratches.move(o.path+name, o.path+newName)
		return nil
	default:
		return fmt.Errorf("%w: no file %s here", errAccess, newName)
	}
	if _, writable := n.text.shape(); !writable {
		return fmt.Errorf("%w: %s", errAccess, newName)
	}
	content := string(f.text())
	switch {
	case content == "":
		// What an editor leaves on a full disk; an empty line empties.
		return invalid("nothing was written to %s", name)
	case len(content) > writeAtMost:
		return errTooBig
	}
	if err := n.commit(ctx, content, false, true); err != nil {
		return err
	}
	o.d.scratches.remove(o.path + name)
	f.become(n)
	return nil
}
