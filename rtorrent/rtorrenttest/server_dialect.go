package rtorrenttest

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A dialect is how one build of rTorrent speaks.
type dialect struct {
	modern bool // 0.16
	tiny   bool // XML by tinyxml2
}

// versions returns those of rTorrent, its library and its commands.
func (d dialect) versions() (client, library, api string) {
	if d.modern {
		return "0.16.17", "0.16.17", "23"
	}
	return "0.9.8", "0.13.8", "10"
}

// The largest requests, in bytes.
const (
	defaultSizeLimit = 512 << 10 // network.xmlrpc.size_limit
	largestSizeLimit = 64 << 20  // what that can be set to, not included
)

// scgiLimit is the largest request that is not cut off without an answer.
func (d dialect) scgiLimit() int {
	if d.modern {
		return 16 << 20
	}
	return 2 << 20
}

// text returns a string as an XML reply shows it. xmlrpc-c cannot encode what
// is not UTF-8 or above U+FFFD: 0.9.8 then shows '?' for control bytes and those
// that are not ASCII, and 0.16 escapes.
func (d dialect) text(s string) string {
	if d.tiny {
		return s
	}
	s, _, _ = strings.Cut(s, "\x00")
	if encodable(s) {
		return strings.ReplaceAll(s, "\r", "\n")
	}
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case d.modern && (c >= 0x7f || c < 0x20):
			fmt.Fprintf(&b, "%%%02X", c)
		case c == '\r':
			b.WriteByte('\n')
		case !d.modern && (c >= 0x80 || c < 0x20 && c != '\t' && c != '\n'):
			b.WriteByte('?')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func encodable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r > 0xFFFD {
			return false
		}
	}
	return true
}

// A fault is a refusal in the words of both versions.
type fault struct {
	code      int64 // of 0.9.8; 0.16 has only those of its XML library besides -503
	old, text string
}

func (f *fault) Error() string { return f.text }

// fault returns the code and the text of a refusal. JSON has codes of its own.
func (d dialect) fault(err error, json bool) (code int64, text string) {
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{-503, err.Error(), err.Error()}
	}
	switch {
	case json && f.code == noMethodCode:
		return -32601, f.text
	case json:
		return -32602, f.text
	case d.modern && f.code == inputCode:
		return -503, f.text
	case d.modern && f.code == -503:
		return f.code, f.text
	}
	return f.code, f.old
}

const (
	inputCode    = -501
	noMethodCode = -506
)

func noMethod(name string) error {
	return &fault{noMethodCode, "Method '" + name + "' not defined", "method not found: " + name}
}

func noCommand(name string) error {
	return same(`Command "` + name + `" does not exist.`)
}

// same is a refusal in which the versions agree.
func same(text string) error { return &fault{-503, text, text} }

func wrongType(want, got string) error {
	return &fault{-503, "Wrong object type.", "Wrong object type: expected: " + want + " actual: " + got}
}

// The refusals without parameters.
var (
	errNoTorrent   = &fault{inputCode, "Could not find info-hash.", "invalid parameters: info-hash not found"}
	errBadTarget   = &fault{inputCode, "Unsupported target type found.", "invalid parameters: invalid target"}
	errNoTarget    = &fault{-503, "Target of wrong type to command.", "invalid parameters: target must be a string"}
	errWrongTarget = &fault{-503, "Target of wrong type to command.", "Target of wrong type to generic command."}
	errNoIndex     = &fault{inputCode, "Invalid index.", "invalid parameters: index not found"}
	errNoPeer      = &fault{inputCode, "Invalid index.", "invalid parameters: hash not found"}
	errNoView      = same("Could not find view.")
	errNotValue    = same("Not a value.")
	errInvalid     = same("Invalid value.")
	errTooFew      = same("Too few arguments.")
)
