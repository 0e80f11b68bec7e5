package rtorrent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// Options are what New needs besides the transport.
type Options struct {
	// Timeout bounds each call; zero means 30 seconds.
	Timeout time.Duration
	// Log receives what is worth a line; nil means none.
	Log *slog.Logger
	// Local returns where a path of rTorrent's is on this machine; nil means
	// that it is the same.
	Local func(path string) string
	// NoJSON keeps every call in XML, also where rTorrent speaks JSON.
	NoJSON bool
}

// A Client calls one rTorrent. It is safe for concurrent use: at most four
// calls are under way at once, and a write never waits behind reads.
type Client struct {
	transport Transport
	limits    *limits
	timeout   time.Duration
	log       *slog.Logger
	noJSON    bool
	local     func(path string) string

	torrents    *Table[Torrent]
	files       *Table[File]
	pieces      *Table[Pieces]
	trackers    *Table[Tracker]
	peers       *Table[Peer]
	server      *Table[Server]
	throttles   *Table[Throttle]
	chokeGroups *Table[ChokeGroup]
	lastRows    atomic.Int64 // rows in the last table of all torrents
	sets        sync.Map     // what Columns returned, of the few texts that the tree has

	probes  singleflight.Group
	mu      sync.Mutex
	caps    *Caps           // guarded by mu; nil until probed
	xmlOnly map[string]bool // guarded by mu; queries that failed in JSON
	heavy   bool            // guarded by mu; free text exceeded heavyRow
	sizes   sizes           // guarded by mu
	refused map[string]bool // guarded by mu; columns that strangers may not ask

	names  *nameCache
	groups *groupNames
	pacer  *pacer
	stats  stats
}

type stats struct{ calls, tables, sent, received atomic.Int64 }

// Stats counts what a Client did since it was made.
type Stats struct {
	Calls    int64 // requests sent, batches counted once
	Tables   int64 // of these, tables of all torrents
	Sent     int64 // bytes of requests
	Received int64 // bytes of replies
}

// New returns a Client that talks over t. It makes no call.
func New(t Transport, o Options) *Client {
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Local == nil {
		o.Local = func(path string) string { return path }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{
		transport:   t,
		limits:      newLimits(),
		timeout:     o.Timeout,
		log:         o.Log,
		local:       o.Local,
		noJSON:      o.NoJSON,
		torrents:    newTable[Torrent](),
		files:       newTable[File](),
		pieces:      newTable[Pieces](),
		trackers:    newTable[Tracker](),
		peers:       newTable[Peer](),
		server:      newTable[Server](),
		throttles:   newTable[Throttle](),
		chokeGroups: newTable[ChokeGroup](),
		xmlOnly:     map[string]bool{},
		refused:     map[string]bool{},
		names:       newNameCache(),
		groups:      newGroupNames(),
		pacer:       newPacer(),
	}
}

// Stats returns the counts so far.
func (c *Client) Stats() Stats {
	return Stats{
		Calls:    c.stats.calls.Load(),
		Tables:   c.stats.tables.Load(),
		Sent:     c.stats.sent.Load(),
		Received: c.stats.received.Load(),
	}
}

// Timeout is the bound of one call.
func (c *Client) Timeout() time.Duration { return c.timeout }

// Call makes one small read and decodes its result into what reply points to
// (*any, *string, *int64, *[]string, …), or drops it if reply is nil.
func (c *Client) Call(ctx context.Context, reply any, method string, args ...any) error {
	return c.call(ctx, false, reply, call{method, args})
}

// CallWrite is Call for what changes something: it is never sent twice.
func (c *Client) CallWrite(ctx context.Context, reply any, method string, args ...any) error {
	return c.call(ctx, true, reply, call{method, args})
}

func (c *Client) call(ctx context.Context, write bool, reply any, request call) error {
	body, err := encodeXML(request)
	if err != nil {
		return err
	}
	answer, _, err := c.exchange(ctx, write, typeXML, body)
	if err != nil {
		return fmt.Errorf("%s: %w", request.method, err)
	}
	err = decodeSmall(answer, reply)
	if write {
		err = outcome(err)
	}
	return named(err, request.method)
}

// named puts the method into a fault that lacks it, and before other errors.
func named(err error, method string) error {
	var f *Fault
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return &Fault{Method: method, Code: f.Code, Message: f.Message}
	}
	return fmt.Errorf("%s: %w", method, err)
}

// interruptGrace is how long a write that was sent is waited for after its
// caller gave up: most answers are there within milliseconds, and knowing the
// outcome is worth more than the time.
const interruptGrace = time.Second

// ErrInterrupted says that the caller left a write before its outcome was
// known: it may have happened.
var ErrInterrupted = errors.New("interrupted, outcome unknown")

// exchange carries one request within the client's timeout and limits. A read
// that got no byte of an answer is sent once more; a write never is, and once
// it is on its way it is not cut off when its caller leaves.
func (c *Client) exchange(ctx context.Context, write bool, contentType string, request []byte) ([]byte, string, error) {
	bounded, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	release, err := c.limits.acquire(bounded, write)
	if err != nil {
		return nil, "", err
	}
	if write {
		return c.exchangeDetached(ctx, release, contentType, request)
	}
	defer release()
	body, replyType, err := c.exchangeOnce(bounded, contentType, request)
	if err != nil && bounded.Err() == nil && retryable(err) {
		body, replyType, err = c.exchangeOnce(bounded, contentType, request)
	}
	return body, replyType, err
}

// exchangeDetached carries a write to its end whatever its caller does, and
// tells the caller the outcome unless that comes too late.
func (c *Client) exchangeDetached(ctx context.Context, release func(), contentType string, request []byte) ([]byte, string, error) {
	type answer struct {
		body      []byte
		replyType string
		err       error
	}
	done := make(chan answer, 1)
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
	go func() {
		defer cancel()
		defer release()
		body, replyType, err := c.exchangeOnce(detached, contentType, request)
		done <- answer{body, replyType, outcome(err)}
	}()
	select {
	case a := <-done:
		return a.body, a.replyType, a.err
	case <-ctx.Done():
	}
	grace := time.NewTimer(interruptGrace)
	defer grace.Stop()
	select {
	case a := <-done:
		return a.body, a.replyType, a.err
	case <-grace.C:
		return nil, "", fmt.Errorf("%w: %w", ErrInterrupted, ctx.Err())
	}
}

func (c *Client) exchangeOnce(ctx context.Context, contentType string, request []byte) ([]byte, string, error) {
	c.stats.calls.Add(1)
	c.stats.sent.Add(int64(len(request)))
	body, replyType, err := c.transport.RoundTrip(ctx, contentType, request)
	c.stats.received.Add(int64(len(body)))
	var page *statusError
	if errors.Is(err, ErrTooLarge) && !errors.As(err, &page) {
		err = fmt.Errorf("%w: %w", ErrProtocol, err) // a reply; requests are measured before
	}
	return body, replyType, err
}
