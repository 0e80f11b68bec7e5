package rtorrent

import (
	"bytes"
	"iter"
	"strconv"
)

// The readers below take a well-formed value, and report whether it is of
// their kind. An absent value is nil, and of no kind. What they return shares
// its memory.

func stringOf(v []byte) (_ []byte, ok bool) {
	if len(v) == 0 || v[0] < '0' || '9' < v[0] {
		return nil, false
	}
	return v[bytes.IndexByte(v, ':')+1:], true
}

func integerOf(v []byte) (n int64, ok bool) {
	if len(v) < 3 || v[0] != 'i' {
		return 0, false
	}
	n, err := strconv.ParseInt(string(v[1:len(v)-1]), 10, 64)
	return n, err == nil
}

func isList(v []byte) bool { return len(v) > 0 && v[0] == 'l' }

func isDictionary(v []byte) bool { return len(v) > 0 && v[0] == 'd' }

// itemsOf ranges over the values of a list; over nothing where v is no list.
func itemsOf(v []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		w := walker{b: v, depth: maxSessionDepth}
		for i := 1; isList(v) && i < len(v) && v[i] != 'e'; {
			end, err := w.value(i, 0)
			if err != nil || !yield(v[i:end]) {
				return
			}
			i = end
		}
	}
}

// entriesOf ranges over the keys and values of a dictionary, in its order; over
// nothing where v is no dictionary.
func entriesOf(v []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		w := walker{b: v, depth: maxSessionDepth}
		for i := 1; isDictionary(v) && i < len(v) && v[i] != 'e'; {
			start, value, err := w.text(i)
			if err != nil {
				return
			}
			end, err := w.value(value, 0)
			if err != nil || !yield(v[start:value], v[value:end]) {
				return
			}
			i = end
		}
	}
}
