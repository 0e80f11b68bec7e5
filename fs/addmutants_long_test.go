//go:build long

package fs

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/anacrolix/torrent/bencode"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// mutants is how many mutated .torrent files are given to each rTorrent.
const mutants = 100_000

// mutate changes a .torrent in one to four places.
func mutate(r *rand.Rand, b []byte) []byte {
	b = slices.Clone(b)
	for range 1 + r.IntN(4) {
		if len(b) == 0 {
			return b
		}
		at := r.IntN(len(b))
		switch r.IntN(6) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b[at] = "0123456789:deil-\x00/."[r.IntN(19)]
		case 2:
			b = slices.Delete(b, at, min(len(b), at+1+r.IntN(8)))
		case 3:
			b = slices.Insert(b, at, b[at:min(len(b), at+1+r.IntN(40))]...)
		case 4: // a length that says something else
			if i := slices.IndexFunc(b[at:], func(c byte) bool { return c == ':' }); i > 0 {
				b[at+i-1] = byte('0' + r.IntN(10))
			}
		case 5:
			b[at] = byte(r.IntN(256))
		}
	}
	return b
}

// TestMutants gives rTorrent what our rules let through of mutated torrents,
// the killers among them. It survives all.
func TestMutants(t *testing.T) {
	var seeds [][]byte
	for _, k := range rtorrenttest.Killers() {
		seeds = append(seeds, k.Torrent)
	}
	for _, o := range rtorrenttest.Odd() {
		seeds = append(seeds, o.Torrent)
	}
	seeds = slices.DeleteFunc(seeds, func(b []byte) bool { return len(b) > 4096 })
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			daemon := rtorrenttest.Start(t, version)
			client := rtorrenttest.Dial(t, daemon.Endpoint())
			r := rand.New(rand.NewPCG(1, 2))
			begun, let := time.Now(), 0
			for n := range mutants {
				if n > 0 && n%10_000 == 0 {
					t.Logf("rTorrent %s: %d mutants, %.0f a second, %d let through", version, n, float64(n)/time.Since(begun).Seconds(), let)
				}
				mutant := mutate(r, seeds[r.IntN(len(seeds))])
				m, err := rtorrent.ParseMetainfo(mutant)
				if err != nil {
					continue
				}
				let++
				if err := loadAndErase(t, client, m, let%20 == 0); err != nil {
					t.Fatalf("mutant %q: %v", mutant, err)
				}
			}
			t.Logf("rTorrent %s: %d of %d mutants were let through", version, let, mutants)
		})
	}
}

// loadAndErase loads a torrent, starts it or not, and erases it at once, while
// it is checked or begins to announce.
func loadAndErase(t *testing.T, client *rtorrent.Client, m *rtorrent.Metainfo, start bool) error {
	if err := client.LoadRaw(t.Context(), m.Encode()); err != nil {
		return err
	}
	deadline := time.Now().Add(time.Second)
	for {
		_, err := client.Torrent(t.Context(), m.Hash)
		switch {
		case err == nil:
		case !errors.Is(err, rtorrent.ErrNotFound):
			return err
		case time.Now().After(deadline):
			return nil // refused without a word: no tracker left, say
		default:
			continue
		}
		break
	}
	if start {
		if _, err := client.Do(t.Context(), m.Hash, rtorrent.Open(m.Hash), rtorrent.Start(m.Hash)); err != nil {
			return err
		}
	}
	for {
		_, err := client.Do(t.Context(), m.Hash, rtorrent.Erase(m.Hash))
		if !errors.Is(err, rtorrent.ErrChecking) {
			return err
		}
	}
}

// TestManyOddTorrents drops what is odd but legal, each in three forms: each is
// there under its info-hash, and by its name.
func TestManyOddTorrents(t *testing.T) {
	var all []rtorrenttest.Oddity
	for _, odd := range rtorrenttest.Odd() {
		m, err := rtorrent.ParseMetainfo(odd.Torrent)
		if err != nil {
			t.Fatalf("%s: %v", odd.Name, err)
		}
		all = append(all, odd)
		for _, more := range []string{"x_source", "zz"} {
			root := dictionary(t, m.Encode())
			info := dictionary(t, root["info"])
			info[more] = bencode.Bytes("5:other")
			root["info"] = encode(t, info)
			all = append(all, rtorrenttest.Oddity{Name: odd.Name + " with " + more, Torrent: encode(t, root)})
		}
	}
	if len(all) < 200 {
		t.Errorf("only %d torrents", len(all))
	}
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			for i, odd := range all {
				parsed, err := rtorrent.ParseMetainfo(odd.Torrent)
				if err != nil {
					t.Errorf("%s: %v", odd.Name, err)
					continue
				}
				if err := writeFile(m.path("add-stopped", fmt.Sprintf("%d.torrent", i)), odd.Torrent); err != nil {
					t.Errorf("%s: %v", odd.Name, err)
					continue
				}
				if got := m.read(t, "torrents", string(parsed.Hash), "name"); got != parsed.Name+"\n" {
					t.Errorf("%s: name = %q, want %q", odd.Name, got, parsed.Name)
				}
			}
			t.Logf("rTorrent %s: %d odd torrents", version, len(all))
		})
	}
}

func dictionary(t *testing.T, b []byte) map[string]bencode.Bytes {
	t.Helper()
	d := bencode.NewDecoder(bytes.NewReader(b))
	d.MaxDepth = 200
	var values map[string]bencode.Bytes
	if err := d.Decode(&values); err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	return values
}

func encode(t *testing.T, values map[string]bencode.Bytes) []byte {
	t.Helper()
	b, err := bencode.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
