package rtorrent_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

func TestCustoms(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		c := rtorrenttest.Dial(t, rtorrenttest.Start(t, version).Endpoint())
		h := loadTorrent(t, c, "t", dead+"a")
		want := &rtorrent.Customs{}
		check := func() {
			t.Helper()
			if got, err := c.Customs(t.Context(), h); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Customs = %+v, %v; want %+v", got, err, want)
			}
		}
		check()
		if _, err := c.Do(t.Context(), h, rtorrent.SetCustom1(h, "a,b%2C"), rtorrent.SetCustom2(h, "é")); err != nil {
			t.Fatal(err)
		}
		want.Fields[0], want.Fields[1] = "a,b%2C", "é"
		check()
		keys := []rtorrent.Custom{
			{"", "no name"}, {"$cat=x", "$cat=y"}, {"1", "one"}, {"17", "17"}, {"a b/c", "with\nnewline\n"}, {"addtime", "1700000000\n"},
			{"emptied", ""}, {"per%41cent", "100%"}, {"q\"u,o;t{e}", "{}"}, {"é", "ü"},
		}
		for _, k := range keys {
			if _, err := c.Do(t.Context(), h, rtorrent.SetCustom(h, k.Key, k.Value)); err != nil {
				t.Fatalf("%q: %v", k.Key, err)
			}
		}
		for _, odd := range []string{"\x01\xff", "\x02", "😀", "caf\xe9"} { // which cannot be asked for under the name that is listed
			if _, err := c.Do(t.Context(), h, rtorrent.SetCustom(h, odd, "odd")); err != nil {
				t.Fatalf("%q: %v", odd, err)
			}
		}
		want.Keys = keys
		check()
		if got := want.Value("addtime") + want.Value("none"); got != "1700000000\n" {
			t.Errorf("Value = %q, want the value of addtime", got)
		}
		if _, err := c.Customs(t.Context(), rtorrent.Hash(strings.Repeat("0", 40))); !errors.Is(err, rtorrent.ErrNotFound) {
			t.Errorf("Customs of a torrent that is not there: %v, want ErrNotFound", err)
		}
	})
}

// TestCustomsOfATorrentThatComesBack has an rTorrent that starts again between
// two calls: it knows no torrent yet when it is asked for the keys, which is not
// that the torrent has none.
func TestCustomsOfATorrentThatComesBack(t *testing.T) {
	s := rtorrenttest.NewServer(t, rtorrenttest.ServerOptions{})
	h := add(s, "a")
	e, err := rtorrent.ParseEndpoint(s.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rtorrent.NewTransport(e, rtorrent.TransportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := rtorrent.New(notThere{transport, h}, rtorrent.Options{})
	if got, err := c.Customs(t.Context(), h); !errors.Is(err, rtorrent.ErrNotFound) {
		t.Errorf("Customs = %+v, %v; want ErrNotFound", got, err)
	}
}

// notThere asks for the custom keys of another torrent, which is not there.
type notThere struct {
	rtorrent.Transport
	h rtorrent.Hash
}

func (n notThere) RoundTrip(ctx context.Context, contentType string, request []byte) ([]byte, string, error) {
	if bytes.Contains(request, []byte("d.custom.keys")) {
		request = bytes.ReplaceAll(request, []byte(n.h), bytes.Repeat([]byte("0"), len(n.h)))
	}
	return n.Transport.RoundTrip(ctx, contentType, request)
}
