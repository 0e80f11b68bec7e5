package rtorrent

import (
	"context"
	"errors"
	"fmt"
)

// errUnsent says that rTorrent has not got the request, or not the whole of it:
// what it did not get it does not carry out.
var errUnsent = errors.New("not sent")

// outcome returns the error of a write: ErrUnknown unless it is certain that
// nothing has happened. Only an answer, or a request that never left, is that.
func outcome(err error) error {
	var refused *statusError
	var fault *Fault
	switch {
	case err == nil, errors.Is(err, errUnsent), errors.Is(err, ErrUnknown), errors.As(err, &fault):
		return err
	case errors.As(err, &refused) && refused.code/100 == 4:
		return err // a web server that did not pass it on
	}
	return fmt.Errorf("%w: %w", ErrUnknown, err)
}

// Afterwards returns the error of a step that follows writes which have
// happened: if rTorrent was lost there, how far the whole came is unknown.
// Refusals stay what they are.
func Afterwards(err error) error {
	for _, lost := range []error{ErrUnavailable, ErrProtocol, ErrTooLarge, context.DeadlineExceeded} {
		if errors.Is(err, lost) && !errors.Is(err, ErrUnknown) {
			return fmt.Errorf("%w: the first steps have happened: %w", ErrUnknown, err)
		}
	}
	return err
}
