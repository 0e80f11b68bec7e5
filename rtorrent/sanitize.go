package rtorrent

import (
	"bytes"
	"unicode/utf8"
)

// sanitizeXML makes a reply of rTorrent's readable for encoding/xml, which
// refuses all of it for one byte in one string: what is no character of XML
// (control bytes, invalid UTF-8, U+FFFE, references such as &#x1;) becomes
// U+FFFD, and the end of a CDATA section, of which rTorrent sends none, becomes
// "]]&gt;". A reply that needs nothing is returned itself; it is never changed.
func sanitizeXML(reply []byte) []byte {
	var clean []byte // nil as long as nothing was changed
	kept := 0        // offset in reply of what is not in clean yet
	for p := 0; p < len(reply); {
		n, replacement := unclean(reply[p:])
		if replacement != "" {
			if clean == nil {
				clean = make([]byte, 0, len(reply)+len(reply)/16+64)
			}
			clean = append(append(clean, reply[kept:p]...), replacement...)
			kept = p + n
		}
		p += n
	}
	if clean == nil {
		return reply
	}
	return append(clean, reply[kept:]...)
}

// unclean returns the length of what begins b, at least 1, and what to put in
// its place, "" if it may stay.
func unclean(b []byte) (n int, replacement string) {
	const wrong = "\uFFFD"
	switch c := b[0]; {
	case c == '&':
		return reference(b)
	case c == ']' && bytes.HasPrefix(b, []byte("]]>")):
		return len("]]>"), "]]&gt;"
	case c >= utf8.RuneSelf:
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 || !xmlChar(r) {
			return n, wrong
		}
		return n, ""
	case !xmlChar(rune(c)):
		return 1, wrong
	}
	return 1, ""
}

// reference is unclean for what begins with an ampersand.
func reference(b []byte) (n int, replacement string) {
	end := bytes.IndexByte(b[:min(len(b), len("&;")+maxEntity)], ';')
	if end < 0 || !bytes.HasPrefix(b, []byte("&#")) {
		return 1, ""
	}
	if r, ok := entity(b[1:end]); ok && !xmlChar(r) {
		return end + 1, "\uFFFD"
	}
	return 1, ""
}

// xmlChar reports whether r is a character of XML 1.0 (its production 2).
func xmlChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' ||
		0x20 <= r && r < 0xD800 || 0xE000 <= r && r <= 0xFFFD || 0x10000 <= r && r <= utf8.MaxRune
}
