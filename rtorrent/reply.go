package rtorrent

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readBody reads a body of n bytes into one buffer of that size, or, where n
// is negative, up to its end. Over limit bytes it is ErrTooLarge, before
// anything is allocated for it; when the body breaks off, ErrUnavailable.
func readBody(r io.Reader, n, limit int64) ([]byte, error) {
	if n > limit {
		return nil, tooLarge(limit)
	}
	var body []byte
	var err error
	if n >= 0 {
		body = make([]byte, n)
		var got int
		got, err = io.ReadFull(r, body)
		body = body[:got]
	} else {
		body, err = io.ReadAll(io.LimitReader(r, limit+1))
	}
	switch {
	case int64(len(body)) > limit:
		return nil, tooLarge(limit)
	case err != nil:
		return nil, brokenOff(int64(len(body)), n, err)
	}
	return body, nil
}

func tooLarge(limit int64) error {
	return fmt.Errorf("reply of more than %d bytes: %w", limit, ErrTooLarge)
}

// brokenOff is the error of a reply that ended after got bytes instead of want,
// which is negative where it is not known.
func brokenOff(got, want int64, cause error) error {
	if cause == io.EOF {
		cause = io.ErrUnexpectedEOF
	}
	if want < 0 {
		return fmt.Errorf("%w: reply broken off after %d bytes: %w", ErrUnavailable, got, cause)
	}
	return fmt.Errorf("%w: reply broken off after %d of %d bytes: %w", ErrUnavailable, got, want, cause)
}

// inflate decompresses a reply that is compressed and returns any other as it
// is. Compression is never asked for, but rTorrent 0.16 sends its compressed
// replies without a Content-Encoding, and front ends may add it; no XML or
// JSON begins like gzip. Over limit bytes the result is ErrTooLarge.
func inflate(reply []byte, limit int64) ([]byte, error) {
	if !bytes.HasPrefix(reply, []byte{0x1f, 0x8b}) {
		return reply, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(reply))
	if err != nil {
		return nil, fmt.Errorf("%w: compressed reply: %w", ErrProtocol, err)
	}
	body, err := readBody(z, -1, limit)
	switch {
	case errors.Is(err, ErrTooLarge):
		return nil, err
	case err != nil:
		// The bytes are all here: it is not the connection that is at fault.
		return nil, fmt.Errorf("%w: compressed reply is damaged after %d bytes", ErrProtocol, len(reply))
	}
	return body, nil
}

// mediaType returns a Content-Type in lower case and without its parameters.
func mediaType(contentType string) string {
	name, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(name))
}
