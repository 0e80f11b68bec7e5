package rtorrent

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// socketFile returns a path for a socket that is short enough for one.
func socketFile(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rtfs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// servePeer accepts connections on a new socket and gives each to serve. Its
// end waits for all of them.
func servePeer(t *testing.T, network string, serve func(net.Conn)) net.Addr {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = socketFile(t)
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	t.Cleanup(func() { l.Close(); served.Wait() })
	served.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(10 * time.Second)) // no test waits that long
				serve(conn)
			})
		}
	})
	return l.Addr()
}

// scgiTo returns a Transport to a peer.
func scgiTo(t *testing.T, peer net.Addr, o TransportOptions) Transport {
	t.Helper()
	e, err := ParseEndpoint("scgi://" + peer.String())
	if err != nil {
		t.Fatal(err)
	}
	transport, err := NewTransport(e, o)
	if err != nil {
		t.Fatal(err)
	}
	return transport
}

// readSCGIRequest reads a request as rTorrent does.
func readSCGIRequest(r io.Reader) (header, body string, err error) {
	var headerLength, bodyLength int
	br := bufio.NewReader(r)
	if _, err := fmt.Fscanf(br, "%d:", &headerLength); err != nil {
		return "", "", err
	}
	h := make([]byte, headerLength+1)
	if _, err := io.ReadFull(br, h); err != nil {
		return "", "", err
	}
	if h[headerLength] != ',' {
		return "", "", errors.New("no comma after the header")
	}
	header = string(h[:headerLength])
	if _, err := fmt.Sscanf(strings.ReplaceAll(header, "\x00", " "), "CONTENT_LENGTH %d SCGI 1 ", &bodyLength); err != nil {
		return header, "", err
	}
	b := make([]byte, bodyLength)
	_, err = io.ReadFull(br, b)
	return header, string(b), err
}

// answering reads a request and sends reply, byte for byte.
func answering(reply string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, _, err := readSCGIRequest(conn); err == nil {
			io.WriteString(conn, reply)
		}
	}
}

// framed is a reply as rTorrent frames it.
func framed(contentType, body string) string {
	return fmt.Sprintf("Status: 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", contentType, len(body), body)
}

func TestSCGIRoundTrip(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			peer := servePeer(t, network, func(conn net.Conn) {
				header, body, err := readSCGIRequest(conn)
				if err != nil {
					t.Errorf("reading the request: %v", err)
				}
				want := fmt.Sprintf("CONTENT_LENGTH\x00%d\x00SCGI\x001\x00CONTENT_TYPE\x00text/xml\x00"+
					"REQUEST_METHOD\x00POST\x00REQUEST_URI\x00/RPC2\x00", len(body))
				if header != want {
					t.Errorf("header = %q, want %q", header, want)
				}
				io.WriteString(conn, framed("Application/JSON; charset=x", "to "+body))
			})
			transport := scgiTo(t, peer, TransportOptions{})
			var calls sync.WaitGroup
			for i := range 8 {
				calls.Go(func() {
					request := strings.Repeat("q", i*100_000)
					reply, replyType, err := transport.RoundTrip(t.Context(), typeXML, []byte(request))
					if err != nil || string(reply) != "to "+request || replyType != typeJSON {
						t.Errorf("reply = %d bytes, %q, %v, want %d bytes, %q", len(reply), replyType, err, len(request)+3, typeJSON)
					}
				})
			}
			calls.Wait()
		})
	}
}

func TestSCGIFailures(t *testing.T) {
	const head = "Status: 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 5\r\n\r\n"
	for _, test := range []struct {
		name, reply string
		kind, cause error
		retryable   bool
	}{
		{"nothing", "", ErrUnavailable, io.EOF, true},
		{"one byte", "S", ErrUnavailable, io.ErrUnexpectedEOF, false},
		{"half a head", head[:30], ErrUnavailable, io.ErrUnexpectedEOF, false},
		{"head alone", head, ErrUnavailable, io.ErrUnexpectedEOF, false},
		{"half a body", head + "<xm", ErrUnavailable, io.ErrUnexpectedEOF, false},
		{"web server", "HTTP/1.1 400 Bad Request\r\n\r\n", ErrProtocol, nil, false},
		{"too large", framed(typeXML, strings.Repeat("x", 101)), ErrTooLarge, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			transport := scgiTo(t, servePeer(t, "unix", answering(test.reply)), TransportOptions{MaxReply: 100})
			reply, _, err := transport.RoundTrip(t.Context(), typeXML, []byte("request"))
			if !errors.Is(err, test.kind) || test.cause != nil && !errors.Is(err, test.cause) {
				t.Errorf("error = %v, want %v wrapping %v", err, test.kind, test.cause)
			}
			if reply != nil || retryable(err) != test.retryable {
				t.Errorf("reply = %q, retryable = %v, want none, %v", reply, retryable(err), test.retryable)
			}
		})
	}
}

