package rtorrent

import (
	"bytes"
	"io"
)

// An xmlScanner is the scanner of XML-RPC replies in the layouts of xmlrpc-c
// (0.9.8, and 0.16 as distributions build it) and tinyxml2. Neither has
// attributes, comments or CDATA sections, and none are accepted, so that no
// text can be lost in them. Structure may have white space around it.
type xmlScanner struct {
	b       []byte
	p       int // offset of the next byte in b
	scratch []byte
	state   uint8
	empty   bool // the array just opened is <data/>
}

// The states of both scanners.
const (
	atStart  = iota // nothing read
	inResult        // the result is next or was read
	inBatch         // before a part
	inPart          // a part's result is next or was read
	done            // the end was reached
)

func newXMLScanner(reply []byte) scanner { return &xmlScanner{b: reply} }

func (s *xmlScanner) result() error {
	switch s.state {
	case atStart:
		s.state = inResult
		return s.head()
	case inResult:
		s.state = done
		return s.tail("</param>", "</params>")
	case done:
		return io.EOF
	}
	return malformed("one result", s.p)
}

func (s *xmlScanner) begin() error {
	if s.state != atStart {
		return nil
	}
	s.state = inBatch
	if err := s.head(); err != nil {
		return err
	}
	return s.open()
}

func (s *xmlScanner) part() error {
	switch s.state {
	case done:
		return io.EOF
	case inPart: // the result is the one element of an array
		another, err := s.more()
		if err != nil {
			return err
		}
		if another {
			return malformed("one result for a call", s.p)
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
		return s.tail("</param>", "</params>")
	}
	if s.next() == aStruct {
		return s.fault()
	}
	s.state = inPart
	if err := s.open(); err != nil {
		return err
	}
	if another, err = s.more(); err == nil && !another {
		err = malformed("a result", s.p)
	}
	return err
}

// head reads up to the result, or reads a whole reply that is a fault.
func (s *xmlScanner) head() error {
	if err := s.prologue(); err != nil {
		return err
	}
	if err := s.expect("<methodResponse>"); err != nil {
		return err
	}
	if !s.take("<fault>") {
		return s.expect("<params>", "<param>")
	}
	s.state = done
	fault := s.fault()
	if err := s.tail("</fault>"); err != io.EOF {
		return err
	}
	return fault
}

// prologue reads the XML declaration, if there is one. The text that follows
// must be what it says, UTF-8.
func (s *xmlScanner) prologue() error {
	if !s.take("<?xml") {
		return nil
	}
	end := bytes.Index(s.b[s.p:], []byte("?>"))
	if end < 0 {
		return malformed("?>", len(s.b))
	}
	declaration := bytes.ToLower(s.b[s.p : s.p+end])
	if bytes.Contains(declaration, []byte("encoding")) && !bytes.Contains(declaration, []byte("utf-8")) {
		return malformed("UTF-8", s.p)
	}
	s.p += end + len("?>")
	return nil
}

// tail reads the given tags and the end of the reply, and returns io.EOF.
func (s *xmlScanner) tail(tags ...string) error {
	if err := s.expect(tags...); err != nil {
		return err
	}
	if err := s.expect("</methodResponse>"); err != nil {
		return err
	}
	if s.space(); s.p < len(s.b) {
		return malformed("the end", s.p)
	}
	return io.EOF
}
