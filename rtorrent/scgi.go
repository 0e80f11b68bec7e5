package rtorrent

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// A scgiTransport speaks SCGI, over TCP or a Unix socket: one connection per
// request, which rTorrent closes.
type scgiTransport struct {
	network, address string
	maxReply         int64
	dialer           net.Dialer
}

var _ Transport = (*scgiTransport)(nil)

// RoundTrip implements Transport.
func (t *scgiTransport) RoundTrip(ctx context.Context, contentType string, request []byte) ([]byte, string, error) {
	reply, replyType, err := t.exchange(ctx, contentType, request)
	if err != nil {
		if ctx.Err() != nil {
			err = abandoned(ctx)
		}
		return nil, "", err
	}
	reply, err = inflate(reply, t.maxReply)
	return reply, replyType, err
}

// lateReply is how long a reply is waited for after the request could not be
// sent whole. It is there already, or it never comes.
const lateReply = time.Second

func (t *scgiTransport) exchange(ctx context.Context, contentType string, request []byte) ([]byte, string, error) {
	conn, err := t.dialer.DialContext(ctx, t.network, t.address)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w: %w", ErrUnavailable, errUnsent, err)
	}
	defer conn.Close()
	// Closing wakes a blocked read or write, and frees an rTorrent that is
	// blocked in sending.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	_, unsent := (&net.Buffers{scgiHeader(contentType, len(request)), request}).WriteTo(conn)
	if unsent != nil {
		// A peer that answers before it has read everything and then closes
		// fails our write; its answer says more than "broken pipe".
		conn.SetReadDeadline(time.Now().Add(lateReply))
	}
	reply, replyType, err := readSCGIReply(bufio.NewReaderSize(conn, maxReplyHead), t.maxReply)
	if unsent != nil && errors.Is(err, errUnanswered) {
		err = fmt.Errorf("%w: %w", unanswered(unsent), errUnsent)
	}
	return reply, replyType, err
}

// scgiHeader returns the header of a request with a body of the given length.
// rTorrent wants CONTENT_LENGTH first and at most 2000 bytes in all; 0.16 also
// reads CONTENT_TYPE.
func scgiHeader(contentType string, length int) []byte {
	header := "CONTENT_LENGTH\x00" + strconv.Itoa(length) + "\x00" +
		"SCGI\x001\x00" +
		"CONTENT_TYPE\x00" + contentType + "\x00" +
		"REQUEST_METHOD\x00POST\x00" +
		"REQUEST_URI\x00/RPC2\x00"
	return []byte(strconv.Itoa(len(header)) + ":" + header + ",")
}
