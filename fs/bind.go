package fs

import (
	"context"
	"strings"
	"syscall"
	"time"

	"rtfs/rtorrent"
)

// Modes of what the tree holds, with their type bits.
const (
	modeDir  = syscall.S_IFDIR | 0o755
	modeLink = syscall.S_IFLNK | 0o777
	modeFile = syscall.S_IFREG | 0o444
)

func (f File[T]) mode() uint32 {
	mode := uint32(modeFile)
	if f.Set != nil {
		mode |= 0o200
	}
	if f.Read == nil && f.Value == nil {
		mode &^= 0o444
	}
	if f.Secret {
		mode &^= 0o077
	}
	return mode
}

// An entry is one name in a directory and the node behind it.
type entry struct {
	name string
	mode uint32 // with the type bits
	ino  uint64
	// life is how long the kernel may keep the name without asking.
	life time.Duration
	node func() node
}

// fixedLife is how long the kernel may keep names that are always there.
const fixedLife = time.Minute

func (f File[T]) bind(d *driver, s subject[T], at int) (entry, bool) {
	if !d.has(f.From) {
		return entry{}, false
	}
	e := entry{name: f.Name, mode: d.mode(f.mode()), ino: s.ino + uint64(at), life: fixedLife}
	e.node = func() node {
		if s.at == nil || f.Value == nil {
			return f.node(d, s, at)
		}
		bound := &boundFile[T]{f, s, d}
		v := &valueNode{at: bound.moment}
		v.d, v.ino, v.mode, v.path, v.text = d, e.ino, e.mode, s.path+f.Name, bound
		return v
	}
	return e, true
}

// node returns the node of the file about one subject.
func (f File[T]) node(d *driver, s subject[T], at int) *fileNode {
	return &fileNode{base: base{d: d}, ino: s.ino + uint64(at), mode: d.mode(f.mode()), path: s.path + f.Name, text: &boundFile[T]{f, s, d}}
}

func (f Dir[T]) bind(d *driver, s subject[T], at int) (entry, bool) {
	below := s
	below.path += f.Name + "/"
	below.ino = d.inos.named(below.path)
	return d.dirEntry(f.Name, below.path, s.ino+uint64(at), fixedLife, newTableDir(d, below, f.Nodes)), true
}

func (f List[T]) bind(d *driver, s subject[T], at int) (entry, bool) {
	below := s
	below.path += f.Name + "/"
	return d.openedEntry(f.Name, below.path, s.ino+uint64(at), fixedLife, func() directory { return f.Open(d, below) }), true
}

func (f Link[T]) bind(d *driver, s subject[T], at int) (entry, bool) {
	if !d.has(f.From) {
		return entry{}, false
	}
	target := func(ctx context.Context) (string, error) {
		t, err := s.with(ctx, f.From)
		if err != nil {
			return "", err
		}
		return f.Target(d, t), nil
	}
	return d.linkEntry(f.Name, s.path+f.Name, target, s.ino+uint64(at), fixedLife, nil), true
}

// dirEntry returns the entry of a directory.
func (d *driver) dirEntry(name, path string, ino uint64, life time.Duration, dir directory) entry {
	return d.openedEntry(name, path, ino, life, func() directory { return dir })
}

// openedEntry is dirEntry for a directory that is made when it is looked at.
func (d *driver) openedEntry(name, path string, ino uint64, life time.Duration, open func() directory) entry {
	mode := d.mode(modeDir)
	return entry{name: name, mode: mode, ino: ino, life: life, node: func() node {
		return &dirNode{base: base{d: d}, ino: ino, mode: mode, path: path, dir: open()}
	}}
}

// fixedTarget is the target of a link that never changes.
func fixedTarget(target string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return target, nil }
}

// linkEntry returns the entry of a symbolic link.
func (d *driver) linkEntry(name, path string, target func(context.Context) (string, error), ino uint64, life time.Duration, mtime func(context.Context) int64) entry {
	return entry{name: name, mode: modeLink, ino: ino, life: life, node: func() node {
		return &linkNode{base: base{d: d}, ino: ino, path: path, target: target, mtime: mtime}
	}}
}

// A directory lists and finds the entries of one directory. It is safe for
// concurrent use. What else it can do it says by the interfaces below; what it
// does not say is refused with EPERM.
type directory interface {
	// list returns all entries in a stable order.
	list(context.Context) ([]entry, error)
	// find returns the entry of that name, which need not be listed.
	find(ctx context.Context, name string) (entry, error)
	// stat returns the size and the time (Unix seconds) the directory shows.
	stat(context.Context) (size, mtime int64, err error)
}

// columns returns the columns of torrents that some commands fill.
func (d *driver) columns(from string) rtorrent.Columns { return d.cache.Client().Columns(from) }

// has reports whether this rTorrent has all the commands of From.
func (d *driver) has(from string) bool {
	caps := d.cache.Client().KnownCaps()
	if caps == nil {
		return true
	}
	for _, command := range strings.Fields(from) {
		if !caps.Has(command) {
			return false
		}
	}
	return true
}

// mode returns the mode with the mount's umask, and without write bits on a
// read-only one.
func (d *driver) mode(mode uint32) uint32 {
	mode &^= d.opts.Umask & 0o777
	if d.opts.ReadOnly {
		mode &^= 0o222
	}
	return mode
}

// modeString returns a mode as ls prints it.
func modeString(mode uint32) string {
	kind := "-"
	switch mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
		kind = "d"
	case syscall.S_IFLNK:
		kind = "l"
	}
	const letters = "rwxrwxrwx"
	out := []byte(kind + letters)
	for i := range letters {
		if mode&(1<<(8-i)) == 0 {
			out[i+1] = '-'
		}
	}
	return string(out)
}
