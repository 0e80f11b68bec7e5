package fs

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// A transfer is a throttled one between two mounted rTorrents, which a tracker
// introduced to each other.
type transfer struct {
	seed, leech *mounted
	hash        rtorrent.Hash
}

// startTransfer starts one of 4 MiB at 100 KiB/s, and returns when the leech
// has a piece.
func startTransfer(t *testing.T, version string) *transfer {
	t.Helper()
	tracker := rtorrenttest.NewTracker(t)
	tr := &transfer{
		seed:  mountDaemon(t, version),
		leech: mountDaemon(t, version, func(o *rtorrent.DaemonOptions) { o.DownRateKB = 100 }),
	}
	p := newTracked(t, "big", 32768, 4<<20, tracker.URL)
	p.write(t, tr.seed.daemon.Downloads())
	tr.hash = p.hash
	tr.seed.add(t, "add", p)
	tr.seed.awaitState(t, p.hash, stateSeeding)
	// Else the tracker would have nobody for the leech, which asks again in a minute.
	rtorrenttest.Eventually(t, 20*time.Second, "the seed announces", func() bool { return tracker.Announces(hashBytes(t, p.hash)) > 0 })
	tr.leech.add(t, "add", p)
	rtorrenttest.Eventually(t, 60*time.Second, "the leech has a piece", func() bool {
		return tr.leech.number(t, tr.hash, "completed_bytes") > 0
	})
	return tr
}

// hashBytes returns the 20 bytes of an info-hash.
func hashBytes(t *testing.T, h rtorrent.Hash) [20]byte {
	t.Helper()
	b, err := hex.DecodeString(string(h))
	if err != nil || len(b) != 20 {
		t.Fatalf("info-hash %q: %v", h, err)
	}
	return [20]byte(b)
}

// newTracked is newPayload for one file and another tracker.
func newTracked(t *testing.T, name string, pieceLength int64, size int, tracker string) *payload {
	t.Helper()
	p := newPayload(t, name, pieceLength, map[string]int{"": size})
	was := "http://127.0.0.1:9/announce"
	p.torrent = []byte(strings.Replace(string(p.torrent), strconv.Itoa(len(was))+":"+was, strconv.Itoa(len(tracker))+":"+tracker, 1))
	return p
}

// number returns the number in a file of a torrent, -1 where there is none.
func (m *mounted) number(t *testing.T, h rtorrent.Hash, elem ...string) int64 {
	t.Helper()
	b, err := os.ReadFile(m.torrent(h, elem...))
	if err != nil {
		return -1
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		t.Errorf("%v: %q is no number", elem, b)
	}
	return n
}

// onlyPeer waits for a torrent's one peer and returns its id.
func (m *mounted) onlyPeer(t *testing.T, h rtorrent.Hash) string {
	t.Helper()
	var peers []string
	rtorrenttest.Eventually(t, 30*time.Second, "there is one peer", func() bool {
		entries, err := os.ReadDir(m.torrent(h, "peers"))
		if err != nil {
			t.Fatal(err)
		}
		peers = nil
		for _, e := range entries {
			if e.IsDir() {
				peers = append(peers, e.Name())
			}
		}
		return len(peers) == 1
	})
	return peers[0]
}

