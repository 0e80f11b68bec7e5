package main

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// touchBound is how long a look at a mountpoint may take. A mount whose server
// is stopped never answers.
const touchBound = 5 * time.Second

// staleMounts is how many dead mounts over each other are taken away.
const staleMounts = 8

// claim returns the resolved path of a directory that can be mounted on. What a
// crashed rtfs left mounted there is detached.
func (p *program) claim(dir string) (string, error) {
	path, err := resolve(dir)
	if err != nil {
		return "", missing(dir, err)
	}
	if text, err := os.ReadFile(mountinfo); err == nil {
		if above, kind := mountAbove(string(text), path); kind == fsType {
			return "", fail(exitMountpoint, "choose a directory outside of it", "mountpoint %s lies in the rtfs mounted on %s, and would hide what is there", dir, above)
		}
	}
	for range staleMounts {
		kind, err := mountType(path)
		if err != nil {
			return "", fail(exitMountpoint, "", "mountpoint %s: %w", dir, err)
		}
		if kind == fsType {
			if !isDead(path) {
				return "", fail(exitMountpoint, "rtfs umount "+dir, "mountpoint %s: an rtfs is mounted there", dir)
			}
			p.warn("%s was left mounted by an rtfs that is gone: unmounting it", dir)
			if err := unmount(path, true); err != nil {
				return "", fail(exitMount, "as its owner or root, run umount -l "+dir, "dead mount %s: %w", dir, err)
			}
			continue
		}
		info, err := bounded(func() (os.FileInfo, error) { return os.Stat(path) })
		switch {
		case err != nil:
			return "", missing(dir, err)
		case !info.IsDir():
			return "", fail(exitMountpoint, "", "mountpoint %s: not a directory", dir)
		}
		return path, nil
	}
	return "", fail(exitMountpoint, "", "mountpoint %s: more than %d dead mounts over each other", dir, staleMounts)
}

// missing is the failure of a mountpoint that cannot be looked at.
func missing(dir string, err error) error {
	var cause *fs.PathError
	hint := ""
	if errors.As(err, &cause) {
		err = cause.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		hint = "mkdir -p " + dir
	}
	return fail(exitMountpoint, hint, "mountpoint %s: %w", dir, err)
}

// isDead reports whether the server of the mount at path is gone. It asks by
// statfs(2), which is never answered from what the kernel remembers of the
// mount, as stat(2) is for a while after that end.
func isDead(path string) bool {
	_, err := bounded(func() (struct{}, error) {
		var s unix.Statfs_t
		return struct{}{}, unix.Statfs(path, &s)
	})
	return errors.Is(err, unix.ENOTCONN)
}

// bounded calls what may hang, and gives it up after touchBound.
func bounded[T any](look func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		value, err := look()
		done <- answer{value, err}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-time.After(touchBound):
		var none T
		return none, errors.New("it does not answer")
	}
}
