package rtorrent

func (s *jsonScanner) open() error {
	s.fresh = true
	return s.expect('[')
}

func (s *jsonScanner) more() (bool, error) {
	fresh := s.fresh
	s.fresh = false
	switch c := s.peek(); {
	case c == ']':
		s.p++
		return false, nil
	case fresh:
		return true, nil
	case c == ',':
		s.p++
		return true, nil
	}
	return false, malformed(", or ]", s.p)
}

func (s *jsonScanner) row(cells []cell) ([]cell, error) {
	s.scratch = s.scratch[:0]
	if err := s.open(); err != nil {
		return nil, err
	}
	more, err := s.more()
	for more && err == nil {
		var c cell
		if end, n := digits(s.b, s.p); usual(s.b, s.p, end) {
			s.p, c.n = end, n
		} else if c, err = s.value(); err != nil {
			return nil, err
		}
		cells = append(cells, c)
		if s.p < len(s.b) && s.b[s.p] == ',' {
			s.p++
			continue
		}
		more, err = s.more()
	}
	return cells, err
}

// usual reports whether the digits from p to end are a whole element of an
// array, as most elements are in a table, and not many.
func usual(b []byte, p, end int) bool {
	return p < end && end <= p+shortDigits && (b[p] != '0' || end == p+1) &&
		end < len(b) && (b[end] == ',' || b[end] == ']')
}

func (s *jsonScanner) cell() (cell, error) {
	s.scratch = s.scratch[:0]
	return s.value()
}

// value reads one scalar. Unescaped text is appended to the scratch buffer, so
// that the cells read before stay valid.
func (s *jsonScanner) value() (cell, error) {
	switch c := s.peek(); {
	case c == '"':
		text, err := s.text()
		return cell{text: text}, err
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	}
	switch {
	case s.word("null"):
		return cell{text: nothing()}, nil
	case s.word("true"):
		return cell{n: 1}, nil
	case s.word("false"):
		return cell{}, nil
	}
	return cell{}, malformed("a scalar", s.p)
}

// word reads the word if it is next.
func (s *jsonScanner) word(w string) bool {
	if len(s.b)-s.p < len(w) || string(s.b[s.p:s.p+len(w)]) != w {
		return false
	}
	s.p += len(w)
	return true
}

// number reads a number. A short integer, the common one, needs no second
// look.
func (s *jsonScanner) number() (cell, error) {
	start := s.p
	negative := s.b[s.p] == '-'
	if negative {
		s.p++
	}
	first, n := s.p, int64(0)
	s.p, n = digits(s.b, s.p)
	count := s.p - first
	if count == 0 || count > 1 && s.b[first] == '0' {
		return cell{}, malformed("a number", start)
	}
	if s.p < len(s.b) && (s.b[s.p] == '.' || s.b[s.p]|0x20 == 'e') {
		return s.fraction(start)
	}
	if count > shortDigits {
		var ok bool
		if n, ok = atoi(s.b[start:s.p]); !ok {
			return cell{}, malformed("a number of 64 bits", start)
		}
	} else if negative {
		n = -n
	}
	return cell{n: n}, nil
}

// fraction reads the rest of a number that has a fraction or an exponent.
func (s *jsonScanner) fraction(start int) (cell, error) {
	if s.b[s.p] == '.' {
		first := s.p + 1
		if s.p, _ = digits(s.b, first); s.p == first {
			return cell{}, malformed("a digit", s.p)
		}
	}
	if s.p < len(s.b) && s.b[s.p]|0x20 == 'e' {
		s.p++
		if s.p < len(s.b) && (s.b[s.p] == '-' || s.b[s.p] == '+') {
			s.p++
		}
		first := s.p
		if s.p, _ = digits(s.b, first); s.p == first {
			return cell{}, malformed("a digit", s.p)
		}
	}
	c, ok := numberCell(s.b[start:s.p])
	if !ok {
		return cell{}, malformed("a number of 64 bits", start)
	}
	return c, nil
}

// peek returns the next byte that is not white space without reading it, 0 at
// the end.
func (s *jsonScanner) peek() byte {
	if s.p < len(s.b) && s.b[s.p] > ' ' { // small enough to be inlined
		return s.b[s.p]
	}
	return s.peekFar()
}

func (s *jsonScanner) peekFar() byte {
	if s.space(); s.p < len(s.b) {
		return s.b[s.p]
	}
	return 0
}

// expect reads the byte.
func (s *jsonScanner) expect(c byte) error {
	if s.peek() != c {
		return malformed(string(rune(c)), s.p)
	}
	s.p++
	return nil
}

func (s *jsonScanner) space() {
	for s.p < len(s.b) && isSpace(s.b[s.p]) {
		s.p++
	}
}
