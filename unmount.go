package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"
)

// umountPatience is how long `rtfs umount` waits for open files to be closed
// before it detaches the mount.
const umountPatience = 4 * time.Second

func (p *program) umountCommand() *cli.Command {
	return &cli.Command{
		Name:      "umount",
		Usage:     "unmounts; one that is busy is detached after 4 s, and ends when its files are closed",
		ArgsUsage: "MOUNTPOINT",
		Action:    p.umount,
	}
}

func (p *program) umount(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage("umount: want one MOUNTPOINT, got %d arguments", c.NArg())
	}
	dir := c.Args().First()
	path, err := resolve(dir)
	if err != nil {
		return missing(dir, err)
	}
	kind, err := mountType(path)
	if err != nil {
		return err
	}
	if kind != fsType {
		return fail(exitMountpoint, "mount -t "+fsType+" lists what is", "%s: no rtfs is mounted there", dir)
	}
	lazily, err := unmountWithin(c.Context, path, umountPatience)
	if err != nil {
		return fail(exitMount, "", "unmounting %s: %w", dir, err)
	}
	if lazily {
		p.warn("%s was busy: it is detached, and ends when its open files are closed", dir)
	}
	return nil
}

// unmountWithin unmounts, and waits for up to bound while files are open there.
// Then it detaches the mount: the path is free, the open files go on.
func unmountWithin(ctx context.Context, path string, bound time.Duration) (lazily bool, err error) {
	patience := time.After(bound)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := unmount(path, false)
		if !errors.Is(err, errBusy) {
			return false, err
		}
		select {
		case <-tick.C:
		case <-patience:
			return true, unmount(path, true)
		case <-ctx.Done():
			return false, fmt.Errorf("%w: %w", err, ctx.Err())
		}
	}
}

// errBusy says that files are open on a mount, or a process works there.
var errBusy = errors.New("it is busy")

// unmount unmounts our mount at path: by umount2(2), and by fusermount3 for a
// user who may not do that. Lazily means that open files do not hold it up.
func unmount(path string, lazily bool) error {
	flags := unix.UMOUNT_NOFOLLOW
	if lazily {
		flags |= unix.MNT_DETACH
	}
	switch err := unix.Unmount(path, flags); err {
	case nil:
		return nil
	case unix.EBUSY:
		return errBusy
	case unix.EPERM:
		return fusermount(path, lazily)
	default:
		return err
	}
}

// helperBound is how long fusermount3 may take.
const helperBound = 10 * time.Second

// fusermount3 finds the helper where go-fuse does: in PATH, else in /bin.
func fusermount3() (string, error) {
	if path, err := exec.LookPath("fusermount3"); err == nil {
		return path, nil
	}
	return exec.LookPath(helperFallback)
}

// helperFallback is a variable for tests.
var helperFallback = "/bin/fusermount3"

// fusermount unmounts by the helper that may do it for a user. It fails with
// the same code whatever the cause, so what is still mounted counts as busy.
func fusermount(path string, lazily bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), helperBound)
	defer cancel()
	option := "-u"
	if lazily {
		option = "-uz"
	}
	helper, err := fusermount3()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, helper, option, "--", path)
	cmd.WaitDelay = time.Second
	said, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && !lazily:
		return fmt.Errorf("%w: %s", errBusy, strings.TrimSpace(string(said)))
	}
	return fmt.Errorf("fusermount3: %w: %s", err, strings.TrimSpace(string(said)))
}
