package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// daemonEnv tells a process that it is the background half of mount --daemon.
// Its standard error is then a pipe to the foreground half, which repeats what
// comes, until a NUL says that the mount is ready, or the end that it failed.
const daemonEnv = "RTFS_DAEMON_CHILD"

const readyByte = 0

// endBound is how long the background half may take to end after a signal. It
// may have an rTorrent to stop.
const endBound = 75 * time.Second

// daemonize starts the same command in the background and returns when its
// mount is ready. If it fails, the failure has its exit code; what went wrong
// it has said itself.
func (p *program) daemonize(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return fail(exitFailure, "", "going to the background: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return fail(exitFailure, "", "going to the background: %w", err)
	}
	defer read.Close()
	cmd := exec.Command(self)
	cmd.Args = p.args
	cmd.Env = append(os.Environ(), daemonEnv+"=1")
	cmd.Stderr = write
	// An automount makes everybody wait who looks at the mountpoint before it is
	// mounted, but for the process group of systemd, which mount(8) is in.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: !p.mount8}
	err = cmd.Start()
	write.Close()
	if err != nil {
		return fail(exitFailure, "", "going to the background: %w", err)
	}

	ready := make(chan bool, 1)
	go func() { ready <- repeat(p.stderr, read) }()
	var bound <-chan time.Time
	interrupted := ctx.Done()
	for {
		select {
		case ok := <-ready:
			if ok {
				return nil
			}
			return outcome(cmd.Wait())
		case <-interrupted:
			// It has a session of its own, where no Ctrl-C comes.
			_ = cmd.Process.Signal(syscall.SIGTERM) // an error means it has ended
			interrupted, bound = nil, time.After(endBound)
		case <-bound:
			return fail(exitInterrupted, "", "process %d does not end", cmd.Process.Pid)
		}
	}
}

// repeat copies what the background half says, and reports whether its mount
// is ready.
func repeat(to io.Writer, from io.Reader) bool {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		said, _, ready := bytes.Cut(buf[:n], []byte{readyByte})
		_, _ = to.Write(said)
		if ready || err != nil {
			return ready
		}
	}
}

// outcome is the failure of a background half that ended.
func outcome(err error) error {
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.Exited():
		return &failure{code: exit.ExitCode()}
	case err != nil:
		return fail(exitFailure, "", "the background process: %w", err)
	}
	return fail(exitFailure, "", "the background process ended before the mount was ready")
}

// becomeReady tells the foreground half, if there is one, that the mount is
// ready. From then on standard error is a log file, and the working directory
// is in nobody's way.
func (p *program) becomeReady() error {
	if !p.daemon {
		return nil
	}
	if p.mount8 {
		_, _ = unix.Setsid() // an error means that it leads a session already
	}
	log, err := openLog()
	if err != nil {
		p.warn("no log is kept: %v", err)
		if log, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
			return err
		}
	}
	defer log.Close()
	pipe, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return err
	}
	foreground := os.NewFile(uintptr(pipe), "pipe")
	defer foreground.Close()
	if err := unix.Dup3(int(log.Fd()), 2, 0); err != nil {
		return err
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	_, err = foreground.Write([]byte{readyByte})
	return err
}

// logLimit is the size, in bytes, over which the log of background mounts is
// begun anew; the one before is kept.
const logLimit = 1 << 20

// openLog opens the log that all background mounts of a user share.
func openLog() (*os.File, error) {
	dir := stateDir()
	if dir == "" {
		return nil, errors.New("neither $XDG_STATE_HOME nor $HOME is set")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	name := filepath.Join(dir, "mount.log")
	if info, err := os.Stat(name); err == nil && info.Size() > logLimit {
		if err := os.Rename(name, name+".old"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}
