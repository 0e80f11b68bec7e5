package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rtfs/fs"
)

const (
	// busyBound is how long an unmount waits for files to be closed before it
	// detaches the mount: enough for what is just being read.
	busyBound = 300 * time.Millisecond
	// closeBound is how long the files of a detached mount are served on.
	closeBound = 5 * time.Second
)

// A session is trees while they are mounted.
type session struct {
	dir    string // where it was mounted
	device string // its number, as mountinfo has it
	trees  []*fs.Tree
	ended  chan struct{} // closed when the kernel has let go of the mount
}

// startSession mounts the trees on dir, a resolved path.
func startSession(trees []*fs.Tree, dir string, o fs.MountOptions) (*session, error) {
	o.Direct = os.Geteuid() == 0
	s := &session{dir: dir, trees: trees, ended: make(chan struct{})}
	server, err := fs.Mount(trees, dir, o)
	if err != nil {
		s.close()
		return nil, &failure{code: exitMount, hint: mountHint(o), err: mountError(err)}
	}
	s.device = ourDevice(dir)
	go func() {
		server.Wait()
		close(s.ended)
	}()
	go watchDetached(dir, s.ended, s.waiting, s.wake)
	return s, nil
}

// wake ends the waits for content, so that its readers can close their files.
func (s *session) wake() {
	for _, t := range s.trees {
		t.Wake()
	}
}

// waiting reports whether anybody waits for content.
func (s *session) waiting() bool {
	return slices.ContainsFunc(s.trees, (*fs.Tree).Waiting)
}

func (s *session) close() {
	for _, t := range s.trees {
		t.Close()
	}
}

// mountError is the error of a mount in words. go-fuse tells the raw wait status
// of fusermount3, which has said itself what is wrong.
func mountError(err error) error {
	before, code, ok := strings.Cut(err.Error(), "fusermount exited with code ")
	status, bad := strconv.ParseUint(strings.TrimSpace(code), 10, 32)
	if !ok || bad != nil {
		return err
	}
	return fmt.Errorf("%sfusermount3 refused it with exit code %d", before, unix.WaitStatus(status).ExitStatus())
}

// mountHint guesses why a mount was refused.
func mountHint(o fs.MountOptions) string {
	if _, err := os.Stat("/dev/fuse"); err != nil {
		return "there is no /dev/fuse: run modprobe fuse as root; a container needs --device /dev/fuse --cap-add SYS_ADMIN"
	}
	if unix.Access("/dev/fuse", unix.R_OK|unix.W_OK) != nil {
		return "you may not open /dev/fuse: as root, run chmod 666 /dev/fuse, or add yourself to its group"
	}
	if _, err := fusermount3(); err != nil && !o.Direct {
		return "fusermount3 is missing: install the package fuse3"
	}
	if o.AllowOther && !o.Direct {
		return "--allow-other needs the line user_allow_other in /etc/fuse.conf"
	}
	return ""
}

// serve returns when the mount has ended: because somebody unmounted it, or
// because ctx did, by unmounting it.
func (s *session) serve(ctx context.Context) error {
	defer s.close()
	select {
	case <-s.ended:
		return nil
	case <-ctx.Done():
		return s.end()
	}
}

// end unmounts. A busy mount is detached, and its open files served for a
// while longer.
func (s *session) end() error {
	s.wake()
	dir := mountPath(s.device, s.dir)
	lazily, err := unmountWithin(context.Background(), dir, busyBound)
	select {
	case <-s.ended:
		return nil
	case <-time.After(closeBound):
	}
	switch {
	case errors.Is(err, errBusy), err == nil && lazily:
		return fail(exitBusy, "", "%s: files were still open after %s: they are cut off", dir, closeBound)
	case err != nil:
		return fail(exitMount, "umount -l "+dir, "unmounting %s: %w", dir, err)
	}
	return fail(exitFailure, "", "%s: unmounted, but requests were still being served after %s", dir, closeBound)
}
