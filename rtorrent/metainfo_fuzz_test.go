package rtorrent_test

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/anacrolix/torrent/bencode"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// addTorrents seeds a fuzz target with hostile and odd torrents; the longest
// are left out, since they slow it down and show nothing more.
func addTorrents(f *testing.F) {
	const most = 4096 // bytes
	for _, k := range rtorrenttest.Killers() {
		if len(k.Torrent) <= most {
			f.Add(k.Torrent)
		}
	}
	for _, o := range rtorrenttest.Odd() {
		if len(o.Torrent) <= most {
			f.Add(o.Torrent)
			f.Add(o.Torrent[:len(o.Torrent)/2])
		}
	}
}

// decode decodes b by another decoder, which bears any order of keys.
func decode(t *testing.T, b []byte, into any) {
	t.Helper()
	d := bencode.NewDecoder(bytes.NewReader(b))
	d.MaxDepth = 200
	if err := d.Decode(into); err != nil {
		t.Fatalf("%q: %v, want it decoded", b, err)
	}
}

func FuzzParseMetainfo(f *testing.F) {
	addTorrents(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := rtorrent.ParseMetainfo(b)
		if err != nil {
			if errors.Is(err, rtorrent.ErrIncomplete) == errors.Is(err, rtorrent.ErrNotTorrent) {
				t.Fatalf("%v, want ErrIncomplete or ErrNotTorrent", err)
			}
			return
		}
		encoded := m.Encode()
		again, err := rtorrent.ParseMetainfo(encoded)
		if err != nil {
			t.Fatalf("%v, want what Encode gives accepted", err)
		}
		if !reflect.DeepEqual(again, m) {
			t.Errorf("after Encode %+v, want %+v", again, m)
		}

		var given, kept map[string]bencode.Bytes
		decode(t, b, &given)
		decode(t, encoded, &kept)
		if !bytes.Equal(kept["info"], given["info"]) || string(m.Hash) != fmt.Sprintf("%X", sha1.Sum(given["info"])) {
			t.Errorf("info %q with hash %s, want %q", kept["info"], m.Hash, given["info"])
		}
		var values any
		decode(t, encoded, &values)
		if canonical, err := bencode.Marshal(values); err != nil || !bytes.Equal(canonical, encoded) {
			t.Errorf("Encode gives %q, %v, want %q", encoded, err, canonical)
		}

		for _, n := range []int{0, 1, len(encoded) / 3, len(encoded) - 2, len(encoded) - 1} {
			if _, err := rtorrent.ParseMetainfo(encoded[:n]); !errors.Is(err, rtorrent.ErrIncomplete) {
				t.Errorf("the first %d of %d bytes: %v, want ErrIncomplete", n, len(encoded), err)
			}
		}
		session, err := rtorrent.ParseSession(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if session.Hash != m.Hash || session.Name != m.Name || session.Multi != m.Multi || !reflect.DeepEqual(session.Files, m.Files) {
			t.Errorf("ParseSession %+v, want %+v", session, m)
		}
	})
}

func FuzzParseSession(f *testing.F) {
	addTorrents(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := rtorrent.ParseSession(b)
		if err != nil {
			if errors.Is(err, rtorrent.ErrIncomplete) == errors.Is(err, rtorrent.ErrNotTorrent) {
				t.Fatalf("%v, want ErrIncomplete or ErrNotTorrent", err)
			}
			return
		}
		if _, err := rtorrent.ParseHash(string(s.Hash)); err != nil {
			t.Error(err)
		}
	})
}

func FuzzParseMagnet(f *testing.F) {
	for _, s := range []string{
		"magnet:?xt=urn:btih:" + hex40,
		"magnet:?xt=urn:btih:" + base3232 + "&dn=a+b%20c%E9&tr=udp%3A%2F%2Ft%3A80&tr=wss://t/",
		"MAGNET:?xt.1=urn%3Abtih%3A" + hex40 + "&tr.1=http://[::1]/&x.pe=%00",
		"magnet:?xt=urn:btmh:1220&xt=urn:btih:" + hex40,
		"magnet:?xt", "magnet:?xt=urn:btih:" + hex40 + "&dn=x%", "magnet:?", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := rtorrent.ParseMagnet(s)
		if err != nil {
			return
		}
		if _, err := rtorrent.ParseHash(string(m.Hash)); err != nil {
			t.Error(err)
		}
		again, err := rtorrent.ParseMagnet(m.String())
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("%s is read as %+v, %v, want %+v", m, again, err, m)
		}
	})
}