func TestSCGIWithoutListener(t *testing.T) {
	missing := &net.UnixAddr{Name: socketFile(t), Net: "unix"}
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: socketFile(t), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, test := range []struct {
		name  string
		peer  net.Addr
		cause error
	}{
		{"no socket", missing, fs.ErrNotExist},
		{"stale socket", stale.Addr(), syscall.ECONNREFUSED},
		{"closed port", closed.Addr(), syscall.ECONNREFUSED},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := scgiTo(t, test.peer, TransportOptions{}).RoundTrip(t.Context(), typeXML, nil)
			if !errors.Is(err, ErrUnavailable) || !errors.Is(err, test.cause) || retryable(err) {
				t.Errorf("error = %v (retryable %v), want %v wrapping %v, not retryable", err, retryable(err), ErrUnavailable, test.cause)
			}
		})
	}
}

// A full backlog of a Unix socket is EAGAIN at connect.
func TestSCGIFullBacklogIsRetryable(t *testing.T) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	path := socketFile(t)
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	waiting, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()
	_, _, err = scgiTo(t, waiting.RemoteAddr(), TransportOptions{}).RoundTrip(t.Context(), typeXML, nil)
	if !errors.Is(err, ErrUnavailable) || !errors.Is(err, syscall.EAGAIN) || !retryable(err) {
		t.Errorf("error = %v, want a retryable EAGAIN", err)
	}
}

func TestSCGIReplyBeforeWholeRequestIsRead(t *testing.T) {
	big := bytes.Repeat([]byte("q"), 8<<20)
	readSome := func(conn net.Conn) { io.ReadFull(conn, make([]byte, 10)) }

	peer := servePeer(t, "unix", func(conn net.Conn) { readSome(conn); io.WriteString(conn, framed(typeXML, "too large")) })
	reply, _, err := scgiTo(t, peer, TransportOptions{}).RoundTrip(t.Context(), typeXML, big)
	if err != nil || string(reply) != "too large" {
		t.Errorf("reply = %q, %v, want the reply sent early", reply, err)
	}

	peer = servePeer(t, "unix", readSome)
	_, _, err = scgiTo(t, peer, TransportOptions{}).RoundTrip(t.Context(), typeXML, big)
	reset := errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
	if !errors.Is(err, ErrUnavailable) || !reset || !retryable(err) {
		t.Errorf("error = %v, want %v wrapping EPIPE or ECONNRESET", err, ErrUnavailable)
	}
}

func TestSCGIContextClosesConnection(t *testing.T) {
	reply := framed(typeXML, strings.Repeat("x", 100))
	for _, test := range []struct {
		name  string
		reach func(conn net.Conn) // what the peer does before it waits
		sent  int                 // bytes of the request
	}{
		{"sending", func(conn net.Conn) { conn.Read(make([]byte, 1)) }, 8 << 20},
		{"waiting", func(conn net.Conn) { readSCGIRequest(conn) }, 10},
		{"amid the head", answering(reply[:20]), 10},
		{"amid the body", answering(reply[:len(reply)-1]), 10},
	} {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(test.name+" "+network, func(t *testing.T) {
				reached, gone := make(chan struct{}), make(chan error, 1)
				peer := servePeer(t, network, func(conn net.Conn) {
					test.reach(conn)
					close(reached)
					_, err := io.Copy(io.Discard, conn) // until the client closes
					gone <- err
				})
				ctx, cancel := context.WithCancel(t.Context())
				go func() { <-reached; cancel() }()
				_, _, err := scgiTo(t, peer, TransportOptions{}).RoundTrip(ctx, typeXML, make([]byte, test.sent))
				if !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) || retryable(err) {
					t.Errorf("error = %v, want only %v", err, context.Canceled)
				}
				if err := <-gone; errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error("the connection stayed open")
				}
			})
		}
	}
}

func TestSCGIDeadline(t *testing.T) {
	peer := servePeer(t, "unix", func(conn net.Conn) { io.Copy(io.Discard, conn) })
	transport := scgiTo(t, peer, TransportOptions{})
	for _, bound := range []time.Duration{0, 50 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), bound)
		begin := time.Now()
		_, _, err := transport.RoundTrip(ctx, typeXML, nil)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v, want %v", err, context.DeadlineExceeded)
		}
		if took := time.Since(begin); took < bound || took > 5*time.Second {
			t.Errorf("took %v, want about %v", took, bound)
		}
	}
}
