package rtorrenttest

import (
	"context"
	"crypto/sha1"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"rtfs/rtorrent"
)

// ServerOptions say which rTorrent a Server plays.
type ServerOptions struct {
	// Version is "0.9.8", which is also the default, or "0.16".
	Version string
	// Layout is that of XML replies: "xmlrpc-c", which is also the default, or
	// "tinyxml2", the other library that a 0.16 can be built with.
	Layout string
	// Listen is "unix", which is also the default, "tcp", or "http".
	Listen string
	// NoJSON switches JSON-RPC off in a 0.16.
	NoJSON bool
	// NoSession plays an rTorrent without a session directory.
	NoSession bool
	// Without are commands that it lacks.
	Without []string
}

// A Server is a fake rTorrent that listens on a real socket. It answers as the
// version it plays was seen to, does one call after another as that does, and
// counts them. Torrents that were loaded are checked against the data that is
// really in its directory, and announced to the trackers of tests; nothing is
// transferred. It is safe for concurrent use.
type Server struct {
	t       testing.TB
	o       ServerOptions
	dialect dialect
	methods map[string]command
	names   []string // of methods, sorted
	scgi    bool
	network string
	address string

	ctx      context.Context // ends with the test
	announce sync.WaitGroup
	turn     chan struct{} // held by the call that is carried out

	mu        sync.Mutex // guards what follows
	life      *life      // nil while it does not listen
	pid       int64
	session   string // with a slash at its end, or ""
	directory string
	sizeLimit int64
	torrents  []*Torrent
	byHash    map[rtorrent.Hash]*Torrent
	checks    []*Torrent // the first one is being checked, the others wait
	holding   bool
	hooks     map[string]string
	limits    limits
	groups    []group
	settings  map[string]any // by command
	hideOnce  bool           // the next table is empty: the session is still loading

	frozen  chan struct{} // closed when it thaws; nil while it answers
	delay   time.Duration
	rude    []Rudeness
	calls   map[string]int
	log     []Request
	waiting int
	peak    int
}

// NewServer starts a fake rTorrent with no torrents, in directories of its own.
// It ends with the test.
func NewServer(t testing.TB, o ServerOptions) *Server {
	t.Helper()
	s := &Server{
		t: t, o: o, turn: make(chan struct{}, 1), pid: int64(os.Getpid()),
		byHash: map[rtorrent.Hash]*Torrent{}, hooks: defaultHooks(), calls: map[string]int{}, sizeLimit: defaultSizeLimit,
	}
	s.forgetLimits()
	switch {
	case o.Version == "" || o.Version == "0.9.8":
	case o.Version == "0.16":
		s.dialect.modern = true
	default:
		t.Fatalf("fake rTorrent: there is none of version %q", o.Version)
	}
	s.dialect.tiny = o.Layout == "tinyxml2"
	s.methods = commandsOf(s.dialect)
	for _, name := range o.Without {
		delete(s.methods, name)
	}
	for name := range s.methods {
		s.names = append(s.names, name)
	}
	slices.Sort(s.names)

	dir := ShortDir(t)
	s.directory = filepath.Join(dir, "downloads")
	session := filepath.Join(dir, "session")
	for _, d := range []string{s.directory, session} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if !o.NoSession {
		s.session = session + "/"
	}
	s.network, s.address, s.scgi = "tcp", "127.0.0.1:0", o.Listen != "http"
	if o.Listen == "" || o.Listen == "unix" {
		s.network, s.address = "unix", filepath.Join(dir, "rpc.sock")
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.ctx = ctx
	t.Cleanup(func() {
		cancel()
		s.Close()
		s.announce.Wait()
	})
	s.Reopen()
	return s
}

// Endpoint is the address of the server, in the form that ParseEndpoint takes.
// It stays the same over Close and Restart.
func (s *Server) Endpoint() string {
	switch {
	case !s.scgi:
		return "http://" + s.address + "/RPC2"
	case s.network == "unix":
		return "scgi://" + s.address
	}
	return "scgi://" + s.address
}

// Downloads is the directory into which new torrents go.
func (s *Server) Downloads() string { return s.directory }

// A life is the time from a Reopen to the next Close.
type life struct {
	listener net.Listener
	over     chan struct{} // closed by Close
	serving  sync.WaitGroup
	mu       sync.Mutex // guards conns, and that nothing begins once it is over
	conns    map[net.Conn]bool
}

// Reopen makes a closed server listen again, on the same address.
func (s *Server) Reopen() {
	s.t.Helper()
	if s.network == "unix" {
		// What a killed rTorrent leaves is taken over.
		if err := os.Remove(s.address); err != nil && !os.IsNotExist(err) {
			s.t.Fatal(err)
		}
	}
	l, err := net.Listen(s.network, s.address)
	if err != nil {
		s.t.Fatalf("fake rTorrent: %v", err)
	}
	s.address = l.Addr().String()
	now := &life{listener: l, over: make(chan struct{}), conns: map[net.Conn]bool{}}
	s.mu.Lock()
	s.life = now
	s.mu.Unlock()
	serve := s.serveHTTP
	if s.scgi {
		serve = s.serveSCGI
	}
	now.begin(nil)
	go func() {
		defer now.end(nil)
		serve(now)
	}()
}

// Close makes the server refuse connections, and cuts off those there are, as
// an rTorrent that was killed.
func (s *Server) Close() {
	s.mu.Lock()
	ended := s.life
	s.life = nil
	s.mu.Unlock()
	if ended == nil {
		return
	}
	ended.mu.Lock()
	close(ended.over)
	ended.listener.Close()
	for c := range ended.conns {
		c.Close()
	}
	ended.mu.Unlock()
	ended.serving.Wait()
}

// Restart plays a quick end and start of rTorrent: another pid, and, as 0.16
// does while it loads its session, one empty list before the real ones.
func (s *Server) Restart() {
	s.t.Helper()
	s.Close()
	s.mu.Lock()
	s.pid++
	s.hideOnce = true
	s.sizeLimit = defaultSizeLimit
	s.forgetLimits()
	for _, t := range s.torrents {
		t.BasePath = ""
		if t.State {
			t.touchPath()
		}
	}
	s.mu.Unlock()
	s.Reopen()
}

// begin notes that something more is served, and its connection if there is
// one, to be closed with the life. It is false when that is over.
func (l *life) begin(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.over:
		return false
	default:
	}
	l.serving.Add(1)
	if c != nil {
		l.conns[c] = true
	}
	return true
}

// end undoes begin; a second time for a connection it does nothing.
func (l *life) end(c net.Conn) {
	if c != nil {
		c.Close()
		l.mu.Lock()
		begun := l.conns[c]
		delete(l.conns, c)
		l.mu.Unlock()
		if !begun {
			return
		}
	}
	l.serving.Done()
}

// hashOf makes an info-hash of some text.
func hashOf(text string) rtorrent.Hash {
	return rtorrent.Hash(fmt.Sprintf("%X", sha1.Sum([]byte(text))))
}
