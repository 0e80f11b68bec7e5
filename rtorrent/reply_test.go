package rtorrent

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
)

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestInflate(t *testing.T) {
	for _, text := range []string{"", "<xml/>", strings.Repeat("x", 1000)} {
		plain, err := inflate([]byte(text), 1000)
		if err != nil || string(plain) != text {
			t.Errorf("plain %.10q = %.10q, %v, want it unchanged", text, plain, err)
		}
		inflated, err := inflate(gzipped(t, text), 1000)
		if err != nil || string(inflated) != text {
			t.Errorf("compressed %.10q = %.10q, %v, want it inflated", text, inflated, err)
		}
	}
}

func TestInflateIsBounded(t *testing.T) {
	bomb := gzipped(t, strings.Repeat("x", 1_000_000))
	if _, err := inflate(bomb, 1000); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error = %v, want %v", err, ErrTooLarge)
	}
}

func TestInflateRefusesEveryPrefix(t *testing.T) {
	whole := gzipped(t, "a reply of rTorrent")
	for n := 2; n < len(whole); n++ {
		if got, err := inflate(whole[:n], 1000); !errors.Is(err, ErrProtocol) || errors.Is(err, ErrUnavailable) || got != nil {
			t.Errorf("%d of %d bytes: got %q, %v, want %v", n, len(whole), got, err, ErrProtocol)
		}
	}
}

func TestSCGIInflatesReplies(t *testing.T) {
	peer := servePeer(t, "unix", answering(framed(typeXML, string(gzipped(t, "<xml/>")))))
	reply, _, err := scgiTo(t, peer, TransportOptions{}).RoundTrip(t.Context(), typeXML, nil)
	if err != nil || string(reply) != "<xml/>" {
		t.Errorf("reply = %q, %v, want it inflated", reply, err)
	}
}

func TestReadBodyOfUnknownLength(t *testing.T) {
	body, err := readBody(strings.NewReader("1234"), -1, 4)
	if err != nil || string(body) != "1234" {
		t.Errorf("got %q, %v, want the whole body", body, err)
	}
	if _, err := readBody(strings.NewReader("12345"), -1, 4); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error = %v, want %v", err, ErrTooLarge)
	}
}
