package rtorrent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// probeAtMost is the largest request that is tried: no rTorrent takes more
// than 16 MiB.
const probeAtMost = 32 << 20

// RequestLimit is the largest request body that SCGI takes in this version of
// rTorrent; it closes the connection without a word over that. It is for
// telling: what stands in front may take less.
func (c *Caps) RequestLimit() int64 {
	if c.hangsOnStop() { // 0.9.8 and before
		return 2 << 20
	}
	return 16 << 20
}

// sizes are what is known of the requests that one rTorrent process takes, and
// whatever stands in front of it.
type sizes struct {
	takes   int64 // it took one of that many bytes
	refuses int64 // it refused one of that many bytes; 0 unknown
}

// takes reports whether rTorrent takes requests of that many bytes. Its SCGI
// closes the connection over 2 MiB (0.9.8) or 16 MiB (0.16) without a word, as
// it does when it dies, so a request that changes nothing is made that long
// and sent first. A limit that can be raised answers it with a fault.
func (c *Client) takes(ctx context.Context, size int64) (bool, error) {
	c.mu.Lock()
	known := c.sizes
	c.mu.Unlock()
	switch {
	case size <= known.takes:
		return true, nil
	case known.refuses > 0 && size >= known.refuses, size > probeAtMost:
		return false, nil
	}
	taken, err := c.probeSize(ctx, size)
	if err != nil {
		return false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if taken {
		c.sizes.takes = max(c.sizes.takes, size)
	} else if c.sizes.refuses == 0 || size < c.sizes.refuses {
		c.sizes.refuses = size
	}
	return taken, nil
}

func (c *Client) probeSize(ctx context.Context, size int64) (bool, error) {
	request, err := encodeXML(call{"system.pid", nil})
	if err != nil {
		return false, err
	}
	if pad := int(size) - len(request); pad > 0 {
		request = append(request, bytes.Repeat([]byte(" "), pad)...)
	}
	body, _, err := c.exchange(ctx, false, typeXML, request)
	switch {
	case err == nil:
		var fault *Fault
		if err := decodeSmall(body, nil); err != nil && !errors.As(err, &fault) {
			return false, fmt.Errorf("a request of %d bytes: %w", size, err)
		}
		return true, nil
	case errors.Is(err, ErrTooLarge): // a web server in front of it
		return false, nil
	case !errors.Is(err, ErrUnavailable) || ctx.Err() != nil:
		return false, err
	}
	if alive := c.Call(ctx, nil, "system.pid"); alive != nil {
		return false, alive
	}
	return false, nil
}
