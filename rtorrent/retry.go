package rtorrent

import (
	"errors"
	"syscall"
)

// retryable reports whether err says that nothing was answered by an rTorrent
// that is there: it was too busy to accept (EAGAIN at connect, a full backlog),
// or it closed the connection before the first byte of a reply (more than 100
// connections on 0.9.8, 63 on 0.16). Such a read is worth sending once more. A
// write is not, since its request may have been carried out; nor is anything
// that was refused, timed out, was cancelled, or broke off midway.
func retryable(err error) bool {
	return errors.Is(err, errUnanswered) || errors.Is(err, syscall.EAGAIN)
}
