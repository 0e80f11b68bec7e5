package rtorrent

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// A scanner reads one reply from its begin to its end. The caller knows the
// shape it asked for and pulls it value by value; whatever else comes is an
// ErrProtocol, and so is a reply that ends early. Bytes inside strings are
// taken as they are, since a torrent's name can hold any. A scanner is used by
// one goroutine, and not any more after an error that is not a *Fault.
type scanner interface {
	// result positions at the result of the reply to one call; the error is a
	// *Fault where the call was refused. Called again, after the result was
	// read, it checks that the reply ends there and returns io.EOF.
	result() error
	// begin positions before the first part of the reply to a batch of calls;
	// the error is a *Fault where the whole batch was refused. Later calls do
	// nothing.
	begin() error
	// part positions at the result of the batch's next call; the error is a
	// *Fault where that call was refused, io.EOF after the last.
	part() error

	// open reads the start of an array.
	open() error
	// more reports whether the array holds another element, and reads the
	// array's end if not.
	more() (bool, error)
	// cell reads one scalar.
	cell() (cell, error)
	// row appends the elements of an array of scalars to cells and returns
	// them. All of them are valid until the scanner is used again.
	row(cells []cell) ([]cell, error)
	// skip reads any value.
	skip() error
}

// A cell is one scalar of a reply: an integer (booleans are 0 and 1), or text,
// unescaped. Nothing (nil, null) is empty text. The text is valid until the
// scanner is used again. A cell has four words, since the compiler keeps no
// larger struct in registers.
type cell struct {
	text []byte // nil in an integer's cell
	n    int64
}

func (c cell) isInt() bool { return c.text == nil }

// nothing is the text of a cell that holds none.
func nothing() []byte { return []byte{} }

// maxDepth bounds the nesting that skip follows. rTorrent's deepest replies,
// nested multicalls, have five levels.
const maxDepth = 64

// single reads the reply to one call. The read function must read the result.
func single(s scanner, read func() error) error {
	if err := s.result(); err != nil {
		return err
	}
	if err := read(); err != nil {
		return err
	}
	return atEnd(s.result())
}

// batch reads the results of the next n calls of a batch; each must read the
// result of call i of these, and is not called where it was refused. The
// refusals are *Faults, one element a call, nil where all went well; err is
// what ended the reading: a *Fault of the whole batch, each's error, or
// ErrProtocol.
func batch(s scanner, n int, each func(i int) error) (refusals []error, err error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	for i := range n {
		err := s.part()
		var fault *Fault
		switch {
		case err == nil:
			err = each(i)
		case errors.As(err, &fault):
			if refusals == nil {
				refusals = make([]error, n)
			}
			refusals[i], err = fault, nil
		case err == io.EOF:
			err = fmt.Errorf("%w: %d results, want %d", ErrProtocol, i, n)
		}
		if err != nil {
			return nil, err
		}
	}
	return refusals, nil
}

// whole is batch for all the calls of a batch.
func whole(s scanner, n int, each func(i int) error) (refusals []error, err error) {
	refusals, err = batch(s, n, each)
	if err == nil {
		err = batchEnd(s)
	}
	return refusals, err
}

// batchEnd checks that a batch's reply ends after what batch has read.
func batchEnd(s scanner) error {
	if err := s.begin(); err != nil {
		return err
	}
	return atEnd(s.part())
}

// atEnd turns io.EOF into nil, and another value or fault into ErrProtocol.
func atEnd(err error) error {
	var fault *Fault
	switch {
	case err == io.EOF:
		return nil
	case err == nil, errors.As(err, &fault):
		return fmt.Errorf("%w: more results than calls", ErrProtocol)
	}
	return err
}

// malformed says where in a reply something else was expected. It quotes none
// of the reply: that can hold a tracker's URL and the passkey in it.
func malformed(want string, offset int) error {
	return fmt.Errorf("%w: want %s at byte %d", ErrProtocol, want, offset)
}

// atoi returns the number that b spells in decimal, without spaces around it.
func atoi(b []byte) (n int64, ok bool) {
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	// The sum is kept negative, since -2^63 has no positive counterpart.
	for _, c := range b {
		d := int64(c - '0')
		if c < '0' || c > '9' || n < (math.MinInt64+d)/10 {
			return 0, false
		}
		n = n*10 - d
	}
	if negative {
		return n, true
	}
	if n == math.MinInt64 {
		return 0, false
	}
	return -n, true
}

// shortDigits is the number of decimal digits that fit in an int64 whatever
// they are.
const shortDigits = 18

// digits returns the offset behind the decimal digits at p, and their value if
// they are at most shortDigits.
func digits(b []byte, p int) (end int, n int64) {
	for p < len(b) && '0' <= b[p] && b[p] <= '9' {
		n = n*10 + int64(b[p]-'0')
		p++
	}
	return p, n
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
