package fs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"rtfs/rtorrent"
)

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
	if errors.Is(err, fs.ErrNotExist) && exists(filepath.Dir(folder)) {
		return nil, "", err // it is gone, or not made yet, like a file
	}
	if err != nil {
		return nil, "", fmt.Errorf("%w (if rTorrent sees other paths than we do, --map REMOTE=LOCAL says where they are here)", fromOS(err))
	}
	return root, name, nil
}

// openContent opens one file of a torrent: a regular file, inside the
// torrent's folder, and, for root, of rTorrent's user.
func (d *driver) openContent(t *rtorrent.Torrent, f *rtorrent.File) (*os.File, fs.FileInfo, error) {
	root, name, err := d.contentRoot(t, f)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	// O_NONBLOCK: a FIFO must not hold us.
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s: %w", filepath.Join(root.Name(), name), fs.ErrNotExist)
	}
	if err != nil {
		return nil, nil, fromContent(err)
	}
	info, err := file.Stat()
	if err == nil {
		err = d.mayShow(info)
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
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

// File systems, by the type that statfs(2) tells.
var (
	// stackedTypes cannot be behind FUSE passthrough, and go-fuse gives it up
	// for the whole mount after the first file that cannot.
	stackedTypes = []int64{unix.OVERLAYFS_SUPER_MAGIC, unix.ECRYPTFS_SUPER_MAGIC, unix.FUSE_SUPER_MAGIC}
	// foreignTypes have the clock of another machine in a file's times.
	foreignTypes = []int64{unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC,
		unix.V9FS_MAGIC, unix.CEPH_SUPER_MAGIC, unix.AFS_SUPER_MAGIC, unix.FUSE_SUPER_MAGIC}
)

// typeOf returns the type of the file system that a file is on, 0 unknown.
func typeOf(file *os.File) int64 {
	var s unix.Statfs_t
	if unix.Fstatfs(int(file.Fd()), &s) != nil {
		return 0
	}
	return int64(s.Type)
}
