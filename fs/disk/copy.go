package disk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Copy copies all files into the staging directory, and reads each copy back.
// progress is told of each number of bytes that was copied. On an error, that
// of ctx included, Undo must follow.
func (m *Move) Copy(ctx context.Context, progress func(n int64)) error {
	top, err := m.openTo()
	if err != nil {
		return err
	}
	defer top.Close()
	if err := top.mkdir(m.stagingName(), 0o700); err != nil {
		if errors.Is(err, unix.EEXIST) {
			err = fmt.Errorf("%w (of a move that was interrupted)", err)
		}
		return err
	}
	m.staged = true
	staging, err := top.at(m.stagingName())
	if err != nil {
		return err
	}
	defer staging.Close()
	w := m.plan.walker(m.hook)
	defer w.close()
	for i, item := range m.items {
		dir, err := w.dir(item)
		if err == nil {
			err = m.copyOne(ctx, dir, staging, i, progress)
		}
		if err != nil {
			return fmt.Errorf("copy %s: %w", item.Path, err)
		}
	}
	return staging.sync()
}

func (m *Move) copyOne(ctx context.Context, dir, staging *Dir, i int, progress func(n int64)) error {
	item := m.items[i]
	fd, err := unix.Openat(dir.fd(), item.name(), unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	from := os.NewFile(uintptr(fd), item.Path)
	defer from.Close()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if identOf(&st) != item.id {
		return ErrChanged
	}
	to, id, err := staging.create(stagedName(i))
	if err != nil {
		return err
	}
	defer to.Close()
	m.copies = append(m.copies, id)
	write := func() error {
		if m.hook == nil {
			return nil
		}
		return m.hook("write", filepath.Join(staging.path, stagedName(i)))
	}
	if err := copyData(ctx, to, from, item.Size, write, progress); err != nil {
		return err
	}
	if err := m.unchanged(dir, item); err != nil {
		return err
	}
	return m.copyMeta(to, item)
}

// create makes a file that was not there.
func (d *Dir) create(name string) (*os.File, ident, error) {
	var file *os.File
	err := d.change("create", name, func() error {
		fd, err := unix.Openat(d.fd(), name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		if err == nil {
			file = os.NewFile(uintptr(fd), filepath.Join(d.path, name))
		}
		return err
	})
	if err != nil {
		return nil, ident{}, err
	}
	var st unix.Stat_t
	err = unix.Fstat(int(file.Fd()), &st)
	return file, identOf(&st), err
}

// copyMeta gives a copy the owner, mode and time of its original: rTorrent
// takes another time for a reason to check it.
func (m *Move) copyMeta(to *os.File, item *Item) error {
	fd := int(to.Fd())
	if m.owner != AnyOwner {
		if err := unix.Fchown(fd, item.owner[0], item.owner[1]); err != nil {
			return err
		}
	}
	if err := unix.Fchmod(fd, item.mode&0o777); err != nil {
		return err
	}
	times := []unix.Timespec{item.mtime, item.mtime}
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), times, 0); err != nil {
		return err
	}
	return to.Sync()
}

// copyChunk is how much is copied between two looks at ctx, in bytes.
const copyChunk = 1 << 20

// An extent is a part of a file that holds data.
type extent struct{ from, end int64 }

// copyData copies the parts that hold data, brings them to the disk, and reads
// them back.
func copyData(ctx context.Context, to, from *os.File, size int64, write func() error, progress func(n int64)) error {
	extents, err := extentsOf(from, size)
	if err != nil {
		return err
	}
	if err := to.Truncate(size); err != nil {
		return err
	}
	sum := sha256.New()
	err = readExtents(ctx, from, extents, sum, func(chunk []byte, off int64) error {
		if err := write(); err != nil {
			return err
		}
		_, err := to.WriteAt(chunk, off)
		progress(int64(len(chunk)))
		return err
	})
	if err != nil {
		return err
	}
	if err := to.Sync(); err != nil {
		return err
	}
	// What is read back shall come from the disk, where that can be had.
	_ = unix.Fadvise(int(to.Fd()), 0, 0, unix.FADV_DONTNEED)
	again := sha256.New()
	if err := readExtents(ctx, to, extents, again, func([]byte, int64) error { return nil }); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), again.Sum(nil)) {
		return errors.New("the copy reads back otherwise than the original")
	}
	return nil
}

// readExtents reads the extents chunk by chunk, into the hash and to do.
func readExtents(ctx context.Context, from *os.File, extents []extent, sum hash.Hash, do func(chunk []byte, off int64) error) error {
	buffer := make([]byte, copyChunk)
	for _, e := range extents {
		for off := e.from; off < e.end; {
			if err := ctx.Err(); err != nil {
				return err
			}
			chunk := buffer[:min(copyChunk, e.end-off)]
			if _, err := from.ReadAt(chunk, off); err != nil {
				if err == io.EOF {
					err = ErrChanged
				}
				return err
			}
			binary.Write(sum, binary.BigEndian, off) // a hash never fails
			sum.Write(chunk)
			if err := do(chunk, off); err != nil {
				return err
			}
			off += int64(len(chunk))
		}
	}
	return nil
}

// extentsOf returns the parts of a file that hold data.
func extentsOf(f *os.File, size int64) ([]extent, error) {
	var extents []extent
	for off := int64(0); off < size; {
		data, err := unix.Seek(int(f.Fd()), off, unix.SEEK_DATA)
		switch {
		case err == unix.ENXIO:
			return extents, nil
		case err == unix.EINVAL || err == unix.EOPNOTSUPP:
			return []extent{{0, size}}, nil
		case err != nil:
			return nil, err
		}
		end, err := unix.Seek(int(f.Fd()), data, unix.SEEK_HOLE)
		if err != nil {
			return nil, err
		}
		extents = append(extents, extent{data, min(end, size)})
		off = end
	}
	return extents, nil
}
