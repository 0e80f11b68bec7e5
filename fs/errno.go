package fs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"rtfs/cache"
	"rtfs/fs/disk"
	"rtfs/rtorrent"
)

// Kinds of failure that arise in this package.
var (
	errInvalid   = errors.New("not a value this file takes")
	errPartial   = errors.New("the beginning of a value")
	errEncoding  = errors.New("text that this connection would not give back unchanged")
	errTooBig    = errors.New("over the limit")
	errNoEntry   = errors.New("no such file")
	errPerm      = errors.New("not permitted here")
	errAccess    = errors.New("not writable")
	errExists    = errors.New("already there")
	errBusy      = errors.New("not in the state for it")
	errMissing   = errors.New("piece is not there yet")
	errChanged   = errors.New("the data was changed behind rTorrent's back")
	errRemote    = errors.New("data is not reachable from here")
	errNoSupport = errors.New("not supported here")
	errNotEmpty  = errors.New("not empty")
	errTimeout   = errors.New("did not appear in time")
	errLink      = errors.New("the link leads to no .torrent")
	errNoStart   = errors.New("rTorrent does not start it")
	errStale     = errors.New("another file by now")
)

// errnos maps errors to errno. The first match wins; the order matters: a
// missing socket is ENOENT underneath, which must not tell a script that its
// torrent is gone.
var errnos = []struct {
	is    error
	errno syscall.Errno
}{
	{syscall.EMFILE, syscall.EMFILE}, // rtfs itself has too many files open
	{syscall.ENFILE, syscall.ENFILE},
	{rtorrent.ErrInterrupted, syscall.EINTR},
	{context.Canceled, syscall.EINTR},
	{rtorrent.ErrUnknown, syscall.ETIMEDOUT},
	{context.DeadlineExceeded, syscall.ETIMEDOUT},
	{errTimeout, syscall.ETIMEDOUT},
	{rtorrent.ErrUnavailable, syscall.ECONNREFUSED},
	{rtorrent.ErrProtocol, syscall.EIO},
	{rtorrent.ErrNotFound, syscall.ENOENT},
	{errNoEntry, syscall.ENOENT},
	{errInvalid, syscall.EINVAL},
	{errPartial, syscall.EINVAL},
	{errEncoding, syscall.EILSEQ},
	{errTooBig, syscall.EFBIG},
	{rtorrent.ErrTooLarge, syscall.EFBIG},
	{errExists, syscall.EEXIST},
	{errPerm, syscall.EPERM},
	{errAccess, syscall.EACCES},
	{rtorrent.ErrUntrusted, syscall.EACCES},
	{errBusy, syscall.EBUSY},
	{rtorrent.ErrChecking, syscall.EBUSY},
	{rtorrent.ErrTooOften, syscall.EBUSY},
	{cache.ErrContended, syscall.EBUSY},
	// Not EAGAIN: Python's read() takes that as the end, and Go waits for ever.
	{errMissing, syscall.ENODATA},
	{errRemote, syscall.EREMOTE},
	{errLink, syscall.EREMOTEIO},
	{errNotEmpty, syscall.EPERM}, // never ENOTEMPTY, which invites recursion
	{errStale, syscall.ESTALE},
	{errNoSupport, syscall.EOPNOTSUPP},
	{rtorrent.ErrUnsupported, syscall.EOPNOTSUPP},
	{disk.ErrUnknown, syscall.ETIMEDOUT},
	{disk.ErrShared, syscall.EBUSY},
	{disk.ErrRunning, syscall.EBUSY},
	{disk.ErrInterrupted, syscall.EBUSY},
	{disk.ErrChanged, syscall.EBUSY},
	{disk.ErrUnseen, syscall.EOPNOTSUPP},
	{disk.ErrLink, syscall.EPERM},
	{disk.ErrDenied, syscall.EPERM},
	{disk.ErrExists, syscall.EEXIST},
	{disk.ErrInside, syscall.EINVAL},
	{disk.ErrSpace, syscall.ENOSPC},
	{syscall.ENOSPC, syscall.ENOSPC},
	{syscall.EACCES, syscall.EACCES},
	{syscall.EROFS, syscall.EROFS},
}

// An answer is an errno that was decided, and logged, before.
type answer syscall.Errno

func (a answer) Error() string { return syscall.Errno(a).Error() }

// errnoOf returns the errno for err: 0 for nil, EIO for what is not in the
// table. A refusal in rTorrent's words that has no kind is EINVAL on a write.
func errnoOf(err error, write bool) syscall.Errno {
	if err == nil {
		return 0
	}
	var decided answer
	if errors.As(err, &decided) {
		return syscall.Errno(decided)
	}
	for _, row := range errnos {
		if errors.Is(err, row.is) {
			return row.errno
		}
	}
	var fault *rtorrent.Fault
	if write && errors.As(err, &fault) {
		return syscall.EINVAL
	}
	return syscall.EIO
}

// fail returns the errno for err, and logs what would be a bare EIO.
func (d *driver) fail(op, path string, err error) syscall.Errno {
	errno := errnoOf(err, false)
	d.health.learn(err)
	if errno == syscall.EIO {
		d.logger.Error("input/output error", "op", op, "path", path, "error", redact(err.Error()))
		d.health.note(redact(fmt.Sprintf("%s %s: %v", op, path, err)))
	}
	return errno
}

// refuse is fail for an operation that changes something: there a refusal in
// rTorrent's words is EINVAL.
func (d *driver) refuse(op, path string, err error) syscall.Errno {
	errno := errnoOf(err, true)
	d.health.learn(err)
	switch errno {
	case 0:
	case syscall.EIO:
		return d.fail(op, path, err)
	default:
		d.health.note(redact(fmt.Sprintf("%s %s: %v", op, path, err)))
	}
	return errno
}

// invalid returns an errInvalid that says why.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errInvalid, fmt.Sprintf(format, args...))
}

// fromOS gives an error of the local file system the kind that its meaning
// here has: a payload file that is not there is data out of reach, not a
// torrent that is gone.
func fromOS(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: %w", errRemote, err)
	}
	return err
}
