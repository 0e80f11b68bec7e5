package rtorrent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// An sshTransport speaks SCGI to a Unix socket of another machine, through the
// system's ssh: that knows the user's keys, agent, known hosts and config. It
// is started by the first call, and again by a call after its end.
type sshTransport struct {
	destination, port, remote string
	maxReply                  int64

	mu      sync.Mutex // guards what follows; not held while anything is waited for
	current *tunnel
	closed  bool
}

var (
	_ Transport = (*sshTransport)(nil)
	_ io.Closer = (*sshTransport)(nil)
)

// sshPause is how long after one ssh was started the next may be.
const sshPause = 2 * time.Second

// RoundTrip implements Transport.
func (t *sshTransport) RoundTrip(ctx context.Context, contentType string, request []byte) ([]byte, string, error) {
	tunnel, err := t.tunnel()
	if err != nil {
		return nil, "", err
	}
	select {
	case <-tunnel.settled:
	case <-ctx.Done():
		return nil, "", abandoned(ctx)
	}
	if err := tunnel.failure(); err != nil {
		return nil, "", err
	}
	local := scgiTransport{network: "unix", address: tunnel.socket(), maxReply: t.maxReply}
	reply, replyType, err := local.RoundTrip(ctx, contentType, request)
	if errors.Is(err, errUnanswered) {
		// ssh takes the connection before it knows whether the other end does.
		err = fmt.Errorf("%w: ssh %s: %s", err, t.destination, tunnel.said.await(ctx))
	}
	return reply, replyType, err
}

// tunnel returns the ssh that runs or is being started.
func (t *sshTransport) tunnel() (*tunnel, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, net.ErrClosed)
	}
	if t.current != nil && (t.current.alive() || time.Since(t.current.started) < sshPause) {
		return t.current, nil
	}
	if t.current != nil {
		t.current.remove()
	}
	tunnel, err := startTunnel(t.destination, t.port, t.remote)
	if err != nil {
		return nil, fmt.Errorf("%w: ssh %s: %w", ErrUnavailable, t.destination, err)
	}
	t.current = tunnel
	return tunnel, nil
}

// Close ends ssh and removes its directory.
func (t *sshTransport) Close() error {
	t.mu.Lock()
	tunnel := t.current
	t.closed = true
	t.mu.Unlock()
	if tunnel == nil {
		return nil
	}
	tunnel.end()
	tunnel.remove()
	return nil
}
