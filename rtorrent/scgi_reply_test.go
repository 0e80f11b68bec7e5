package rtorrent

import (
	"bufio"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
)

func TestReadSCGIReply(t *testing.T) {
	for _, test := range []struct {
		name, reply, body, contentType string
	}{
		{"0.9.8", "Status: 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 6\r\n\r\n<xml/>", "<xml/>", "text/xml"},
		{"0.16", "Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", "{}", "application/json"},
		{"plain newlines", "status:200\ncontent-length:2\n\n{}", "{}", ""},
		{"no status", "Content-Length: 2\r\n\r\n{}", "{}", ""},
		{"unknown header", "X-Y: z\r\nContent-Length: 2\r\n\r\n{}", "{}", ""},
		{"empty body", "Content-Length: 0\r\n\r\n", "", ""},
		{"more than announced", "Content-Length: 2\r\n\r\n{}garbage", "{}", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			body, contentType, err := readReplyText(test.reply, 1000)
			if err != nil || string(body) != test.body || contentType != test.contentType {
				t.Errorf("got %q, %q, %v, want %q, %q", body, contentType, err, test.body, test.contentType)
			}
		})
	}
}

func TestReadSCGIReplyRefusals(t *testing.T) {
	long := strings.Repeat("x", 2*maxReplyHead)
	for _, test := range []struct {
		name, reply string
		want        error
	}{
		{"empty", "", errUnanswered},
		{"no length", "Status: 200 OK\r\n\r\n<xml/>", ErrProtocol},
		{"negative length", "Content-Length: -1\r\n\r\n", ErrProtocol},
		{"signed length", "Content-Length: +1\r\n\r\nx", ErrProtocol},
		{"hexadecimal length", "Content-Length: 0x1\r\n\r\nx", ErrProtocol},
		{"no number", "Content-Length:\r\n\r\n", ErrProtocol},
		{"two lengths", "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", ErrProtocol},
		{"over the limit", "Content-Length: 1001\r\n\r\n", ErrTooLarge},
		{"far over the limit", "Content-Length: 9223372036854775807\r\n\r\n", ErrTooLarge},
		{"beyond 64 bits", "Content-Length: 99999999999999999999\r\n\r\n", ErrTooLarge},
		{"another status", "Status: 500 Oops\r\nContent-Length: 1\r\n\r\nx", ErrProtocol},
		{"no colon", "hello\r\n\r\n", ErrProtocol},
		{"long line", long, ErrProtocol},
		{"long head", strings.Repeat("a: b\r\n", maxReplyHead), ErrProtocol},
		{"body only", "<?xml version=\"1.0\"?>\r\n<methodResponse>\r\n", ErrProtocol},
	} {
		t.Run(test.name, func(t *testing.T) {
			body, _, err := readReplyText(test.reply, 1000)
			if !errors.Is(err, test.want) || body != nil {
				t.Errorf("got %q, %v, want %v", body, err, test.want)
			}
		})
	}
}

func readReplyText(reply string, limit int64) ([]byte, string, error) {
	return readSCGIReply(bufio.NewReaderSize(strings.NewReader(reply), maxReplyHead), limit)
}

// Whatever a server sends is a reply within the limit or an error of a known
// kind, and costs no more memory than the limit allows.
func FuzzSCGIReply(f *testing.F) {
	for _, seed := range []string{
		"",
		"Status: 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 6\r\n\r\n<xml/>",
		"Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 300\r\n\r\n{}",
		"Status: 200 OK\r\nContent-Length: 104857600\r\n\r\n",
		"Status: 404 Not Found\r\nContent-Length: 0\r\n\r\n",
		"Content-Length: 99999999999999999999999\r\n\r\n",
		"Content-Length: -5\n\n",
		"CONTENT-LENGTH:3\nContent-length:3\n\nabc",
		"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
		": \r\n:\r\n\r\n",
		"Content-Length: 24\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00",
		strings.Repeat("x", 5000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		const limit = 64 << 10
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		body, contentType, err := readReplyText(string(reply), limit)
		if err == nil {
			body, err = inflate(body, limit)
		}
		runtime.ReadMemStats(&after)
		// Reading a stream of unknown length, as inflate does, grows buffers.
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(len(reply))+8*limit {
			t.Errorf("%d bytes allocated for a limit of %d", used, limit)
		}
		switch {
		case err == nil && len(body) > limit:
			t.Errorf("%d bytes of body over a limit of %d", len(body), limit)
		case err != nil && !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrProtocol) && !errors.Is(err, ErrTooLarge):
			t.Errorf("error without a kind: %v", err)
		case err != nil && errors.Is(err, ErrUnavailable) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			t.Errorf("error without its cause: %v", err)
		case retryable(err) != (len(reply) == 0):
			t.Errorf("retryable = %v after %d bytes", retryable(err), len(reply))
		case contentType != strings.ToLower(contentType):
			t.Errorf("content type %q is not in lower case", contentType)
		}
	})
}
