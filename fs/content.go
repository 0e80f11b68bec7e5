package fs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"

	"rtfs/rtorrent"
)

// verified returns how many of n bytes from off on, counted from the torrent's
// begin, lie in verified pieces without a gap; errMissing if none.
func (d *driver) verified(ctx context.Context, t *rtorrent.Torrent, off, n int64) (int64, error) {
	if n <= 0 || t.Hashing == 0 && t.IsComplete {
		return max(n, 0), nil // also when closed: all pieces were verified
	}
	if t.PieceSize <= 0 {
		return 0, fmt.Errorf("piece size %d", t.PieceSize)
	}
	have, err := d.cache.Bitfield(ctx, t.Hash)
	if err != nil {
		return 0, err
	}
	end := off
	for end < off+n && have.Has(end/t.PieceSize) {
		end = (end/t.PieceSize + 1) * t.PieceSize
	}
	if end == off {
		return 0, fmt.Errorf("%w: piece %d", errMissing, off/t.PieceSize)
	}
	return min(n, end-off), nil
}

// contentRoot opens the folder that holds a torrent's data, and returns the
// file's path in it. Nothing outside that folder can be reached through it.
func (d *driver) contentRoot(t *rtorrent.Torrent, f *rtorrent.File) (*os.Root, string, error) {
	folder, name := d.place(t)
	if name == "" {
		name = f.Path
	}
	if !path.IsAbs(folder) {
		return nil, "", fmt.Errorf("%w: rTorrent keeps it in %q", errRemote, folder)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, "", fmt.Errorf("%w (if rTorrent sees other paths than we do, use --map)", fromOS(err))
	}
	return root, name, nil
}

// openContent opens one file of a torrent: a regular file, inside the
// torrent's folder, and, for root, of rTorrent's user.
func (d *driver) openContent(t *rtorrent.Torrent, f *rtorrent.File) (*os.File, error) {
	root, name, err := d.contentRoot(t, f)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	// O_NONBLOCK: a FIFO must not hold us.
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fromContent(err)
	}
	info, err := file.Stat()
	if err == nil {
		err = d.mayShow(info)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// mayShow refuses what is not a payload file of rTorrent's.
func (d *driver) mayShow(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is no regular file", errPerm, info.Name())
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if d.opts.DataUID >= 0 && (!ok || int64(stat.Uid) != d.opts.DataUID) {
		return fmt.Errorf("%w: %s is not a file of rTorrent's user", errPerm, info.Name())
	}
	return nil
}

// statContent tells about one file of a torrent on disk, without following a
// link.
func (d *driver) statContent(t *rtorrent.Torrent, f *rtorrent.File) (fs.FileInfo, error) {
	root, name, err := d.contentRoot(t, f)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Lstat(name)
}

// fromContent gives an error of opening a payload file its kind: a way out of
// the torrent's folder is not permitted, a missing file is out of reach.
func fromContent(err error) error {
	var outside *fs.PathError
	if errors.As(err, &outside) && outside.Err.Error() == "path escapes from parent" {
		return fmt.Errorf("%w: %w", errPerm, err)
	}
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.ENXIO) {
		return fmt.Errorf("%w: %w", errPerm, err)
	}
	return fromOS(err)
}
