package rtorrent

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
)

const (
	// requestFrame is more than what stands around the base64 of a .torrent in
	// its request.
	requestFrame = 512
	// smallRequest is less than the least limit that any rTorrent has unless
	// told otherwise (network.xmlrpc.size_limit, 524288).
	smallRequest = 500_000
	// raisedLimit is what that limit is set to when a .torrent needs it: the
	// highest that every version takes.
	raisedLimit = 16 << 20
)

// Load gives a .torrent to rTorrent, which never says whether it took it: look
// for the info-hash. It goes by the first way that can carry it: in a call; as
// a data URI where rTorrent speaks JSON, for which no limit but that of SCGI
// holds; in a call for which the limit is raised; as a file that rTorrent
// reads. The error is ErrTooLarge where none can. sent reports that it may
// have arrived, whatever the error says.
func (c *Client) Load(ctx context.Context, m *Metainfo) (sent bool, err error) {
	caps, err := c.Caps(ctx)
	if err != nil {
		return false, err
	}
	metainfo := m.Encode()
	size := requestSize(metainfo)
	takes := size <= smallRequest
	if !takes {
		if takes, err = c.takes(ctx, size); err != nil {
			return false, err
		}
	}
	switch {
	case !takes:
		return c.loadFile(ctx, caps, m.Hash, metainfo)
	case size > smallRequest && caps.JSON:
		err = c.loadURI(ctx, metainfo)
	default:
		err = c.LoadRaw(ctx, metainfo)
	}
	return MayHaveHappened(err), err
}

// MayHaveHappened reports whether a write with that outcome may have happened.
func MayHaveHappened(err error) bool {
	return err == nil || errors.Is(err, ErrUnknown) || errors.Is(err, ErrInterrupted)
}

func requestSize(metainfo []byte) int64 {
	return int64(base64.StdEncoding.EncodedLen(len(metainfo))) + requestFrame
}

// LoadRaw gives the bytes of a .torrent to rTorrent in a call. The limit for
// requests is raised when the bytes need it, to what SCGI takes; over that the
// error is ErrTooLarge.
func (c *Client) LoadRaw(ctx context.Context, metainfo []byte) error {
	caps, err := c.Caps(ctx)
	if err != nil {
		return err
	}
	if size := requestSize(metainfo); size > smallRequest {
		takes, err := c.takes(ctx, size)
		if err != nil {
			return err
		}
		if !takes {
			return fmt.Errorf("load.raw: %w: this rTorrent takes no request of %d bytes", ErrTooLarge, size)
		}
		if err := c.raiseLimit(ctx, caps, size); err != nil {
			return err
		}
	}
	return c.CallWrite(ctx, nil, "load.raw", "", metainfo)
}

// raiseLimit sees that rTorrent takes a request of that size.
func (c *Client) raiseLimit(ctx context.Context, caps *Caps, size int64) error {
	if !caps.Has("network.xmlrpc.size_limit.set") {
		return nil
	}
	var limit int64
	if err := c.Call(ctx, &limit, "network.xmlrpc.size_limit"); err != nil || limit >= size {
		return err
	}
	c.log.Info("raising network.xmlrpc.size_limit", "from", limit, "to", raisedLimit)
	return c.CallWrite(ctx, nil, "network.xmlrpc.size_limit.set", "", raisedLimit)
}

// loadURI loads a .torrent as a data URI, in JSON. It leaves no tie.
func (c *Client) loadURI(ctx context.Context, metainfo []byte) error {
	uri := "data:application/x-bittorrent;base64," + base64.StdEncoding.EncodeToString(metainfo)
	request, err := encodeJSON([]call{{"load.normal", []any{"", uri}}})
	if err != nil {
		return err
	}
	body, _, err := c.exchange(ctx, true, typeJSON, request)
	if err != nil {
		return fmt.Errorf("load.normal: %w", err)
	}
	s := newJSONScanner(body)
	return named(single(s, s.skip), "load.normal")
}
