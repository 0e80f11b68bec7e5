package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrChanged says that a file or directory is not the one that was looked at.
var ErrChanged = errors.New("changed meanwhile")

// A Hook is told of each change before it happens. Its error is the change's.
type Hook func(op, path string) error

// An ident tells one file or directory from all others.
type ident struct{ dev, ino uint64 }

func identOf(st *unix.Stat_t) ident { return ident{uint64(st.Dev), st.Ino} }

// A Dir is an open directory. What is done in it is done there, wherever its
// path leads by now. It is safe for concurrent use.
type Dir struct {
	file *os.File
	path string // for messages, and to find it again
	id   ident
	hook Hook
}

// openTop opens a directory by its path. Symbolic links are followed: it is
// above all torrents' own directories.
func openTop(path string, hook Hook) (*Dir, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	return newDir(fd, path, hook, err)
}

func newDir(fd int, path string, hook Hook, err error) (*Dir, error) {
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	d := &Dir{file: os.NewFile(uintptr(fd), path), path: path, hook: hook}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		d.Close()
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	d.id = identOf(&st)
	return d, nil
}

// Close closes it.
func (d *Dir) Close() { d.file.Close() }

func (d *Dir) fd() int { return int(d.file.Fd()) }

// at opens a directory in it that is no symbolic link.
func (d *Dir) at(name string) (*Dir, error) {
	fd, err := unix.Openat(d.fd(), name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	return newDir(fd, filepath.Join(d.path, name), d.hook, err)
}

// walk opens the directory that the components lead to.
func (d *Dir) walk(components []string) (*Dir, error) {
	return d.descend(components, func(_ int, at *Dir, name string) (*Dir, error) { return at.at(name) })
}

// descend is walk by steps of the caller's: step i opens component i, name, of
// the directory at, which it leaves open.
func (d *Dir) descend(components []string, step func(i int, at *Dir, name string) (*Dir, error)) (*Dir, error) {
	at, err := d.again()
	if err != nil {
		return nil, err
	}
	for i, name := range components {
		next, err := step(i, at, name)
		at.Close()
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

// again opens the same directory once more.
func (d *Dir) again() (*Dir, error) {
	fd, err := unix.Openat(d.fd(), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	return newDir(fd, d.path, d.hook, err)
}

// stat tells about an entry, not about what a link leads to.
func (d *Dir) stat(name string) (*unix.Stat_t, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: filepath.Join(d.path, name), Err: err}
	}
	return &st, nil
}

// expect fails unless the entry is that regular file of that size.
func (d *Dir) expect(name string, id ident, size int64) error {
	st, err := d.stat(name)
	if err == nil && (st.Mode&unix.S_IFMT != unix.S_IFREG || identOf(st) != id || st.Size != size) {
		err = fmt.Errorf("%s: %w", filepath.Join(d.path, name), ErrChanged)
	}
	return err
}

// change tells the hook, and carries out the change.
func (d *Dir) change(op, name string, act func() error) error {
	path := filepath.Join(d.path, name)
	var err error
	if d.hook != nil {
		err = d.hook(op, path)
	}
	if err == nil {
		err = ignoringEINTR(act)
	}
	if err != nil {
		return &fs.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

// ignoringEINTR repeats a system call that a signal interrupted.
func ignoringEINTR(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

func (d *Dir) mkdir(name string, mode uint32) error {
	return d.change("mkdir", name, func() error { return unix.Mkdirat(d.fd(), name, mode) })
}

// rmdir removes an empty directory, and never anything else.
func (d *Dir) rmdir(name string) error {
	return d.change("rmdir", name, func() error { return unix.Unlinkat(d.fd(), name, unix.AT_REMOVEDIR) })
}

// unlink removes a name, and never a directory.
func (d *Dir) unlink(name string) error {
	return d.change("unlink", name, func() error { return unix.Unlinkat(d.fd(), name, 0) })
}

// rename gives an entry another name, perhaps in another directory. It never
// replaces what has that name.
func (d *Dir) rename(name string, to *Dir, newName string) error {
	return d.change("rename", name, func() error {
		err := unix.Renameat2(d.fd(), name, to.fd(), newName, unix.RENAME_NOREPLACE)
		if err != unix.EINVAL && err != unix.ENOSYS {
			return err
		}
		// This file system cannot promise it. A second name can: link(2)
		// never replaces either.
		if err := unix.Linkat(d.fd(), name, to.fd(), newName, 0); err == nil {
			return unix.Unlinkat(d.fd(), name, 0)
		} else if err != unix.EPERM && err != unix.EOPNOTSUPP && err != unix.ENOSYS {
			return err
		}
		if _, err := to.stat(newName); !errors.Is(err, fs.ErrNotExist) {
			return unix.EEXIST
		}
		return unix.Renameat(d.fd(), name, to.fd(), newName)
	})
}

// names returns what is in it, in no order.
func (d *Dir) names() ([]string, error) {
	open, err := d.again()
	if err != nil {
		return nil, err
	}
	defer open.Close()
	return open.file.Readdirnames(-1)
}

// sync brings its entries to the disk.
func (d *Dir) sync() error {
	err := d.file.Sync()
	if errors.Is(err, syscall.EINVAL) {
		return nil // not every file system has it
	}
	return err
}
