package rtorrent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"testing"
)

// values reads any value but a struct into the types of replies_test.go.
func values(s scanner) (any, error) {
	if !atArray(s) {
		c, err := s.cell()
		if c.isInt() {
			return c.n, err
		}
		return string(c.text), err
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	list := []any{}
	for {
		more, err := s.more()
		if err != nil || !more {
			return list, err
		}
		v, err := values(s)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

func atArray(s scanner) bool {
	switch s := s.(type) {
	case *xmlScanner:
		return s.next() == anArray
	case *jsonScanner:
		return s.peek() == '['
	}
	return false
}

// readSingle reads the reply to one call.
func readSingle(s scanner) (result any, err error) {
	err = single(s, func() error {
		result, err = values(s)
		return err
	})
	return result, err
}

// readBatch reads the reply to n calls.
func readBatch(s scanner, n int) (results []any, refusals []error, err error) {
	refusals, err = batch(s, n, func(int) error {
		v, err := values(s)
		results = append(results, v)
		return err
	})
	if err == nil {
		err = batchEnd(s)
	}
	return results, refusals, err
}

func TestSingleReadsWhatWasSent(t *testing.T) {
	for _, l := range layouts() {
		for _, want := range []any{
			"", "text", int64(0), int64(-1), int64(math.MaxInt64), int64(math.MinInt64),
			[]any{}, []any{[]any{}}, []any{"a", int64(1)}, []any{[]any{"a"}, []any{}, []any{int64(2), []any{"b"}}},
			` & < > "quoted" \ / ` + "\t\n é 😀 \u2028 ]]>", " edge spaces ",
		} {
			got, err := readSingle(l.scanner(l.single(want)))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: result = %#v, %v, want %#v", l.name, got, err, want)
			}
		}
	}
}

func TestSkipReadsAnyValue(t *testing.T) {
	for _, l := range layouts() {
		for _, v := range []any{"a & b", int64(7), []any{}, []any{"x", []any{[]any{int64(1)}, []any{}}}} {
			s := l.scanner(l.single(v))
			if err := single(s, s.skip); err != nil {
				t.Errorf("%s: skip of %v: %v", l.name, v, err)
			}
		}
		deep := any("x")
		for range maxDepth {
			deep = []any{deep}
		}
		s := l.scanner(l.single(deep))
		if err := single(s, s.skip); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: skip of %d levels: %v, want ErrProtocol", l.name, maxDepth, err)
		}
	}
}

func TestRefusalOfOneCall(t *testing.T) {
	want := &Fault{Code: -501, Message: "Could not find info-hash <x> & co."}
	for _, l := range layouts() {
		s := l.scanner(l.refusal(want))
		_, err := readSingle(s)
		var got *Fault
		if !errors.As(err, &got) || *got != *want {
			t.Errorf("%s: error = %v, want %v", l.name, err, want)
		}
		if err := s.result(); err != io.EOF {
			t.Errorf("%s: second result: %v, want EOF", l.name, err)
		}
	}
}

func TestBatchReadsResultsAndRefusals(t *testing.T) {
	refusal := &Fault{Code: -503, Message: "Wrong object type."}
	for _, l := range layouts() {
		reply := l.batch("one", refusal, []any{int64(3)}, int64(0), refusal)
		results, refusals, err := readBatch(l.scanner(reply), 5)
		if want := []any{"one", []any{int64(3)}, int64(0)}; err != nil || !reflect.DeepEqual(results, want) {
			t.Errorf("%s: results = %v, %v, want %v", l.name, results, err, want)
		}
		if len(refusals) != 5 {
			t.Fatalf("%s: %d refusals, want 5", l.name, len(refusals))
		}
		for i, err := range refusals {
			var got *Fault
			if refused := i == 1 || i == 4; refused != errors.As(err, &got) || refused && *got != *refusal {
				t.Errorf("%s: refusal %d = %v", l.name, i, err)
			}
		}
	}
}

func TestBatchIsReadInParts(t *testing.T) {
	for _, l := range layouts() {
		s := l.scanner(l.batch("a", "b", "c"))
		var got []string
		read := func(int) error {
			c, err := s.cell()
			got = append(got, string(c.text))
			return err
		}
		if _, err := batch(s, 2, read); err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		if _, err := batch(s, 1, read); err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		if want := []string{"a", "b", "c"}; !slices.Equal(got, want) {
			t.Errorf("%s: results = %q, want %q", l.name, got, want)
		}
		if err := batchEnd(s); err != nil {
			t.Errorf("%s: end: %v", l.name, err)
		}
	}
}

func TestBatchCountsItsResults(t *testing.T) {
	for _, l := range layouts() {
		for _, n := range []int{0, 1, 3} {
			if _, _, err := readBatch(l.scanner(l.batch("a", "b")), n); !errors.Is(err, ErrProtocol) {
				t.Errorf("%s: 2 results for %d calls: %v, want ErrProtocol", l.name, n, err)
			}
		}
		if _, _, err := readBatch(l.scanner(l.batch()), 0); err != nil {
			t.Errorf("%s: no calls: %v", l.name, err)
		}
	}
}

func TestRefusalOfAWholeBatch(t *testing.T) {
	want := &Fault{Code: -32700, Message: "[json.exception.type_error.316] invalid UTF-8 byte"}
	for _, l := range layouts() {
		_, refusals, err := readBatch(l.scanner(l.refusal(want)), 2)
		var got *Fault
		if !errors.As(err, &got) || *got != *want || refusals != nil {
			t.Errorf("%s: error = %v, refusals = %v, want %v", l.name, err, refusals, want)
		}
		if err := batchEnd(l.scanner(l.refusal(want))); !errors.As(err, &got) || *got != *want {
			t.Errorf("%s: end = %v, want %v", l.name, err, want)
		}
	}
}

func TestBatchEndsAtTheFirstError(t *testing.T) {
	sentinel := errors.New("enough")
	for _, l := range layouts() {
		calls := 0
		_, err := batch(l.scanner(l.batch("a", "b")), 2, func(int) error { calls++; return sentinel })
		if err != sentinel || calls != 1 {
			t.Errorf("%s: error = %v after %d calls, want %v after 1", l.name, err, calls, sentinel)
		}
	}
}

func TestOneKindOfReplyIsNotTheOther(t *testing.T) {
	if _, err := readSingle(newJSONScanner(jsonBatch("a"))); !errors.Is(err, ErrProtocol) {
		t.Errorf("batch for a single call: %v, want ErrProtocol", err)
	}
	if _, _, err := readBatch(newJSONScanner(jsonSingle("a")), 1); !errors.Is(err, ErrProtocol) {
		t.Errorf("single result for a batch: %v, want ErrProtocol", err)
	}
	for _, l := range layouts() {
		s := l.scanner(l.single([]any{[]any{"a"}}))
		if err := s.result(); err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		if err := s.part(); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: part of a single reply: %v, want ErrProtocol", l.name, err)
		}
		s = l.scanner(l.batch("a"))
		if err := s.begin(); err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		if err := s.result(); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: result of a batch: %v, want ErrProtocol", l.name, err)
		}
	}
}

