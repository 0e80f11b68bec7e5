package rtorrent

import "testing"

func TestNewTransportBoundsReplies(t *testing.T) {
	e, err := ParseEndpoint("scgi://localhost:5000")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ max, want int64 }{
		{0, 100 << 20},
		{-1, 100 << 20},
		{32 << 20, 32 << 20},
		{1 << 40, 100 << 20},
	} {
		transport, err := NewTransport(e, TransportOptions{MaxReply: test.max})
		if err != nil {
			t.Fatal(err)
		}
		if got := transport.(*scgiTransport).maxReply; got != test.want {
			t.Errorf("MaxReply %d bounds to %d, want %d", test.max, got, test.want)
		}
	}
}
