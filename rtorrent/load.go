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
)

// RequestLimit is the largest request body that this rTorrent's SCGI takes; it
// closes the connection without a word over that.
func (c *Caps) RequestLimit() int64 {
	if c.hangsOnStop() { // 0.9.8 and before
		return 2 << 20
	}
	return 16 << 20
}

// LoadRaw gives the bytes of a .torrent to rTorrent, which never says whether
// it took them: look for the info-hash. The limit for requests is raised when
// the bytes need it, to what SCGI takes; over that the error is ErrTooLarge.
func (c *Client) LoadRaw(ctx context.Context, metainfo []byte) error {
	caps, err := c.Caps(ctx)
	if err != nil {
		return err
	}
	size := int64(base64.StdEncoding.EncodedLen(len(metainfo))) + requestFrame
	if size > caps.RequestLimit() {
		return fmt.Errorf("load.raw: %w: a request of %d bytes, rTorrent %s takes %d", ErrTooLarge, size, caps.Version, caps.RequestLimit())
	}
	if size > smallRequest && caps.Has("network.xmlrpc.size_limit.set") {
		var limit int64
		if err := c.Call(ctx, &limit, "network.xmlrpc.size_limit"); err != nil {
			return err
		}
		if limit < size {
			c.log.Info("raising network.xmlrpc.size_limit", "from", limit, "to", caps.RequestLimit())
			if err := c.CallWrite(ctx, nil, "network.xmlrpc.size_limit.set", "", caps.RequestLimit()); err != nil {
				return err
			}
		}
	}
	return c.CallWrite(ctx, nil, "load.raw", "", metainfo)
}

// Load gives a .torrent to rTorrent, as LoadRaw does. It reports whether
// anything was sent, so that it may have arrived whatever the error says.
func (c *Client) Load(ctx context.Context, m *Metainfo) (sent bool, err error) {
	err = c.LoadRaw(ctx, m.Encode())
	return err == nil || errors.Is(err, ErrUnknown) || errors.Is(err, ErrInterrupted), err
}
