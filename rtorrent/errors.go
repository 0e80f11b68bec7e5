package rtorrent

import (
	"errors"
	"fmt"
	"strings"
)

// The kinds of failure a caller can test for with errors.Is. What is none of
// these is a bug, or a refusal of rTorrent's that has no kind: a plain *Fault.
var (
	// ErrUnavailable says that rTorrent could not be reached, or that the
	// connection broke before the reply was whole.
	ErrUnavailable = errors.New("rTorrent is not reachable")
	// ErrUnknown says that a write was sent and that no answer told its
	// outcome: it may have happened, or may still.
	ErrUnknown = errors.New("no answer: it may have happened")
	// ErrProtocol says that the reply is not one that rTorrent sends.
	ErrProtocol = errors.New("not a reply of rTorrent")
	// ErrTooLarge says that a request or a reply exceeds a limit.
	ErrTooLarge = errors.New("over the size limit")
	// ErrNotFound says that there is no such torrent, file, tracker or peer.
	ErrNotFound = errors.New("no such torrent")
	// errNoElement says that a torrent has no such custom value, or none at all.
	// It is an ErrNotFound.
	errNoElement = fmt.Errorf("%w: no such element", ErrNotFound)
	// ErrUnsupported says that this rTorrent lacks the command.
	ErrUnsupported = errors.New("this rTorrent lacks the command")
	// ErrNoJSON says that JSON-RPC is switched off. It is an ErrUnsupported.
	ErrNoJSON = fmt.Errorf("%w: JSON-RPC is switched off", ErrUnsupported)
	// ErrUntrusted says that rTorrent treats this connection as untrusted.
	ErrUntrusted = errors.New("rTorrent does not trust this connection")
	// ErrChecking says that the torrent's hash check is under way, and that
	// the command would have to wait for its end.
	ErrChecking = errors.New("a hash check is under way")
)

// A Fault is a refusal in rTorrent's own words. Its kind is told by text,
// since the codes of 0.9.8 and 0.16 differ and overlap (-501, -503, -32602).
type Fault struct {
	Method  string // "" where one call of a batch was refused
	Code    int64
	Message string
}

func (f *Fault) Error() string {
	if f.Method == "" {
		return fmt.Sprintf("%s (fault %d)", f.Message, f.Code)
	}
	return fmt.Sprintf("%s: %s (fault %d)", f.Method, f.Message, f.Code)
}

// faultKinds tells the kind of a fault by a part of its text. The first match
// wins. The texts are those of 0.9.8 and 0.16.17, in both encodings.
var faultKinds = []struct {
	text string
	kind error
}{
	{"not allowed for untrusted connections", ErrUntrusted},
	{"Could not find info-hash", ErrNotFound},
	{"info-hash not found", ErrNotFound},
	{"index not found", ErrNotFound},
	{"invalid index", ErrNotFound},
	{"Invalid index", ErrNotFound},
	{"hash not found", ErrNotFound},
	{"Not a hash string", ErrNotFound},
	{"could not find element", errNoElement},
	{"not defined", ErrUnsupported},
	{"method not found", ErrUnsupported},
	{"does not exist", ErrUnsupported},
	{"JSON-RPC not supported", ErrNoJSON},
	{"request too large", ErrTooLarge},
}

// Is reports whether the fault is of the given kind.
func (f *Fault) Is(kind error) bool {
	for _, k := range faultKinds {
		if strings.Contains(f.Message, k.text) {
			return errors.Is(k.kind, kind)
		}
	}
	return false
}

// command is the command that the words are about.
func (f *Fault) command() string {
	_, rest, _ := strings.Cut(f.Message, `"`)
	command, _, _ := strings.Cut(rest, `"`)
	return command
}
