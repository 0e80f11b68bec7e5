package rtorrent

import (
	"errors"
	"strings"
	"testing"
)

func TestWalker(t *testing.T) {
	const truncated = "truncated"
	tests := []struct {
		in   string
		want string // "" well-formed, truncated, or a part of the error
	}{
		{"de", ""},
		{"d1:ai0ee", ""},
		{"d1:ai-1e1:bi10ee", ""},
		{"d0:lee", ""},
		{"d0:0:e", ""},
		{"d1:bi1e1:ai1ee", ""},
		{"d1:ai123456789012345678901234567890ee", ""},
		{"d1:ad1:bllleeeee", ""},
		{"d4:\x00e:d0:e", ""},
		{"dejunk", ""},
		{"", truncated},
		{"d", truncated},
		{"d1", truncated},
		{"d1:", truncated},
		{"d10", truncated},
		{"d1:a", truncated},
		{"d1:ai", truncated},
		{"d1:ai-", truncated},
		{"d1:ai0", truncated},
		{"d1:ai12", truncated},
		{"d1:al", truncated},
		{"d1:a3:ab", truncated},
		{"d1:alllee", truncated},
		{"e", "does not begin with"},
		{"le", "does not begin with"},
		{"i1e", "does not begin with"},
		{"4:info", "does not begin with"},
		{" de", "does not begin with"},
		{"dx", "want a string"},
		{"d-1:", "want a string"},
		{"di1ei1ee", "want a string"},
		{"dlee", "want a string"},
		{"d1a", "want a string"},
		{"d:e", "want a string"},
		{"d01:a", "leading zero"},
		{"d00:", "leading zero"},
		{"d1:ae", "begins no bencoded value"},
		{"d1:ax", "begins no bencoded value"},
		{"d1:aie", "want an integer"},
		{"d1:ai e", "want an integer"},
		{"d1:ai+1e", "want an integer"},
		{"d1:ai1.0e", "want an integer"},
		{"d1:ai--1e", "want an integer"},
		{"d1:ai-e", "want an integer"},
		{"d1:ai-0", "leading zero"},
		{"d1:ai-01e", "leading zero"},
		{"d1:ai00", "leading zero"},
		{"d1:ai01e", "leading zero"},
		{"d67108865", "over 64 MiB"},
		{"d67108860:", "over 64 MiB"},
		{"d67108850:", truncated},
		{"d99999999999999999999999999", "over 64 MiB"},
		{"d1:a" + strings.Repeat("l", 7), truncated},
		{"d1:a" + strings.Repeat("l", 8), "nested more than 8 deep"},
	}
	for _, tt := range tests {
		w := walker{b: []byte(tt.in), depth: 8}
		end, err := w.dictionary()
		switch {
		case tt.want == "":
			if want := strings.TrimSuffix(tt.in, "junk"); err != nil || end != len(want) {
				t.Errorf("%.60q: %d, %v, want %d", tt.in, end, err, len(want))
			}
		case tt.want == truncated:
			if !errors.Is(err, errTruncated) {
				t.Errorf("%.60q: %v, want it truncated", tt.in, err)
			}
		case err == nil || !strings.Contains(err.Error(), tt.want):
			t.Errorf("%.60q: %v, want %q", tt.in, err, tt.want)
		}
	}
}

func TestStrictWalker(t *testing.T) {
	for in, want := range map[string]string{
		"d1:ai1e1:bi1e2:bai1ee":       "",
		"d0:i1e1:\x7fi1e1:\x80i1ee":   "",
		"d1:ai9223372036854775807ee":  "",
		"d1:ai-9223372036854775808ee": "",
		"d1:ai9223372036854775808ee":  "64 bits",
		"d1:ai-9223372036854775809ee": "64 bits",
		"d1:bi1e1:ai1ee":              `"a" comes after "b"`,
		"d1:ai1e1:ai1ee":              `"a" comes after "a"`,
		"d0:i1e0:i1ee":                `"" comes after ""`,
		"d1:ald1:bi1e1:ai1eeee":       `"a" comes after "b"`,
		"d1:\x80i1e1:\x7fi1ee":        "comes after",
		"d1:ad2:aai1e1:ai1ee1:bi1ee":  `"a" comes after "aa"`,
	} {
		w := walker{b: []byte(in), depth: 8, strict: true}
		_, err := w.dictionary()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

func TestPrefixesAreTruncated(t *testing.T) {
	in := "d8:announce3:abc4:infod6:lengthi-120e1:xld1:a0:eli0eee6:lengthi10ee7:zzzzzzzi5ee"
	for n := range in {
		w := walker{b: []byte(in[:n]), depth: 8}
		if _, err := w.dictionary(); !errors.Is(err, errTruncated) {
			t.Errorf("%q: %v, want it truncated", in[:n], err)
		}
	}
}

func TestReadersOfValues(t *testing.T) {
	var keys, values []string
	for k, v := range entriesOf([]byte("d1:ai-7e0:l2:xy0:e3:key4:texte")) {
		keys, values = append(keys, string(k)), append(values, string(v))
	}
	if got, want := strings.Join(keys, ","), "a,,key"; got != want {
		t.Errorf("keys %q, want %q", got, want)
	}
	if got, want := strings.Join(values, ","), "i-7e,l2:xy0:e,4:text"; got != want {
		t.Errorf("values %q, want %q", got, want)
	}
	var items []string
	for v := range itemsOf([]byte(values[1])) {
		s, ok := stringOf(v)
		if !ok {
			t.Errorf("%q is no string", v)
		}
		items = append(items, string(s))
	}
	if got, want := strings.Join(items, ","), "xy,"; got != want {
		t.Errorf("items %q, want %q", got, want)
	}
	if n, ok := integerOf([]byte("i-7e")); n != -7 || !ok {
		t.Errorf("integerOf: %d, %v, want -7", n, ok)
	}
	for _, wrong := range []string{"", "i", "i1", "l", "d", "d1", "d1:", "d1:a", "li1", "l2:a", "de", "le"} {
		for range itemsOf([]byte(wrong)) {
			t.Errorf("%q has an item", wrong)
		}
		for range entriesOf([]byte(wrong)) {
			t.Errorf("%q has an entry", wrong)
		}
	}
	if _, ok := integerOf(nil); ok {
		t.Error("nothing is an integer")
	}
	if _, ok := stringOf(nil); ok {
		t.Error("nothing is a string")
	}
}
