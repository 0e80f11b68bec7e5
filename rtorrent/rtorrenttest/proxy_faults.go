package rtorrenttest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Fault is a way in which a Proxy spoils a call.
type Fault uint8

// The faults. Those up to Swallow keep the request from rTorrent; with the
// others it carries the request out.
const (
	None Fault = iota
	// Slow delays the request a little, and spoils nothing.
	Slow
	// Refuse closes the connection in the middle of the request, as an rTorrent
	// with too many connections does.
	Refuse
	// Swallow reads the request, and does nothing until the client leaves.
	Swallow
	// Lose closes the connection instead of answering.
	Lose
	// HalfClose ends the answer before its first byte, and goes on reading.
	HalfClose
	// Truncate breaks off in the middle of the answer.
	Truncate
	// Stall stops in the middle of the answer until the client leaves.
	Stall
	// Late answers when the client has left.
	Late
	// Corrupt replaces the end of the answer by zeros.
	Corrupt
	// GarbagePage answers with a web page.
	GarbagePage
	// Flood answers without end.
	Flood
	// FloodHead answers with a head without end.
	FloodHead
	// Drip sends the answer in small pieces, and spoils nothing.
	Drip

	faultsEnd
)

var faultNames = [faultsEnd]string{"none", "slow", "refuse", "swallow", "lose", "half-close", "truncate",
	"stall", "late", "corrupt", "garbage", "flood", "flood of heads", "drip"}

func (f Fault) String() string { return faultNames[f] }

// AllFaults returns all of them.
func AllFaults() []Fault {
	var all []Fault
	for f := Slow; f < faultsEnd; f++ {
		all = append(all, f)
	}
	return all
}

// listenOver listens at a path where a dead socket may be.
func listenOver(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	return net.Listen("unix", path)
}

// serve passes one call on.
func (p *Proxy) serve(conn *net.UnixConn) {
	r := bufio.NewReader(conn)
	if _, err := r.Peek(1); err != nil {
		return // nobody's call: somebody looked whether it is there
	}
	c := p.choose()
	switch c.fault {
	case Refuse:
		return
	case Slow:
		time.Sleep(time.Duration(c.random * float64(c.held) / 20))
	}
	request, err := readRequest(r)
	if err != nil {
		return
	}
	if c.fault == Swallow {
		awaitLeave(conn, c.held)
		return
	}
	if c.marked {
		request = distrusted(request)
	}
	answer, err := c.ask(request)
	if err != nil {
		return
	}
	c.answer(conn, answer)
}

// ask carries a request to rTorrent and returns its answer, as it is.
func (c *passing) ask(request []byte) ([]byte, error) {
	conn, err := net.DialTimeout(c.network, c.address, c.held)
	if err != nil {
		return nil, err
	}
	if !c.proxy.begin(conn) {
		conn.Close()
		return nil, net.ErrClosed
	}
	defer c.proxy.end(conn)
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	return io.ReadAll(conn)
}

// answer sends an answer in the way of the fault.
func (c *passing) answer(conn *net.UnixConn, answer []byte) {
	body := bytes.Index(answer, []byte("\r\n\r\n")) + 4
	if body < 4 || body >= len(answer) {
		conn.Write(answer) // rTorrent itself was cut off: there is nothing to spoil
		return
	}
	cut := body + int(c.random*float64(len(answer)-body))
	switch c.fault {
	case Lose:
		return
	case HalfClose:
		conn.CloseWrite()
		awaitLeave(conn, c.held)
		return
	case Truncate:
		answer = answer[:min(cut, len(answer)-1)]
	case Stall:
		conn.Write(answer[:min(cut, len(answer)-1)])
		awaitLeave(conn, c.held)
		return
	case Late:
		awaitLeave(conn, c.held)
	case Corrupt:
		// To the very end, so that no value can be taken for a true one.
		for i := min(cut, len(answer)-2); i < len(answer); i++ {
			answer[i] = 0
		}
	case GarbagePage:
		const page = "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"
		answer = fmt.Appendf(nil, "Status: 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", len(page), page)
	case Flood:
		conn.Write([]byte("Status: 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 99999999999\r\n\r\n"))
		flood(conn, strings.Repeat("<value>", 1000), c.held)
		return
	case FloodHead:
		flood(conn, "X-Flood: "+strings.Repeat("x", 1000)+"\r\n", c.held)
		return
	case Drip:
		for len(answer) > 1000 {
			if _, err := conn.Write(answer[:len(answer)/3]); err != nil {
				return
			}
			answer = answer[len(answer)/3:]
			time.Sleep(time.Millisecond)
		}
	}
	conn.Write(answer)
}

// flood sends text again and again until the client leaves.
func flood(conn net.Conn, text string, held time.Duration) {
	conn.SetDeadline(time.Now().Add(held))
	for {
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
	}
}

// awaitLeave returns when the client has closed the connection, at the latest
// after that time.
func awaitLeave(conn net.Conn, held time.Duration) {
	conn.SetReadDeadline(time.Now().Add(held))
	io.Copy(io.Discard, conn)
}

// distrusted adds to a request's head that it is not trusted.
func distrusted(request []byte) []byte {
	digits, rest, _ := bytes.Cut(request, []byte(":"))
	size, _ := strconv.Atoi(string(digits))
	const mark = "UNTRUSTED_CONNECTION\x001\x00"
	return slices.Concat(fmt.Appendf(nil, "%d:", size+len(mark)), rest[:size], []byte(mark), rest[size:])
}
