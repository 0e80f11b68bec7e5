package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"rtfs/rtorrent"
)

// The exit codes of rtfs. The comments are the table in the README.
const (
	exitOK          = 0   // done; of a mount: it ended because it was unmounted or told to end
	exitFailure     = 1   // a failure without a code below; `call`: rTorrent refused; `doctor`: a problem
	exitUsage       = 2   // the command line makes no sense; nothing was done
	exitServer      = 3   // no server is given or found, or it does not answer
	exitMountpoint  = 4   // the mountpoint is missing, no directory, taken, not mounted by rtfs, or overlaps what rTorrent uses
	exitMount       = 5   // mounting or unmounting was refused
	exitBusy        = 6   // told to end while files were open: they were cut off
	exitRTorrent    = 7   // rTorrent is not installed, does not start, or does not stop
	exitInterrupted = 130 // a signal came before the work was done
)

// A failure is an error with its exit code, and a hint what to do about it.
type failure struct {
	code int
	hint string // "" where the error says it all
	err  error  // nil if everything was said already
}

func (f *failure) Error() string { return fmt.Sprint(f.err) }
func (f *failure) Unwrap() error { return f.err }

// fail returns a failure. The format is one of fmt.Errorf.
func fail(code int, hint, format string, args ...any) error {
	return &failure{code: code, hint: hint, err: fmt.Errorf(format, args...)}
}

// generalHelp is the hint of a command line that makes no sense; that of a
// command becomes one to the command's help.
const generalHelp = "rtfs help tells how it is used"

// usage returns the failure of a command line that makes no sense.
func usage(format string, args ...any) error {
	return fail(exitUsage, generalHelp, format, args...)
}

// report prints an error, if there is one, and returns the exit code.
func report(stderr io.Writer, err error) int {
	f := asFailure(err)
	if f.err != nil {
		fmt.Fprintf(stderr, "rtfs: %s\n", strings.TrimSpace(f.Error()))
		if f.hint != "" {
			fmt.Fprintf(stderr, "rtfs: hint: %s\n", f.hint)
		}
	}
	return f.code
}

// asFailure finds the exit code of an error. The first match wins.
func asFailure(err error) *failure {
	var f *failure
	var ours cli.ExitCoder
	switch {
	case err == nil:
		return &failure{code: exitOK}
	case errors.Is(err, context.Canceled):
		return &failure{code: exitInterrupted, err: err}
	case errors.As(err, &f):
		return f
	case errors.As(err, &ours):
		return &failure{code: exitUsage, err: err, hint: generalHelp}
	case errors.Is(err, rtorrent.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return &failure{code: exitServer, err: err, hint: "is rTorrent running, and is this its SCGI address? rtfs doctor finds out"}
	}
	return &failure{code: exitFailure, err: err}
}
