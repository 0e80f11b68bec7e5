package rtorrent

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
)

func (s *xmlScanner) open() error {
	if err := s.expect("<value>", "<array>"); err != nil {
		return err
	}
	if s.take("<data/>") { // tinyxml2's way to print an empty element
		s.empty = true
		return s.expect("</array>", "</value>")
	}
	return s.expect("<data>")
}

func (s *xmlScanner) more() (bool, error) {
	if s.empty {
		s.empty = false
		return false, nil
	}
	s.space()
	const value = "<value"
	if len(s.b)-s.p > len(value) && string(s.b[s.p:s.p+len(value)]) == value {
		return true, nil
	}
	return false, s.expect("</data>", "</array>", "</value>")
}

// Nearly every cell is a string without entities or an i8, and has no white
// space in it. The speed of the scanner is that of these two forms.
const (
	i8Start, i8End         = "<value><i8>", "</i8></value>"
	stringStart, stringEnd = "<value><string>", "</string></value>"
)

func (s *xmlScanner) row(cells []cell) ([]cell, error) {
	s.scratch = s.scratch[:0]
	if err := s.open(); err != nil {
		return nil, err
	}
	for {
		more, err := s.more()
		if err != nil {
			return nil, err
		}
		if !more {
			return cells, nil
		}
		c, err := s.value()
		if err != nil {
			return nil, err
		}
		cells = append(cells, c)
	}
}

func (s *xmlScanner) cell() (cell, error) {
	s.scratch = s.scratch[:0]
	return s.value()
}

// value reads one scalar. Unescaped text is appended to the scratch buffer, so
// that the cells read before stay valid.
func (s *xmlScanner) value() (cell, error) {
	rest := s.b[s.p:]
	if len(rest) < len(stringStart)+len(stringEnd) { // the end of a reply is longer
		return s.anyCell()
	}
	switch {
	case string(rest[:len(i8Start)]) == i8Start:
		end, n := len(i8Start), int64(0)
		negative := rest[end] == '-'
		if negative {
			end++
		}
		first := end
		end, n = digits(rest, end)
		if count := end - first; 0 < count && count <= shortDigits &&
			len(rest)-end >= len(i8End) && string(rest[end:end+len(i8End)]) == i8End {
			s.p += end + len(i8End)
			if negative {
				n = -n
			}
			return cell{n: n}, nil
		}
	case string(rest[:len(stringStart)]) == stringStart:
		rest = rest[len(stringStart):]
		if end := bytes.IndexByte(rest, '<'); end >= 0 &&
			len(rest)-end >= len(stringEnd) && string(rest[end:end+len(stringEnd)]) == stringEnd &&
			bytes.IndexByte(rest[:end], '&') < 0 {
			s.p += len(stringStart) + end + len(stringEnd)
			return cell{text: rest[:end]}, nil
		}
	}
	return s.anyCell()
}

// anyCell reads a scalar of any type and layout.
func (s *xmlScanner) anyCell() (cell, error) {
	if s.take("<value/>") {
		return cell{text: nothing()}, nil
	}
	if err := s.expect("<value>"); err != nil {
		return cell{}, err
	}
	start := s.p
	if s.space(); s.p >= len(s.b) || s.b[s.p] != '<' || s.ahead("</value>") {
		s.p = start // without a type it is a string, white space included
		text, err := s.text("</value>")
		return cell{text: text}, err
	}
	text := nothing()
	kind, err := s.scalar()
	if err == nil && !kind.empty {
		text, err = s.text(kind.end)
	}
	if err != nil {
		return cell{}, err
	}
	c, ok := kind.cell(text)
	if !ok {
		return cell{}, malformed("the value of "+kind.start, start)
	}
	return c, s.expect("</value>")
}

// A scalar is a scalar's type.
type scalar struct {
	start, end string // tags
	cell       func(text []byte) (c cell, ok bool)
	empty      bool // it was an empty element: <string/>
}

// scalars are the types, the ex: ones those of network.xmlrpc.dialect apache.
func scalars() [11]scalar {
	return [...]scalar{
		{start: "<string>", end: "</string>", cell: textCell},
		{start: "<i8>", end: "</i8>", cell: intCell},
		{start: "<i4>", end: "</i4>", cell: intCell},
		{start: "<int>", end: "</int>", cell: intCell},
		{start: "<ex:i8>", end: "</ex:i8>", cell: intCell},
		{start: "<boolean>", end: "</boolean>", cell: boolCell},
		{start: "<double>", end: "</double>", cell: numberCell},
		{start: "<base64>", end: "</base64>", cell: base64Cell},
		{start: "<nil>", end: "</nil>", cell: nilCell},
		{start: "<ex:nil>", end: "</ex:nil>", cell: nilCell},
		{start: "<dateTime.iso8601>", end: "</dateTime.iso8601>", cell: textCell},
	}
}

// scalar reads the start tag of a scalar's type.
func (s *xmlScanner) scalar() (scalar, error) {
	for _, kind := range scalars() {
		if s.take(kind.start) {
			return kind, nil
		}
		name := kind.start[:len(kind.start)-len(">")]
		if kind.empty = s.ahead(name) && bytes.HasPrefix(s.b[s.p+len(name):], []byte("/>")); kind.empty {
			s.p += len(name) + len("/>")
			return kind, nil
		}
	}
	return scalar{}, malformed("a scalar", s.p)
}

func textCell(text []byte) (cell, bool) { return cell{text: text}, true }

func nilCell(text []byte) (cell, bool) { return cell{text: text}, len(text) == 0 }

func intCell(text []byte) (cell, bool) {
	n, ok := atoi(text)
	return cell{n: n}, ok
}

func boolCell(text []byte) (cell, bool) {
	n, ok := atoi(text)
	return cell{n: n}, ok && (n == 0 || n == 1)
}

// base64Cell decodes text that may be broken into lines.
func base64Cell(text []byte) (cell, bool) {
	decoded, err := base64.StdEncoding.AppendDecode(nothing(), text)
	return cell{text: decoded}, err == nil
}

// numberCell returns the cell of a number that may have a fraction or an
// exponent: an integer if it is one exactly, else its text. It refuses what is
// beyond an int64.
func numberCell(text []byte) (cell, bool) {
	f, err := strconv.ParseFloat(string(text), 64)
	switch {
	case err != nil, math.IsNaN(f), math.Abs(f) >= 1<<63:
		return cell{}, false
	case f == math.Trunc(f) && math.Abs(f) < 1<<53: // from there a float64 skips integers
		return cell{n: int64(f)}, true
	}
	return cell{text: text}, true
}
