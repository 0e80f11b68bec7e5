package fs

import (
	"errors"
	"syscall"
	"time"

	"rtfs/rtorrent"
)

func isNotFound(err error) bool { return errors.Is(err, rtorrent.ErrNotFound) }

// timed calls what must end within the model's bound.
func (m *model) timed(what string, call func() error) error {
	begun := time.Now()
	err := call()
	took := time.Since(begun)
	m.mu.Lock()
	m.slowest[what] = max(m.slowest[what], took)
	m.mu.Unlock()
	if took > m.bound {
		m.t.Errorf("%s took %s, want at most %s: %v", what, took, m.bound, err)
	}
	return err
}

// readFile reads a file by the bare system calls, of which each is timed. A
// signal of the test's own process begins them again.
func (m *model) readFile(path string) (text string, err error) {
	var fd int
	again := func(what string, call func() error) error {
		for {
			if err := m.timed(what, call); err != syscall.EINTR {
				return err
			}
		}
	}
	if err := again("open to read", func() (err error) {
		fd, err = syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		return err
	}); err != nil {
		return "", err
	}
	defer syscall.Close(fd)
	buf := make([]byte, 128<<10)
	for {
		var n int
		if err := again("read", func() (err error) { n, err = syscall.Read(fd, buf); return err }); err != nil {
			return text, err
		}
		if n == 0 {
			return text, nil
		}
		text += string(buf[:n])
	}
}

// writeText writes a file in one write, as echo does.
func (m *model) writeText(path, text string) error {
	syscall.ForkLock.RLock() // as writeFile
	defer syscall.ForkLock.RUnlock()
	var fd int
	if err := m.timed("open to write", func() (err error) {
		fd, err = syscall.Open(path, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_TRUNC|syscall.O_CLOEXEC, 0o644)
		return err
	}); err != nil {
		return opened{err}
	}
	err := m.timed("write", func() error { _, err := syscall.Write(fd, []byte(text)); return err })
	closed := m.timed("close", func() error { return syscall.Close(fd) })
	if err != nil {
		return err
	}
	return closed
}

// An opened is an error of open(2): nothing was written then.
type opened struct{ error }

func (o opened) Unwrap() error { return o.error }

// expected reports whether a fault may make a call fail in this way.
func expected(err error) bool {
	for _, errno := range []syscall.Errno{syscall.ECONNREFUSED, syscall.ETIMEDOUT, syscall.EIO, syscall.EINTR, syscall.EBUSY} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// isUnknown reports whether a write that failed so may have happened.
func isUnknown(err error) bool {
	var o opened
	return !errors.As(err, &o) && (errors.Is(err, syscall.ETIMEDOUT) || errors.Is(err, syscall.EINTR))
}
