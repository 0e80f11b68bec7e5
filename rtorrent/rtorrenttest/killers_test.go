package rtorrenttest_test

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"testing"

	"github.com/anacrolix/torrent/bencode"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

func TestKillersAreRefusedOrDefused(t *testing.T) {
	names := map[string]bool{}
	for _, k := range rtorrenttest.Killers() {
		t.Run(k.Name, func(t *testing.T) {
			if names[k.Name] {
				t.Errorf("two killers have this name")
			}
			names[k.Name] = true
			m, err := rtorrent.ParseMetainfo(k.Torrent)
			if k.Defused == "" {
				if !errors.Is(err, rtorrent.ErrNotTorrent) {
					t.Fatalf("ParseMetainfo: %v, want ErrNotTorrent", err)
				}
				t.Log(err)
				return
			}
			if err != nil {
				t.Fatalf("ParseMetainfo: %v, want it accepted without %s", err, k.Defused)
			}
			key := []byte(fmt.Sprintf("%d:%s", len(k.Defused), k.Defused))
			if !bytes.Contains(k.Torrent, key) || bytes.Contains(m.Encode(), key) {
				t.Errorf("Encode has kept %s", k.Defused)
			}
		})
	}
}

func TestOddTorrentsAreAccepted(t *testing.T) {
	hashes := map[rtorrent.Hash]string{}
	for _, o := range rtorrenttest.Odd() {
		t.Run(o.Name, func(t *testing.T) {
			m, err := rtorrent.ParseMetainfo(o.Torrent)
			if err != nil {
				t.Fatal(err)
			}
			var root map[string]bencode.Bytes
			decoder := bencode.NewDecoder(bytes.NewReader(o.Torrent))
			decoder.MaxDepth = 100
			if err := decoder.Decode(&root); err != nil {
				t.Fatal(err)
			}
			if want := rtorrent.Hash(fmt.Sprintf("%X", sha1.Sum(root["info"]))); m.Hash != want {
				t.Errorf("info-hash %s, want %s", m.Hash, want)
			}
			if !bytes.Contains(m.Encode(), append([]byte("4:info"), root["info"]...)) {
				t.Errorf("Encode has changed the info")
			}
			if other, taken := hashes[m.Hash]; taken {
				t.Errorf("the info-hash is that of %q", other)
			}
			hashes[m.Hash] = o.Name
			session, err := rtorrent.ParseSession(m.Encode())
			if err != nil {
				t.Fatal(err)
			}
			if session.Hash != m.Hash || session.Name != m.Name || fmt.Sprint(session.Files) != fmt.Sprint(m.Files) {
				t.Errorf("ParseSession: %+v, want what ParseMetainfo gives: %+v", session, m)
			}
		})
	}
}
