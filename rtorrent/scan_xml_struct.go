package rtorrent

import "fmt"

// fault reads a fault's struct and returns it as a *Fault.
func (s *xmlScanner) fault() error {
	fault := &Fault{}
	var code, message bool
	err := s.members(func(name []byte) error {
		switch string(name) {
		case "faultCode":
			code = true
			c, err := s.cell()
			if err == nil && !c.isInt() {
				err = malformed("a fault's number", s.p)
			}
			fault.Code = c.n
			return err
		case "faultString":
			message = true
			c, err := s.cell()
			fault.Message = string(c.text)
			return err
		}
		return s.skip()
	})
	switch {
	case err != nil:
		return err
	case !code || !message:
		return malformed("a fault's code and text", s.p)
	}
	return fault
}

// members reads a struct; each reads a member's value. The name is valid
// until the scanner is used.
func (s *xmlScanner) members(each func(name []byte) error) error {
	if err := s.expect("<value>"); err != nil {
		return err
	}
	if s.take("<struct/>") {
		return s.expect("</value>")
	}
	if err := s.expect("<struct>"); err != nil {
		return err
	}
	for s.take("<member>") {
		if err := s.expect("<name>"); err != nil {
			return err
		}
		name, err := s.text("</name>")
		if err != nil {
			return err
		}
		if err := each(name); err != nil {
			return err
		}
		if err := s.expect("</member>"); err != nil {
			return err
		}
	}
	return s.expect("</struct>", "</value>")
}

// take reads white space and then the tag, if it is there.
func (s *xmlScanner) take(tag string) bool {
	s.space()
	if len(s.b)-s.p < len(tag) || string(s.b[s.p:s.p+len(tag)]) != tag {
		return false
	}
	s.p += len(tag)
	return true
}

// expect reads the tags, or fails.
func (s *xmlScanner) expect(tags ...string) error {
	for _, tag := range tags {
		if !s.take(tag) {
			return malformed(tag, s.p)
		}
	}
	return nil
}

func (s *xmlScanner) space() {
	for s.p < len(s.b) && isSpace(s.b[s.p]) {
		s.p++
	}
}

// The kinds of value.
const (
	aScalar = iota
	anArray
	aStruct
)

// next tells the kind of the next value without reading it.
func (s *xmlScanner) next() (kind int) {
	before := s.p
	defer func() { s.p = before }()
	if s.take("<value>") {
		switch {
		case s.take("<array>"):
			return anArray
		case s.take("<struct>"), s.take("<struct/>"):
			return aStruct
		}
	}
	return aScalar
}

func (s *xmlScanner) skip() error { return s.skipTo(maxDepth) }

// skipTo reads a value of at most depth levels.
func (s *xmlScanner) skipTo(depth int) error {
	if depth == 0 {
		return fmt.Errorf("%w: more than %d levels", ErrProtocol, maxDepth)
	}
	switch s.next() {
	case aStruct:
		return s.members(func([]byte) error { return s.skipTo(depth - 1) })
	case anArray:
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
	}
	_, err := s.cell()
	return err
}
