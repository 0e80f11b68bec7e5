package rtorrent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A tunnelDir is the directory of one ssh. Its lock is held as long as rtfs
// lives, so that what a killed one left is known by the next.
type tunnelDir struct {
	path string
	lock *os.File
}

// makeTunnelDir makes a directory, after it has removed those that nobody
// holds any more, with the ssh that runs in them.
func makeTunnelDir() (*tunnelDir, error) {
	base, err := tunnelBase()
	if err != nil {
		return nil, err
	}
	// One at a time: a directory is nobody's until its lock is held.
	door, err := lockFile(filepath.Join(base, ".lock"), unix.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer door.Close()
	left, err := filepath.Glob(filepath.Join(base, "ssh-*"))
	if err != nil {
		return nil, err
	}
	for _, dir := range left {
		removeLeftover(dir)
	}
	path, err := os.MkdirTemp(base, "ssh-")
	if err != nil {
		return nil, err
	}
	d := &tunnelDir{path: path}
	if d.lock, err = lockFile(filepath.Join(path, "lock"), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		os.RemoveAll(path)
		return nil, err
	}
	if len(path)+len("/s") > maxSocketPath {
		d.remove()
		return nil, fmt.Errorf("%s is too long a path for a socket: set $XDG_RUNTIME_DIR", path)
	}
	return d, nil
}

// tunnelBase is where the directories are: a place that only this user can
// write to.
func tunnelBase() (string, error) {
	base := filepath.Join(os.TempDir(), "rtfs-"+strconv.Itoa(os.Getuid()))
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		base = filepath.Join(dir, "rtfs")
	}
	if err := os.Mkdir(base, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(base)
	if err != nil {
		return "", err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(s.Uid) != os.Geteuid() || info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s is not a directory of mode 0700 of yours: remove it, or set $XDG_RUNTIME_DIR", base)
	}
	return base, nil
}

func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), how); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// removeLeftover removes a directory that no rtfs holds, and ends its ssh.
func removeLeftover(dir string) {
	lock, err := lockFile(filepath.Join(dir, "lock"), unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		return // it is held
	}
	defer lock.Close()
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	if pid, bad := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && bad == nil && pid > 1 && isTunnel(pid, dir) {
		_ = syscall.Kill(pid, syscall.SIGTERM) // an error means it has ended
	}
	os.RemoveAll(dir)
}

// note keeps the process of ssh for the one that finds the directory left.
func (d *tunnelDir) note(pid int) {
	_ = os.WriteFile(filepath.Join(d.path, "pid"), []byte(strconv.Itoa(pid)+"\n"), 0o600) // without it ssh would stay, no more
}

// remove removes the directory.
func (d *tunnelDir) remove() {
	os.RemoveAll(d.path)
	d.lock.Close()
}
