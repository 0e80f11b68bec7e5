package rtorrenttest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
)

const (
	typeXML  = "text/xml"
	typeJSON = "application/json"
	maxHead  = 2000 // bytes of a request's head
)

// serveSCGI takes connections, each for one request, until the life is over.
func (s *Server) serveSCGI(l *life) {
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			return
		}
		if !l.begin(conn) {
			conn.Close()
			return
		}
		go func() {
			defer l.end(conn)
			s.serveRequest(l, conn)
		}()
	}
}

// serveRequest answers the one request of a connection. What breaks a rule of
// rTorrent's is closed without an answer, as there.
func (s *Server) serveRequest(l *life, conn net.Conn) {
	r := bufio.NewReader(conn)
	length, contentType, err := readHead(r)
	if err != nil || length > s.dialect.scgiLimit() {
		return
	}
	contentType, _, _ = strings.Cut(contentType, ";")
	if s.dialect.modern && contentType != typeXML && contentType != typeJSON {
		return
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return
	}
	a := s.answer(l, contentType, body)
	if a == nil {
		return
	}
	defer s.sent(a)
	if a.rude == Silence {
		return
	}
	head := fmt.Sprintf("Status: 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", a.contentType, len(a.body))
	if a.rude == Half {
		a.body = a.body[:len(a.body)/2]
	}
	// Whether the client has gone is of no interest.
	_, _ = (&net.Buffers{[]byte(head), a.body}).WriteTo(conn)
}

// readHead reads the netstring of headers before a request's body.
func readHead(r *bufio.Reader) (length int, contentType string, err error) {
	digits, err := r.ReadString(':')
	if err != nil {
		return 0, "", err
	}
	size, err := strconv.Atoi(strings.TrimSuffix(digits, ":"))
	if err != nil || size < 17 || size > maxHead {
		return 0, "", fmt.Errorf("head of %q bytes", digits)
	}
	head := make([]byte, size+1)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, "", err
	}
	if head[size] != ',' {
		return 0, "", fmt.Errorf("no comma behind the head")
	}
	fields := strings.Split(string(head[:size]), "\x00")
	if fields[0] != "CONTENT_LENGTH" {
		return 0, "", fmt.Errorf("head begins with %q", fields[0])
	}
	for i := 0; i+1 < len(fields); i += 2 {
		switch fields[i] {
		case "CONTENT_LENGTH":
			length, err = strconv.Atoi(fields[i+1])
		case "CONTENT_TYPE":
			contentType = fields[i+1]
		}
	}
	return length, contentType, err
}

// serveHTTP plays a web server in front of rTorrent, until the life is over.
func (s *Server) serveHTTP(l *life) {
	web := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serveWeb(l, w, r) }),
		ConnState: func(c net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				if !l.begin(c) {
					c.Close()
				}
			case http.StateClosed, http.StateHijacked:
				l.end(c)
			}
		},
	}
	// It ends with the listener.
	_ = web.Serve(l.listener)
}

func (s *Server) serveWeb(l *life, w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/RPC2" {
		http.NotFound(w, r)
		return
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(r.Body); err != nil {
		return
	}
	a := s.answer(l, r.Header.Get("Content-Type"), body.Bytes())
	if a == nil {
		return
	}
	defer s.sent(a)
	if a.rude == Silence {
		// The hook above closes it.
		_, _, _ = http.NewResponseController(w).Hijack()
		return
	}
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.rude == Half {
		a.body = a.body[:len(a.body)/2] // net/http closes the connection then
	}
	_, _ = w.Write(a.body)
}