// TestEveryPrefixIsAnError cuts replies at every byte: none may be taken for
// a whole one, nor for a refusal.
func TestEveryPrefixIsAnError(t *testing.T) {
	fault := &Fault{Code: -501, Message: "no & never"}
	for _, l := range layouts() {
		checkPrefixes(t, l.name+" table", l.single(wideTable(3)), func(reply []byte) error {
			_, err := decodeWide(l.scanner(reply), nil)
			return err
		})
		checkPrefixes(t, l.name+" skipped", l.single([]any{[]any{"a & b", int64(1)}, []any{}}), func(reply []byte) error {
			s := l.scanner(reply)
			return single(s, s.skip)
		})
		checkPrefixes(t, l.name+" batch", l.batch("a", fault, int64(5), []any{}), func(reply []byte) error {
			_, _, err := readBatch(l.scanner(reply), 4)
			return err
		})
		checkPrefixes(t, l.name+" refusal", l.refusal(fault), func(reply []byte) error {
			_, err := readSingle(l.scanner(reply))
			if errors.As(err, new(*Fault)) && !errors.Is(err, ErrProtocol) {
				return nil // what the whole reply says
			}
			return err
		})
	}
}

// checkPrefixes requires that read accepts the reply and none of its prefixes
// (but for white space at its end).
func checkPrefixes(t *testing.T, name string, reply []byte, read func(reply []byte) error) {
	t.Helper()
	if err := read(reply); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	for n := range bytes.TrimSpace(reply) {
		if err := read(reply[:n:n]); !errors.Is(err, ErrProtocol) {
			t.Fatalf("%s: the first %d of %d bytes: %v, want ErrProtocol", name, n, len(reply), err)
		}
	}
	if err := read(append(bytes.Clone(reply), 'x')); !errors.Is(err, ErrProtocol) {
		t.Errorf("%s: with a byte behind it: %v, want ErrProtocol", name, err)
	}
}

func TestRowKeepsItsCells(t *testing.T) {
	var texts []any
	for i := range 50 { // each needs the scratch buffer, which grows many times
		texts = append(texts, fmt.Sprintf("\"%d\" & %0*d", i, i, i))
	}
	for _, l := range layouts() {
		s := l.scanner(l.single(texts))
		err := single(s, func() error {
			cells, err := s.row(nil)
			if len(cells) != len(texts) {
				t.Errorf("%s: %d cells, want %d", l.name, len(cells), len(texts))
			}
			for i, c := range cells {
				if string(c.text) != texts[i] {
					t.Errorf("%s: cell %d = %q, want %q", l.name, i, c.text, texts[i])
				}
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", l.name, err)
		}
	}
}

func TestAtoi(t *testing.T) {
	for _, s := range []string{
		"0", "-0", "+5", "7", "-7", "007", "999999999999999999", "1000000000000000000",
		"9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809",
		"92233720368547758070", "18446744073709551616", "", "-", "+", "--1", " 1", "1 ", "1.0", "0x1", "1_0", "١",
	} {
		want, err := strconv.ParseInt(s, 10, 64)
		if got, ok := atoi([]byte(s)); ok != (err == nil) || ok && got != want {
			t.Errorf("atoi(%q) = %d, %v, want %d, %v", s, got, ok, want, err)
		}
	}
}
