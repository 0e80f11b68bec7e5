package rtorrent

import (
	"bufio"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serveWeb starts a web server and returns a Transport to it, logged in as joe.
func serveWeb(t *testing.T, o TransportOptions, serve http.HandlerFunc) Transport {
	t.Helper()
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	return webTransport(t, server.URL, o)
}

func webTransport(t *testing.T, url string, o TransportOptions) Transport {
	t.Helper()
	e, err := ParseEndpoint(url)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := NewTransport(e.WithPassword("joe", "hunter2"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.(*httpTransport).rounds.(*http.Transport).CloseIdleConnections)
	return transport
}

func TestHTTPRoundTrip(t *testing.T) {
	transport := serveWeb(t, TransportOptions{}, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		got := []string{r.Method, r.URL.Path, user, password, r.Header.Get("Content-Type"), r.Header.Get("Accept-Encoding")}
		want := []string{"POST", "/RPC2", "joe", "hunter2", typeJSON, ""}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("request = %q, want %q", got, want)
		}
		w.Header().Set("Content-Type", "Text/XML; charset=utf-8")
		io.Copy(w, r.Body)
	})
	reply, replyType, err := transport.RoundTrip(t.Context(), typeJSON, []byte("[]"))
	if err != nil || string(reply) != "[]" || replyType != typeXML {
		t.Errorf("got %q, %q, %v, want %q, %q", reply, replyType, err, "[]", typeXML)
	}
}

func TestHTTPKeepsConnections(t *testing.T) {
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.URL.Query()) > 0 {
			w.(http.Flusher).Flush() // chunked
		}
		io.WriteString(w, strings.Repeat("x", 10_000))
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	for i, url := range []string{server.URL, server.URL + "/?chunked"} {
		transport := webTransport(t, url, TransportOptions{})
		for range 5 {
			if reply, _, err := transport.RoundTrip(t.Context(), typeXML, nil); err != nil || len(reply) != 10_000 {
				t.Fatalf("got %d bytes, %v, want 10000", len(reply), err)
			}
		}
		if got, want := opened.Load(), int64(i+1); got != want {
			t.Errorf("%d connections, want %d", got, want)
		}
	}
}

func TestHTTPRepliesAreBounded(t *testing.T) {
	for _, test := range []struct {
		name  string
		flush bool // sends the reply without its length
		size  int
		want  error
	}{
		{"fits", false, 100, nil},
		{"too large", false, 101, ErrTooLarge},
		{"fits, chunked", true, 100, nil},
		{"too large, chunked", true, 1_000_000, ErrTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			transport := serveWeb(t, TransportOptions{MaxReply: 100}, func(w http.ResponseWriter, r *http.Request) {
				if test.flush {
					w.(http.Flusher).Flush()
				}
				w.Write(make([]byte, test.size))
			})
			if _, _, err := transport.RoundTrip(t.Context(), typeXML, nil); !errors.Is(err, test.want) {
				t.Errorf("error = %v, want %v", err, test.want)
			}
		})
	}
}

func TestHTTPInflatesReplies(t *testing.T) {
	transport := serveWeb(t, TransportOptions{}, func(w http.ResponseWriter, r *http.Request) { w.Write(gzipped(t, "<xml/>")) })
	if reply, _, err := transport.RoundTrip(t.Context(), typeXML, nil); err != nil || string(reply) != "<xml/>" {
		t.Errorf("reply = %q, %v, want it inflated", reply, err)
	}
}

func TestHTTPContext(t *testing.T) {
	for _, begin := range []bool{false, true} { // whether half a reply is sent
		reached := make(chan struct{}, 2)
		transport := serveWeb(t, TransportOptions{}, func(w http.ResponseWriter, r *http.Request) {
			if begin {
				io.WriteString(w, "half")
				w.(http.Flusher).Flush()
			}
			io.Copy(io.Discard, r.Body)
			reached <- struct{}{}
			<-r.Context().Done() // the client has closed the connection
		})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-reached; cancel() }()
		_, _, err := transport.RoundTrip(ctx, typeXML, []byte("x"))
		if !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) || retryable(err) {
			t.Errorf("error = %v, want only %v", err, context.Canceled)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, _, err = transport.RoundTrip(ctx, typeXML, []byte("x"))
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnavailable) {
			t.Errorf("error = %v, want only %v", err, context.DeadlineExceeded)
		}
	}
}

func TestHTTPBrokenConnections(t *testing.T) {
	for _, test := range []struct {
		name, response string
		kind, cause    error
		retryable      bool
	}{
		{"nothing", "", ErrUnavailable, io.EOF, true},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n", ErrUnavailable, io.ErrUnexpectedEOF, false},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", ErrUnavailable, io.ErrUnexpectedEOF, false},
		{"not HTTP", "Status: 200 OK\r\nContent-Length: 2\r\n\r\n{}", ErrProtocol, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			peer := servePeer(t, "tcp", func(conn net.Conn) {
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					io.WriteString(conn, test.response)
				}
			})
			_, _, err := webTransport(t, "http://"+peer.String(), TransportOptions{}).RoundTrip(t.Context(), typeXML, nil)
			if !errors.Is(err, test.kind) || test.cause != nil && !errors.Is(err, test.cause) || retryable(err) != test.retryable {
				t.Errorf("error = %v (retryable %v), want %v wrapping %v (%v)", err, retryable(err), test.kind, test.cause, test.retryable)
			}
		})
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	_, _, err := webTransport(t, closed.URL, TransportOptions{}).RoundTrip(t.Context(), typeXML, nil)
	if !errors.Is(err, ErrUnavailable) || retryable(err) {
		t.Errorf("error = %v (retryable %v), want %v, not retryable", err, retryable(err), ErrUnavailable)
	}
}

func TestHTTPS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it is told of our refusal
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []TransportOptions{{CAFile: ca}, {InsecureTLS: true}} {
		if reply, _, err := webTransport(t, server.URL, o).RoundTrip(t.Context(), typeXML, nil); err != nil || string(reply) != "ok" {
			t.Errorf("%+v: reply = %q, %v, want ok", o, reply, err)
		}
	}
	_, _, err := webTransport(t, server.URL, TransportOptions{}).RoundTrip(t.Context(), typeXML, nil)
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "--tls-ca") || retryable(err) {
		t.Errorf("unknown CA: %v, want %v with a hint", err, ErrUnavailable)
	}
}

func TestTLSOptionsThatMakeNoSense(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := ParseEndpoint("https://localhost")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []TransportOptions{{CAFile: "/nowhere/ca.pem"}, {CAFile: empty}, {CAFile: empty, InsecureTLS: true}} {
		if transport, err := NewTransport(e, o); err == nil || transport != nil {
			t.Errorf("%+v: got %v, %v, want an error", o, transport, err)
		}
	}
	if _, err := NewTransport(Endpoint{}, TransportOptions{}); err == nil {
		t.Error("a transport to nowhere, want an error")
	}
}
