package rtorrent

import (
	"context"
	"errors"
	"fmt"
)

// A Transport carries one request to rTorrent and returns the whole reply. It
// interprets neither. It is safe for concurrent use and sends nothing twice.
//
// A call ends at once when ctx does, with an error that wraps ctx.Err(); for a
// ctx that never ends there is no other bound. Cancelling frees only the
// caller: what rTorrent has received it carries out. Other errors are
// ErrUnavailable, wrapping the cause; ErrTooLarge; ErrProtocol for what no
// rTorrent sends; ErrUntrusted where a front end refuses the login.
type Transport interface {
	// RoundTrip sends a request of the given content type. The type of the
	// reply is in lower case and without parameters.
	RoundTrip(ctx context.Context, contentType string, request []byte) (reply []byte, replyType string, err error)
}

// The content types of the two wires.
const (
	typeXML  = "text/xml"
	typeJSON = "application/json"
)

// TransportOptions are what NewTransport needs besides the Endpoint.
type TransportOptions struct {
	// CAFile names the PEM file of the only CAs to trust with https; empty
	// means those of the system.
	CAFile string
	// InsecureTLS accepts any certificate with https.
	InsecureTLS bool
	// MaxReply bounds a reply, in bytes, before and after decompression. Zero
	// means 100 MiB, which is also the most it can be.
	MaxReply int64
}

// hardMaxReply is the size of reply, in bytes, above which rTorrent ends itself
// (SCgiTask::receive_write, 0.9.8 and 0.16.17).
const hardMaxReply = 100 << 20

// NewTransport returns the Transport that e calls for. It does not connect;
// it fails only where the options are wrong.
func NewTransport(e Endpoint, o TransportOptions) (Transport, error) {
	if o.MaxReply <= 0 || o.MaxReply > hardMaxReply {
		o.MaxReply = hardMaxReply
	}
	switch e.scheme {
	case schemeSCGI:
		return &scgiTransport{network: e.network, address: e.address, maxReply: o.MaxReply}, nil
	case schemeHTTP, schemeHTTPS:
		return newHTTPTransport(e, o)
	case schemeSSH:
		return &sshTransport{destination: e.destination(), port: e.port, remote: e.address, maxReply: o.MaxReply}, nil
	}
	return nil, errors.New("no server given")
}

// errUnanswered says that not one byte of an answer came.
var errUnanswered = errors.New("no answer")

// unanswered is the error of a connection that cause ended before the first
// byte of an answer: rTorrent closes it like that when it is over its number
// of connections, when a request is over its limit, and when it dies.
func unanswered(cause error) error {
	return fmt.Errorf("%w: %w: %w", ErrUnavailable, errUnanswered, cause)
}

// abandoned is the error of a call whose context ended.
func abandoned(ctx context.Context) error {
	return fmt.Errorf("call abandoned: %w", ctx.Err())
}
