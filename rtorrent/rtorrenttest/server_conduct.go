package rtorrenttest

import (
	"slices"
	"time"
)

// A Rudeness is a way to spoil the answer to one request.
type Rudeness uint8

// The ways to spoil an answer.
const (
	// Silence closes the connection without a byte, as rTorrent does when it
	// has too many of them; the request is not carried out.
	Silence Rudeness = iota + 1
	// Half carries the request out and breaks off in the middle of the reply.
	Half
	// Garbage carries the request out and replies with a web page.
	Garbage
)

// A Request is one that the server has carried out.
type Request struct {
	JSON    bool
	Methods []string // of the calls in it, without system.multicall
	Size    int      // bytes of its body
	Reply   int      // bytes of the reply's body
}

// Freeze makes the server take connections and requests, and answer none until
// Thaw. Then it carries out also what its callers have given up, as an rTorrent
// does that was stopped by SIGSTOP.
func (s *Server) Freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.freeze()
}

func (s *Server) freeze() {
	if s.frozen == nil {
		s.frozen = make(chan struct{})
	}
}

// Thaw undoes Freeze.
func (s *Server) Thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frozen != nil {
		close(s.frozen)
		s.frozen = nil
	}
}

// Delay makes every call take so long, one after another.
func (s *Server) Delay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Spoil answers the next requests in these ways, one each.
func (s *Server) Spoil(ways ...Rudeness) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rude = append(s.rude, ways...)
}

// Waiting is the number of requests that have arrived and are not answered.
func (s *Server) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}

// Peak is the largest number of requests that were waiting at once.
func (s *Server) Peak() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peak
}

// Calls is the number of calls of a method so far, those inside batches
// included, and those that were refused.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// Tables is the number of tables of all torrents so far, whole and filtered.
func (s *Server) Tables() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls["d.multicall2"] + s.calls["d.multicall"] + s.calls["d.multicall.filtered"]
}

// Log returns the requests so far.
func (s *Server) Log() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// arrive waits until the request may be carried out: the server is not frozen,
// and the calls before it are done. It is false if the server is closed first.
func (s *Server) arrive(l *life) bool {
	s.mu.Lock()
	s.waiting++
	s.peak = max(s.peak, s.waiting)
	frozen := s.frozen
	s.mu.Unlock()
	for frozen != nil {
		select {
		case <-frozen:
		case <-l.over:
			return false
		}
		s.mu.Lock()
		frozen = s.frozen
		s.mu.Unlock()
	}
	select {
	case s.turn <- struct{}{}:
	case <-l.over:
		return false
	}
	s.mu.Lock()
	delay := s.delay
	s.mu.Unlock()
	if delay == 0 {
		return true
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.over:
		<-s.turn
		return false
	}
}

// An answer is what the server sends back.
type answer struct {
	contentType string
	body        []byte
	rude        Rudeness
	later       []func() // to be done once the answer is sent
}

// answer carries out a request when its turn has come. It is nil if the
// server is closed first; else sent must be called.
func (s *Server) answer(l *life, contentType string, body []byte) *answer {
	arrived := s.arrive(l)
	if arrived {
		defer func() { <-s.turn }()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting--
	if !arrived {
		return nil
	}
	a := &answer{}
	if len(s.rude) > 0 {
		a.rude, s.rude = s.rude[0], s.rude[1:]
	}
	if a.rude == Silence {
		s.log = append(s.log, Request{Size: len(body)})
		return a
	}
	r := &run{Server: s, json: s.dialect.modern && contentType == typeJSON}
	if r.json {
		a.contentType, a.body = typeJSON, r.answerJSON(body)
	} else {
		a.contentType, a.body = typeXML, r.answerXML(body)
	}
	if r.dead {
		a.rude = Silence
	}
	if a.rude == Garbage {
		a.contentType, a.body = "text/html", []byte("<!DOCTYPE html><html><body>502 Bad Gateway</body></html>")
	}
	s.log = append(s.log, Request{JSON: r.json, Methods: r.called, Size: len(body), Reply: len(a.body)})
	a.later = r.later
	return a
}

// sent does what rTorrent does when it has nothing else to do.
func (s *Server) sent(a *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range a.later {
		f()
	}
	s.advanceChecks()
}
