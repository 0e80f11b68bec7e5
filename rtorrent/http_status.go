package rtorrent

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"
)

// A statusError is an answer of a web server in front of rTorrent that does not
// come from rTorrent.
type statusError struct {
	code  int
	words string // why, as far as it is known
}

func (e *statusError) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("http %d %s: %s", e.code, http.StatusText(e.code), e.words), ": ")
}

// Is reports whether the answer is of the given kind: 401, 403 and 407 are
// ErrUntrusted, 413 is ErrTooLarge, all of 5xx ErrUnavailable since the web
// server is there but rTorrent is not, and the rest ErrProtocol.
func (e *statusError) Is(kind error) bool {
	switch {
	case e.code == http.StatusUnauthorized, e.code == http.StatusForbidden, e.code == http.StatusProxyAuthRequired:
		return kind == ErrUntrusted
	case e.code == http.StatusRequestEntityTooLarge:
		return kind == ErrTooLarge
	case e.code/100 == 5:
		return kind == ErrUnavailable
	}
	return kind == ErrProtocol
}

// newStatusError reads the beginning of the response's body.
func newStatusError(r *http.Response, loggedIn bool) *statusError {
	e := &statusError{code: r.StatusCode}
	switch {
	case e.code == http.StatusUnauthorized && loggedIn:
		e.words = "the user or the password is wrong"
	case e.code == http.StatusUnauthorized:
		e.words = "a user and a password are wanted: " + passwordHint
	case e.code/100 == 3:
		e.words = "redirects are not followed, give the new address instead" + redirectTarget(r)
	default:
		const enough = 1 << 10 // bytes: an error page says it in its title
		body, _ := io.ReadAll(io.LimitReader(r.Body, enough))
		e.words = firstWords(string(body))
	}
	return e
}

// redirectTarget returns where a response redirects to, less whatever could be
// secret in it.
func redirectTarget(r *http.Response) string {
	u, err := r.Location()
	if err != nil {
		return ""
	}
	return ": " + u.Scheme + "://" + u.Host + u.EscapedPath()
}

// firstWords returns the first words of a page of HTML or text on one line, of
// at most 80 characters.
func firstWords(page string) string {
	var words strings.Builder
	tag := false
	for _, r := range page {
		switch {
		case r == '<':
			tag = true
			words.WriteByte(' ')
		case r == '>' && tag:
			tag = false
		case tag:
		case unicode.IsPrint(r) && r != unicode.ReplacementChar:
			words.WriteRune(r)
		default:
			words.WriteByte(' ')
		}
	}
	line := []rune(strings.Join(strings.Fields(words.String()), " "))
	const enough = 80
	if len(line) > enough {
		return string(line[:enough]) + "…"
	}
	return string(line)
}
