package rtorrent

import (
	"bytes"
	"errors"
	"fmt"
)

// Limits of what is read as a .torrent.
const (
	// maxTorrent is in bytes. The largest that rTorrent takes in one call is
	// 12.5 MB (0.16.17); the rest is for those it reads from a file.
	maxTorrent = 64 << 20
	// maxTorrentDepth is how deep a .torrent may nest. A plain one nests 5 deep; the
	// file tree of BEP 52 adds a level for each directory. rTorrent refuses
	// 1024 levels, and may have written as many to its session.
	maxTorrentDepth = 100
	maxSessionDepth = 1024
)

var (
	errTruncated = errors.New("it ends in the middle")
	errTooLong   = fmt.Errorf("it is over %d MiB", maxTorrent>>20)
)

// A walker checks bencode for its canonical form: no leading zeros, no -0, no
// dictionary without values. It is the whole grammar; a decoding library
// accepts more, and cannot tell bytes that are wrong from bytes that are
// still to come.
//
// errTruncated says that more bytes could make b well-formed.
type walker struct {
	b     []byte
	depth int // how deep b may nest
	// strict asks also for what rTorrent wants of an info dictionary: keys
	// sorted and given once, integers of 64 bits.
	strict bool
}

// dictionary returns the length of the dictionary that b begins with.
func (w *walker) dictionary() (int, error) {
	if len(w.b) > 0 && w.b[0] != 'd' {
		return 0, errors.New("it does not begin with a bencoded dictionary")
	}
	if len(w.b) > maxTorrent {
		return 0, errTooLong
	}
	return w.value(0, 0)
}

// value returns where the value that begins at i ends.
func (w *walker) value(i, depth int) (end int, err error) {
	if i >= len(w.b) {
		return 0, errTruncated
	}
	switch c := w.b[i]; {
	case c == 'i':
		return w.integer(i)
	case '0' <= c && c <= '9':
		_, end, err = w.text(i)
		return end, err
	case c != 'd' && c != 'l':
		return 0, fmt.Errorf("byte %d: %q begins no bencoded value", i, c)
	case depth == w.depth:
		return 0, fmt.Errorf("byte %d: nested more than %d deep", i, w.depth)
	case c == 'l':
		return w.list(i+1, depth+1)
	default:
		return w.entries(i+1, depth+1)
	}
}

func (w *walker) list(i, depth int) (end int, err error) {
	for i < len(w.b) && w.b[i] != 'e' {
		if i, err = w.value(i, depth); err != nil {
			return 0, err
		}
	}
	if i >= len(w.b) {
		return 0, errTruncated
	}
	return i + 1, nil
}

func (w *walker) entries(i, depth int) (end int, err error) {
	var last []byte
	for first := true; i < len(w.b) && w.b[i] != 'e'; first = false {
		start, end, err := w.text(i)
		if err != nil {
			return 0, err
		}
		key := w.b[start:end]
		if w.strict && !first && bytes.Compare(last, key) >= 0 {
			return 0, fmt.Errorf("key %.40q comes after %.40q", key, last)
		}
		if i, err = w.value(end, depth); err != nil {
			return 0, err
		}
		last = key
	}
	if i >= len(w.b) {
		return 0, errTruncated
	}
	return i + 1, nil
}

// text returns where the bytes of the string that begins at i stand.
func (w *walker) text(i int) (start, end int, err error) {
	first, n := i, 0
	for ; i < len(w.b) && '0' <= w.b[i] && w.b[i] <= '9'; i++ {
		if n = n*10 + int(w.b[i]-'0'); n > maxTorrent {
			return 0, 0, errTooLong
		}
		if w.b[first] == '0' && i > first {
			return 0, 0, fmt.Errorf("byte %d: a length with a leading zero", first)
		}
	}
	if i >= len(w.b) {
		return 0, 0, errTruncated
	}
	if i == first || w.b[i] != ':' {
		return 0, 0, fmt.Errorf("byte %d: want a string, found %q", first, w.b[i])
	}
	if start, end = i+1, i+1+n; end > len(w.b) {
		if end > maxTorrent {
			return 0, 0, errTooLong
		}
		return 0, 0, errTruncated
	}
	return start, end, nil
}

// integer returns where the integer that begins at i ends.
func (w *walker) integer(i int) (end int, err error) {
	first := i
	i++
	negative := i < len(w.b) && w.b[i] == '-'
	if negative {
		i++
	}
	digits := i
	for i < len(w.b) && '0' <= w.b[i] && w.b[i] <= '9' {
		i++
	}
	if i > digits && w.b[digits] == '0' && (negative || i > digits+1) {
		return 0, fmt.Errorf("byte %d: an integer with a leading zero", first)
	}
	if i >= len(w.b) {
		return 0, errTruncated
	}
	if i == digits || w.b[i] != 'e' {
		return 0, fmt.Errorf("byte %d: want an integer, found %q", first, w.b[i])
	}
	if w.strict && i-digits > 18 {
		if _, fits := integerOf(w.b[first : i+1]); !fits {
			return 0, fmt.Errorf("byte %d: an integer of more than 64 bits", first)
		}
	}
	return i + 1, nil
}
