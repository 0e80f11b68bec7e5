package rtorrenttest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"rtfs/rtorrent"
)

// A Proxy stands between a client and a real rTorrent, and spoils what passes:
// the next calls by Spoil, or a share of all of them by Random. It is safe for
// concurrent use.
type Proxy struct {
	endpoint string
	path     string

	mu       sync.Mutex // guards the fields below
	network  string     // of the rTorrent behind
	address  string
	listener net.Listener // nil while Down
	next     []Fault
	random   *rand.Rand // nil for none
	share    float64    // of the calls that are spoilt
	held     time.Duration
	distrust bool
	counts   map[Fault]int64
	open     map[net.Conn]int // and its number
	begun    int              // connections so far
	closed   bool
	calls    sync.WaitGroup
}

// NewProxy returns a Proxy before the rTorrent at endpoint. It ends with the
// test.
func NewProxy(t testing.TB, endpoint string) *Proxy {
	t.Helper()
	path := filepath.Join(ShortDir(t), "proxy.sock")
	p := &Proxy{endpoint: "scgi://" + path, path: path, held: 3 * time.Second, counts: map[Fault]int64{}, open: map[net.Conn]int{}}
	if err := p.Point(endpoint); err != nil {
		t.Fatal(err)
	}
	if err := p.Up(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		p.Down()
		p.Cut()
		p.calls.Wait()
	})
	return p
}

// Endpoint is where the Proxy listens, in the form ParseEndpoint takes.
func (p *Proxy) Endpoint() string { return p.endpoint }

// Point makes the calls from now on go to the rTorrent at endpoint.
func (p *Proxy) Point(endpoint string) error {
	e, err := rtorrent.ParseEndpoint(endpoint)
	if err != nil {
		return err
	}
	network, address := "unix", e.SocketPath()
	if address == "" {
		network, address = "tcp", e.String()[len("scgi://"):]
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.network, p.address = network, address
	return nil
}

// Spoil spoils the next calls in these ways, one each.
func (p *Proxy) Spoil(faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = append(p.next, faults...)
}

// Random spoils a share of all calls, in ways that follow from the seed; 0 is
// none.
func (p *Proxy) Random(seed uint64, share float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.random, p.share = rand.New(rand.NewPCG(seed, 0)), share
}

// Hold sets how long the faults that keep a client waiting keep it at most.
func (p *Proxy) Hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = d
}

// Distrust has the calls from now on marked as ones that are not trusted, as a
// web server in front of rTorrent marks those of strangers.
func (p *Proxy) Distrust(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.distrust = on
}

// Counts returns how often each fault has happened, and their sum.
func (p *Proxy) Counts() (each map[Fault]int64, sum int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	each = map[Fault]int64{}
	for f, n := range p.counts {
		each[f] = n
		sum += n
	}
	return each, sum
}

// Down stops listening and removes the socket: clients find ENOENT.
func (p *Proxy) Down() {
	p.mu.Lock()
	l := p.listener
	p.listener = nil
	p.mu.Unlock()
	if l != nil {
		l.Close()
	}
}

// Stale stops listening and leaves the socket, as a killed rTorrent does:
// clients find ECONNREFUSED.
func (p *Proxy) Stale() {
	p.mu.Lock()
	if l, ok := p.listener.(*net.UnixListener); ok {
		l.SetUnlinkOnClose(false)
	}
	p.mu.Unlock()
	p.Down()
}

// Up undoes Down and Stale.
func (p *Proxy) Up() error {
	l, err := listenOver(p.path)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.listener = l
	p.mu.Unlock()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if !p.begin(conn) {
				conn.Close()
				return
			}
			go func() {
				defer p.end(conn)
				p.serve(conn.(*net.UnixConn))
			}()
		}
	}()
	return nil
}

// Cut breaks all connections off.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		conn.Close()
	}
}

// Settled returns when the calls that are under way have ended, both with the
// client and with rTorrent, whatever began since; false if that takes longer.
func (p *Proxy) Settled(within time.Duration) bool {
	p.mu.Lock()
	last := p.begun
	p.mu.Unlock()
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		p.mu.Lock()
		oldest := last + 1
		for _, number := range p.open {
			oldest = min(oldest, number)
		}
		p.mu.Unlock()
		if oldest > last {
			return true
		}
	}
	return false
}

func (p *Proxy) begin(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.calls.Add(1)
	p.begun++
	p.open[conn] = p.begun
	return true
}

func (p *Proxy) end(conn net.Conn) {
	conn.Close()
	p.mu.Lock()
	delete(p.open, conn)
	p.mu.Unlock()
	p.calls.Done()
}

// A passing is a call that passes the proxy, and what is to go wrong with it.
type passing struct {
	proxy   *Proxy
	fault   Fault
	held    time.Duration
	marked  bool    // as not trusted
	random  float64 // from 0 to 1
	network string
	address string
}

func (p *Proxy) choose() passing {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := passing{proxy: p, held: p.held, marked: p.distrust, random: 0.5, network: p.network, address: p.address}
	switch {
	case len(p.next) > 0:
		c.fault, p.next = p.next[0], p.next[1:]
	case p.random != nil && p.random.Float64() < p.share:
		c.fault = Fault(1 + p.random.IntN(int(faultsEnd)-1))
	}
	if p.random != nil {
		c.random = p.random.Float64()
	}
	if c.fault != None {
		p.counts[c.fault]++
	}
	return c
}

// readRequest reads one request as it is, head and body.
func readRequest(r *bufio.Reader) ([]byte, error) {
	var raw bytes.Buffer
	tee := bufio.NewReader(io.TeeReader(r, &raw))
	length, _, err := readHead(tee)
	if err != nil {
		return nil, err
	}
	if length > 64<<20 {
		return nil, fmt.Errorf("request of %d bytes", length)
	}
	if _, err := io.CopyN(io.Discard, tee, int64(length)); err != nil {
		return nil, err
	}
	return raw.Bytes(), nil
}
