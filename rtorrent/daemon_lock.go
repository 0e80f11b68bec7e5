package rtorrent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// lockDir takes the lock that is held while an rTorrent is looked for and
// started in dir, and waits for it until ctx ends. The lock goes with its
// holder, however that ends.
func lockDir(ctx context.Context, dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "start.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return func() { f.Close() }, nil
		case !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR):
			f.Close()
			return nil, fmt.Errorf("locking %s: %w", f.Name(), err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("another program is starting rTorrent in %s: %w", dir, ctx.Err())
		}
	}
}

// sessionHolder returns the id of the process that holds a session, or 0. It
// reads rTorrent's own lock file, "host:+pid", and removes one that was left
// behind when its process id has since gone to another program: after a power
// cut rTorrent itself would refuse that session for ever.
func sessionHolder(session string) (pid int, err error) {
	name := filepath.Join(session, "rtorrent.lock")
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	host, number, _ := strings.Cut(strings.TrimSpace(string(b)), ":+")
	pid, err = strconv.Atoi(number)
	if err != nil || pid <= 0 {
		return 0, nil // cut off while it was written: rTorrent decides
	}
	if here, err := os.Hostname(); err == nil && here != host {
		return 0, fmt.Errorf("the session %s is held by process %d on the host %s: if that has ended, remove %s", session, pid, host, name)
	}
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return 0, nil // rTorrent sees that itself
	}
	if isRtorrent(pid) {
		return pid, nil
	}
	return 0, os.Remove(name)
}

// isRtorrent reports whether a live process may be an rTorrent. Its own name
// does not tell: an unpacked rTorrent is started by its loader. A zombie has no
// command line; a process that cannot be looked at counts as one.
func isRtorrent(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err != nil || bytes.Contains(b, []byte("rtorrent"))
}