// TestTransfer watches a transfer while it runs.
func TestTransfer(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			tr := startTransfer(t, version)
			at := tr.leech.onlyPeer(t, tr.hash)
			if len(at) != 40 || strings.Trim(at, "0123456789ABCDEF") != "" {
				t.Errorf("the peer's name is %q, want 40 hexadecimal digits", at)
			}
			text := func(m *mounted, elem ...string) string {
				return strings.TrimSpace(m.read(t, append([]string{"torrents", string(tr.hash)}, elem...)...))
			}
			rtorrenttest.Eventually(t, 20*time.Second, "rates show on both sides", func() bool {
				seen := tr.seed.onlyPeer(t, tr.hash)
				return tr.leech.number(t, tr.hash, "peers", at, "down_rate") > 0 && tr.seed.number(t, tr.hash, "peers", seen, "up_rate") > 0 &&
					tr.leech.number(t, tr.hash, "down_rate") > 0 && tr.leech.number(t, tr.hash, "eta") > 0
			})
			if got, want := text(tr.leech, "peers", at, "address"), "127.0.0.1"; got != want {
				t.Errorf("address = %s, want %s", got, want)
			}
			if got, want := text(tr.leech, "peers", at, "progress"), "100"; got != want {
				t.Errorf("progress = %s, want %s", got, want)
			}
			if got := text(tr.leech, "peers", at, "client"); !strings.HasPrefix(got, "libTorrent") {
				t.Errorf("client = %q, want libTorrent", got)
			}
			in, out := text(tr.leech, "peers", at, "incoming"), text(tr.seed, "peers", tr.seed.onlyPeer(t, tr.hash), "incoming")
			if in+out != "01" && in+out != "10" {
				t.Errorf("incoming is %s here and %s there, want one of them", in, out)
			}
			if in == "0" {
				if got, want := tr.leech.number(t, tr.hash, "peers", at, "port"), int64(tr.seed.daemon.PeerPort()); got != want {
					t.Errorf("port = %d, want %d", got, want)
				}
			}
			if got, want := text(tr.leech, "trackers", "127.0.0.1", "successes"), "1"; got != want {
				t.Errorf("successes = %s, want %s", got, want)
			}
			var names []string
			for _, n := range peerNodes() {
				names = append(names, nodeName(n))
			}
			entries, err := os.ReadDir(tr.leech.torrent(tr.hash, "peers", at))
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range entries {
				b, err := os.ReadFile(tr.leech.torrent(tr.hash, "peers", at, e.Name()))
				if err != nil || len(b) == 0 || !slices.Contains(names, e.Name()) {
					t.Errorf("file %d, %s, reads %q, %v", i, e.Name(), b, err)
				}
			}
			if len(entries) != len(names) {
				t.Errorf("%d files, want %d", len(entries), len(names))
			}
		})
	}
}

// TestPeerActs snubs, bans and disconnects a peer, and refuses what would harm.
func TestPeerActs(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			tr := startTransfer(t, version)
			m := tr.leech
			m.setenv("P", filepath.Join("torrents", string(tr.hash), "peers"))
			m.setenv("ID", m.onlyPeer(t, tr.hash))
			steps := []struct{ script, want string }{
				{"cat $P/$ID/snubbed $P/$ID/banned $P/$ID/ctl", "0\n0\ndisconnect\n"},
				{"echo 1 > $P/$ID/snubbed; cat $P/$ID/snubbed", "1\n"},
				{"echo off > $P/$ID/snubbed; cat $P/$ID/snubbed", "0\n"},
				{"echo on > $P/$ID/banned; cat $P/$ID/banned", "1\n"},
				{"echo 0 > $P/$ID/banned; cat $P/$ID/banned", "0\n"},
				{"for w in bad 2 ''; do echo $w > $P/$ID/snubbed; echo $w > $P/$ID/ctl; done 2>&1 | grep -c 'Invalid argument'", "6\n"},
				{"stat -c %A $P/new $P/$ID/ctl $P/$ID/client", "--w-------\n-rw-r--r--\n-r--r--r--\n"},
			}
			for _, step := range steps {
				if got, status := m.sh(t, step.script); got != step.want {
					t.Errorf("%s\n got %q (exit status %d)\nwant %q", step.script, got, status, step.want)
				}
			}
			long := strings.Repeat("a", 70)
			for _, bad := range []string{"", "x", long + ":6881", "localhost:6881", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "::1:5", "[fe80::1%lo]:5"} {
				if err := writeFile(m.torrent(tr.hash, "peers", "new"), []byte(bad+"\n")); err == nil {
					t.Errorf("peers/new takes %q", bad)
				}
			}
			if out, status := m.sh(t, "printf '127.0.0.1:9\\n[::1]:9\\n' > $P/new && echo disconnect > $P/$ID/ctl && ! test -e $P/$ID"); status != 0 {
				t.Errorf("new and disconnect: exit status %d, %s\n%s", status, out, m.read(t, "log"))
			}
			if _, status := m.sh(t, "echo disconnect > $P/$ID/ctl"); status == 0 {
				t.Error("a peer that is gone can be disconnected")
			}
		})
	}
}

// TestPrivateTorrentsTakeNoPeers wants a private torrent's peers to come from
// its trackers alone.
func TestPrivateTorrentsTakeNoPeers(t *testing.T) {
	if _, err := addPeers(&rtorrent.Torrent{IsPrivate: true}, "192.0.2.1:6881\n", false); errnoOf(err, true).Error() != "invalid argument" {
		t.Errorf("a private torrent takes a peer: %v", err)
	}
	if act, err := addPeers(&rtorrent.Torrent{}, "192.0.2.1:6881\n", false); err != nil || act == nil {
		t.Errorf("another torrent does not: %v", err)
	}
}
