package rtorrent

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// ahead reports whether the tag is next, white space not skipped.
func (s *xmlScanner) ahead(tag string) bool {
	return len(s.b)-s.p >= len(tag) && string(s.b[s.p:s.p+len(tag)]) == tag
}

// text reads an element's text and its end tag, and unescapes the text.
func (s *xmlScanner) text(end string) ([]byte, error) {
	rest := s.b[s.p:]
	n := bytes.IndexByte(rest, '<')
	if n < 0 {
		return nil, malformed(end, len(s.b))
	}
	text, start := rest[:n], s.p
	s.p += n
	if !s.ahead(end) {
		return nil, malformed(end, s.p)
	}
	s.p += len(end)
	if bytes.IndexByte(text, '&') < 0 {
		return text, nil
	}
	begin := len(s.scratch)
	for {
		amp := bytes.IndexByte(text, '&')
		if amp < 0 {
			s.scratch = append(s.scratch, text...)
			return s.scratch[begin:], nil
		}
		s.scratch = append(s.scratch, text[:amp]...)
		text = text[amp+1:]
		semicolon := bytes.IndexByte(text[:min(len(text), maxEntity+1)], ';')
		if semicolon < 0 {
			return nil, malformed("an entity", start)
		}
		r, ok := entity(text[:semicolon])
		if !ok {
			return nil, malformed("an entity", start)
		}
		s.scratch = utf8.AppendRune(s.scratch, r)
		text = text[semicolon+1:]
	}
}

// maxEntity bounds the length of an entity's name or number.
const maxEntity = 16

// entity returns the character of an entity's name or number. A control
// character is what the torrent's name holds; what is no character at all
// becomes U+FFFD in the end.
func entity(name []byte) (r rune, ok bool) {
	switch string(name) {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, isNumber := bytes.CutPrefix(name, []byte("#"))
	if !isNumber {
		return 0, false
	}
	base := 10
	if hex, isHex := bytes.CutPrefix(digits, []byte("x")); isHex {
		base, digits = 16, hex
	}
	n, err := strconv.ParseUint(string(digits), base, 31)
	return rune(n), err == nil
}
