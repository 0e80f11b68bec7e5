package rtorrent

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxReplyHead bounds the head of a reply, in bytes. rTorrent's are below 100.
const maxReplyHead = 4 << 10

// readSCGIReply reads a reply up to its announced length: a head of lines
// "Name: value", an empty line, the body. The buffer of r holds at least
// maxReplyHead bytes. The errors are those of a Transport; before the first
// byte, errUnanswered.
func readSCGIReply(r *bufio.Reader, limit int64) (body []byte, contentType string, err error) {
	head, err := readReplyHead(r)
	if err != nil {
		return nil, "", err
	}
	if head.length < 0 {
		return nil, "", fmt.Errorf("%w: no Content-Length", ErrProtocol)
	}
	if head.status != "" && !strings.HasPrefix(head.status, "200") {
		return nil, "", fmt.Errorf("%w: status %s", ErrProtocol, quote(head.status))
	}
	body, err = readBody(r, head.length, limit)
	return body, mediaType(head.contentType), err
}

// A replyHead is what matters of a reply's head.
type replyHead struct {
	status      string // "" if there is none, which means 200
	contentType string
	length      int64 // -1 if there is none
}

func readReplyHead(r *bufio.Reader) (replyHead, error) {
	head := replyHead{length: -1}
	for size := 0; ; {
		line, err := r.ReadSlice('\n')
		size += len(line)
		switch {
		case size > maxReplyHead || errors.Is(err, bufio.ErrBufferFull):
			return head, fmt.Errorf("%w: more than %d bytes of head, beginning %s", ErrProtocol, maxReplyHead, quote(string(line)))
		case err != nil && size == 0:
			return head, unanswered(err)
		case err != nil:
			return head, brokenOff(int64(size), -1, err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return head, nil
		}
		if err := head.add(string(line)); err != nil {
			return head, err
		}
	}
}

// add takes in one line of a head.
func (h *replyHead) add(line string) error {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		if strings.HasPrefix(line, "HTTP/") {
			return fmt.Errorf("%w: the server speaks HTTP, not SCGI", ErrProtocol)
		}
		return fmt.Errorf("%w: head with the line %s", ErrProtocol, quote(line))
	}
	value = strings.TrimSpace(value)
	switch strings.ToLower(name) {
	case "status":
		h.status = value
	case "content-type":
		h.contentType = value
	case "content-length":
		if h.length >= 0 {
			return fmt.Errorf("%w: two lines of Content-Length", ErrProtocol)
		}
		length, err := strconv.ParseUint(value, 10, 63)
		switch {
		case errors.Is(err, strconv.ErrRange):
			return fmt.Errorf("reply of %s bytes: %w", quote(value), ErrTooLarge)
		case err != nil:
			return fmt.Errorf("%w: Content-Length %s", ErrProtocol, quote(value))
		}
		h.length = int64(length)
	}
	return nil
}

// quote quotes the beginning of what a server sent, for an error.
func quote(s string) string {
	const enough = 40 // bytes
	if len(s) > enough {
		return strconv.Quote(s[:enough]) + "…"
	}
	return strconv.Quote(s)
}
