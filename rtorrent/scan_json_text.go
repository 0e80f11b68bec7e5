package rtorrent

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string and unescapes it.
func (s *jsonScanner) text() ([]byte, error) {
	start := s.p + 1
	n := bytes.IndexByte(s.b[start:], '"')
	if n < 0 {
		return nil, malformed("a string's end", len(s.b))
	}
	text := s.b[start : start+n]
	if bytes.IndexByte(text, '\\') < 0 {
		s.p = start + n + 1
		return text, nil
	}
	return s.escaped(start)
}

// escaped reads a string that begins at p and has escapes in it.
func (s *jsonScanner) escaped(p int) ([]byte, error) {
	begin := len(s.scratch)
	for p < len(s.b) {
		switch c := s.b[p]; c {
		case '"':
			s.p = p + 1
			return s.scratch[begin:], nil
		case '\\':
			n := s.escape(s.b[p+1:])
			if n == 0 {
				return nil, malformed("an escape", p)
			}
			p += 1 + n
		default:
			s.scratch = append(s.scratch, c)
			p++
		}
	}
	return nil, malformed("a string's end", p)
}

// escape appends the character of the escape that begins b, behind its
// backslash, and returns the escape's length, 0 if there is none. Half a
// surrogate pair becomes U+FFFD.
func (s *jsonScanner) escape(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if i := strings.IndexByte(from, b[0]); i >= 0 {
		s.scratch = append(s.scratch, to[i])
		return 1
	}
	r, ok := unit(b)
	if !ok {
		return 0
	}
	const length = len("u0000")
	if utf16.IsSurrogate(r) && len(b) > length && b[length] == '\\' {
		second, _ := unit(b[length+1:])
		if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
			s.scratch = utf8.AppendRune(s.scratch, pair)
			return 2*length + 1
		}
	}
	s.scratch = utf8.AppendRune(s.scratch, r) // half a pair: U+FFFD
	return length
}

// unit returns the UTF-16 unit of the escape u0000 that begins b.
func unit(b []byte) (r rune, ok bool) {
	if len(b) < len("u0000") || b[0] != 'u' {
		return 0, false
	}
	for _, c := range b[1:len("u0000")] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
