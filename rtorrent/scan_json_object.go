package rtorrent

import "fmt"

// fault reads an error object. It returns nil for null.
func (s *jsonScanner) fault() (*Fault, error) {
	if s.peek() == 'n' {
		_, err := s.cell()
		return nil, err
	}
	if err := s.expect('{'); err != nil {
		return nil, err
	}
	fault := &Fault{}
	var code, message bool
	for first := true; ; first = false {
		key, more, err := s.member(first)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		var c cell
		switch string(key) {
		case "code":
			c, err = s.cell()
			code, fault.Code = c.isInt(), c.n
		case "message":
			c, err = s.cell()
			message, fault.Message = !c.isInt(), string(c.text)
		default:
			err = s.skip()
		}
		if err != nil {
			return nil, err
		}
	}
	if !code || !message {
		return nil, malformed("an error's code and message", s.p)
	}
	return fault, nil
}

// member reads the next key of an object with its colon; more is false when
// the object's end was read instead. The key is valid until the scanner is
// used.
func (s *jsonScanner) member(first bool) (key []byte, more bool, err error) {
	if s.peek() == '}' {
		s.p++
		return nil, false, nil
	}
	if !first {
		if err := s.expect(','); err != nil {
			return nil, false, err
		}
	}
	if s.peek() != '"' {
		return nil, false, malformed("a key", s.p)
	}
	if key, err = s.text(); err != nil {
		return nil, false, err
	}
	return key, true, s.expect(':')
}

func (s *jsonScanner) skip() error { return s.skipTo(maxDepth) }

// skipTo reads a value of at most depth levels.
func (s *jsonScanner) skipTo(depth int) error {
	if depth == 0 {
		return fmt.Errorf("%w: more than %d levels", ErrProtocol, maxDepth)
	}
	switch s.peek() {
	case '[':
		if err := s.open(); err != nil {
			return err
		}
		for {
			another, err := s.more()
			if err != nil || !another {
				return err
			}
			if err := s.skipTo(depth - 1); err != nil {
				return err
			}
		}
	case '{':
		s.p++
		for first := true; ; first = false {
			_, more, err := s.member(first)
			if err != nil || !more {
				return err
			}
			if err := s.skipTo(depth - 1); err != nil {
				return err
			}
		}
	}
	_, err := s.cell()
	return err
}
