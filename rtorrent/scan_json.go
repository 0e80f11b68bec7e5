package rtorrent

import (
	"fmt"
	"io"
)

// A jsonScanner is the scanner of JSON-RPC replies. The ids of a batch are
// 1…n in this order; a single call's is 1.
type jsonScanner struct {
	b       []byte
	p       int // offset of the next byte in b
	scratch []byte
	state   uint8
	id      int64 // of the response read last
	fresh   bool  // an array was just opened: no comma before its first element
}

func newJSONScanner(reply []byte) scanner { return &jsonScanner{b: reply} }

func (s *jsonScanner) result() error {
	switch s.state {
	case atStart:
		s.state = inResult
		fault, err := s.response()
		if err != nil || fault == nil {
			return err
		}
		s.state = done
		if err := s.end(); err != io.EOF {
			return err
		}
		return fault
	case inResult:
		s.state = done
		if err := s.leave(); err != nil {
			return err
		}
		return s.end()
	case done:
		return io.EOF
	}
	return malformed("one response", s.p)
}

func (s *jsonScanner) begin() error {
	if s.state != atStart {
		return nil
	}
	if s.peek() == '{' { // one object for a batch: all of it was refused
		err := s.result()
		if err == nil {
			err = malformed("a batch", 0)
		}
		return err
	}
	s.state = inBatch
	return s.open()
}

func (s *jsonScanner) part() error {
	switch s.state {
	case done:
		return io.EOF
	case inPart:
		if err := s.leave(); err != nil {
			return err
		}
		s.state = inBatch
	case inBatch:
	default:
		return malformed("a batch", s.p)
	}
	another, err := s.more()
	if err != nil {
		return err
	}
	if !another {
		s.state = done
		return s.end()
	}
	fault, err := s.response()
	if err != nil {
		return err
	}
	if fault != nil {
		return fault
	}
	s.state = inPart
	return nil
}

// response reads a response object up to its result, or to its end if it is a
// refusal. rTorrent sorts the keys, so that the result is the last; where it
// comes before the others they are read first.
func (s *jsonScanner) response() (*Fault, error) {
	if err := s.expect('{'); err != nil {
		return nil, err
	}
	s.id++
	var fault *Fault
	result, sameID, nullID := -1, false, false
	for first := true; ; first = false {
		key, more, err := s.member(first)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		switch string(key) {
		case "result":
			if result >= 0 {
				return nil, malformed("one result", s.p)
			}
			if result = s.p; sameID && fault == nil {
				return nil, nil
			}
			err = s.skip()
		case "error":
			fault, err = s.fault()
		case "id":
			var c cell
			c, err = s.cell()
			sameID = c.isInt() && c.n == s.id
			nullID = !c.isInt() && len(c.text) == 0
		default:
			err = s.skip()
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case !sameID && (!nullID || fault == nil): // the id is null in refusals of the unreadable
		return nil, malformed(fmt.Sprintf("the response to call %d", s.id), s.p)
	case fault != nil:
		return fault, nil
	case result < 0:
		return nil, malformed("a result", s.p)
	}
	s.p = result
	return nil, nil
}

// leave reads what stands behind the result in a response object.
func (s *jsonScanner) leave() error {
	for {
		key, more, err := s.member(false)
		if err != nil || !more {
			return err
		}
		switch string(key) {
		case "result":
			return malformed("one result", s.p)
		case "error":
			fault, err := s.fault()
			if err != nil {
				return err
			}
			if fault != nil {
				return malformed("a result or an error, not both", s.p)
			}
		default:
			if err := s.skip(); err != nil {
				return err
			}
		}
	}
}

// end checks that nothing follows, and returns io.EOF.
func (s *jsonScanner) end() error {
	if s.space(); s.p < len(s.b) {
		return malformed("the end", s.p)
	}
	return io.EOF
}
