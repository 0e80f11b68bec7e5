package fs

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// mountProxied mounts an rTorrent behind a proxy, with short times.
func mountProxied(t *testing.T, d *rtorrent.Daemon) (*mounted, *rtorrenttest.Proxy) {
	t.Helper()
	proxy := rtorrenttest.NewProxy(t, d.Endpoint())
	client := dial(t, proxy.Endpoint(), rtorrent.Options{Timeout: 5 * time.Second})
	const ttl = 50 * time.Millisecond
	m := mountClient(t, client, cache.Options{TTL: ttl, Slow: 10 * ttl, MaxStale: 20 * ttl, Patience: 2 * ttl}, Options{TTL: ttl})
	m.daemon = d
	return m, proxy
}

// eventually waits until a file of the mount has a text in it.
func (m *mounted) eventually(t *testing.T, text string, elem ...string) {
	t.Helper()
	var last string
	defer func() {
		if t.Failed() {
			t.Logf("%v last: %s", elem, last)
		}
	}()
	rtorrenttest.Eventually(t, time.Minute, strings.Join(elem, "/")+" says "+text, func() bool {
		b, err := os.ReadFile(m.path(elem...))
		last = fmt.Sprintf("%s %v", b, err)
		return err == nil && strings.Contains(string(b), text)
	})
}

// TestVersionsSwitched puts another rTorrent, of another version and with
// another torrent, behind the socket of the mount, and the first one back.
func TestVersionsSwitched(t *testing.T) {
	var daemons []*rtorrent.Daemon
	var torrents []*payload
	for i, version := range rtorrenttest.Versions() {
		d := rtorrenttest.Start(t, version)
		p := newPayload(t, fmt.Sprintf("torrent of %s", version), 16384, map[string]int{"": 1000 + i})
		if err := rtorrenttest.Dial(t, d.Endpoint()).LoadRaw(t.Context(), p.torrent); err != nil {
			t.Fatal(err)
		}
		daemons, torrents = append(daemons, d), append(torrents, p)
	}
	m, proxy := mountProxied(t, daemons[0])
	for round := range 4 {
		now := round % 2
		if err := proxy.Point(daemons[now].Endpoint()); err != nil {
			t.Fatal(err)
		}
		proxy.Cut()
		rtorrenttest.Eventually(t, time.Minute, "health tells of the other", func() bool {
			_, err := os.ReadFile(m.path("list.tsv")) // rtfs looks while somebody reads
			return err == nil && strings.Contains(m.read(t, "health"), fmt.Sprintf("pid: %d\n", daemons[now].PID()))
		})
		m.eventually(t, torrents[now].name, "list.tsv")
		if _, err := os.Stat(m.torrent(torrents[1-now].hash)); !errors.Is(err, syscall.ENOENT) {
			t.Errorf("the other's torrent: %v, want ENOENT", err)
		}
		m.put(t, fmt.Sprintf("round-%d\n", round), "torrents", string(torrents[now].hash), "tags")
		if got := m.read(t, "torrents", string(torrents[now].hash), "tags"); got != fmt.Sprintf("round-%d\n", round) {
			t.Errorf("tags = %q after writing round-%d", got, round)
		}
	}
}

// TestListenerBlocked has idle connections take all that rTorrent serves at
// once: what is asked meanwhile fails in time, and goes on when they are gone.
func TestListenerBlocked(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m, _ := mountProxied(t, rtorrenttest.Start(t, version))
			p := stoppedTorrents(t, m, 1)[0]
			e, err := rtorrent.ParseEndpoint(m.daemon.Endpoint())
			if err != nil {
				t.Fatal(err)
			}
			var idle []net.Conn
			for range 110 {
				if conn, err := net.DialTimeout("unix", e.SocketPath(), time.Second); err == nil {
					idle = append(idle, conn)
				}
			}
			rtorrenttest.Eventually(t, time.Minute, "it is refused", func() bool {
				_, err := os.ReadFile(m.torrent(p.hash, "state"))
				if err != nil && !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ETIMEDOUT) {
					t.Fatalf("%v, want ECONNREFUSED or ETIMEDOUT", err)
				}
				return err != nil
			})
			for _, conn := range idle {
				conn.Close()
			}
			m.eventually(t, stateStopped, "torrents", string(p.hash), "state")
		})
	}
}

// TestJSONSwitchedOff switches JSON-RPC off and on under the mount.
func TestJSONSwitchedOff(t *testing.T) {
	m, _ := mountProxied(t, rtorrenttest.Start(t, "0.16"))
	p := stoppedTorrents(t, m, 1)[0]
	m.eventually(t, "wire: xml json", "health")
	direct := rtorrenttest.Dial(t, m.daemon.Endpoint())
	for _, on := range []int64{0, 1} {
		if err := direct.CallWrite(t.Context(), nil, "network.rpc.use_jsonrpc.set", "", on); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if _, err := os.ReadFile(m.torrent(p.hash, "state")); err != nil {
				t.Errorf("JSON-RPC %d: %v", on, err)
			}
			if _, err := os.ReadDir(m.torrent(p.hash, "files")); err != nil {
				t.Errorf("JSON-RPC %d: %v", on, err)
			}
			m.put(t, fmt.Sprintf("json-%d\n", on), "torrents", string(p.hash), "tags")
		}
		q := newPayload(t, fmt.Sprintf("added %d", on), 16384, map[string]int{"": 100})
		m.add(t, "add-stopped", q)
		m.eventually(t, q.name, "list.tsv")
	}
	m.eventually(t, "wire: xml\n", "health")
}

// TestUntrusted: where a web server tells rTorrent not to trust us, what is
// refused is EACCES, and health tells what it was.
func TestUntrusted(t *testing.T) {
	m, proxy := mountProxied(t, rtorrenttest.Start(t, "0.16"))
	p := stoppedTorrents(t, m, 1)[0]
	proxy.Distrust(true)
	for range 3 {
		if err := writeFile(m.torrent(p.hash, "tags"), []byte("x\n")); !errors.Is(err, syscall.EACCES) {
			t.Errorf("tags: %v, want EACCES", err)
		}
		if got := m.read(t, "torrents", string(p.hash), "state"); got != "stopped\n" {
			t.Errorf("state = %q", got)
		}
	}
	writeFile(m.torrent(p.hash, "priority"), []byte("1\n")) // asks for d.wanted_chunks, which it can change
	if _, err := os.ReadFile(m.torrent(p.hash, "eta")); !errors.Is(err, syscall.EACCES) {
		t.Errorf("eta, for which d.wanted_chunks is refused: %v, want EACCES", err)
	}
	if head, _, _ := strings.Cut(m.read(t, "list.tsv"), "\n"); strings.Contains(head, "\teta\t") {
		t.Errorf("list.tsv tells what nobody knows: %s", head)
	}
	q := newPayload(t, "q", 16384, map[string]int{"": 100})
	if err := writeFile(m.path("add", "q.torrent"), q.torrent); !errors.Is(err, syscall.EACCES) {
		t.Errorf("a drop: %v, want EACCES", err)
	}
	health := m.read(t, "health")
	for _, command := range []string{"d.custom1.set", "load.raw", "d.wanted_chunks"} {
		if !strings.Contains(health, command) {
			t.Errorf("health does not name %s:\n%s", command, health)
		}
	}
	proxy.Distrust(false)
	m.put(t, "x\n", "torrents", string(p.hash), "tags")
}

// TestSmallSizeLimit: with a small limit for requests, which somebody may set
// to protect a public listener, everything is read, and what does not fit is
// EFBIG with rTorrent's own words.
func TestSmallSizeLimit(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m, _ := mountProxied(t, rtorrenttest.Start(t, version))
			p := stoppedTorrents(t, m, 1)[0]
			direct := rtorrenttest.Dial(t, m.daemon.Endpoint())
			limit := func(bytes int) {
				t.Helper()
				if err := direct.CallWrite(t.Context(), nil, "network.xmlrpc.size_limit.set", "", bytes); err != nil {
					t.Fatal(err)
				}
			}
			limit(3000)
			if err := writeFile(m.torrent(p.hash, "tags"), []byte(strings.Repeat("x", 3000)+"\n")); !errors.Is(err, syscall.EFBIG) {
				t.Errorf("tags with a limit of 3,000 bytes: %v, want EFBIG", err)
			}
			m.eventually(t, "Max allowed is 3000 bytes", "log")
			for range 30 {
				if got := m.read(t, "torrents", string(p.hash), "state"); got != "stopped\n" {
					t.Errorf("state = %q", got)
				}
				m.read(t, "list.tsv")
			}
			limit(30_000)
			m.put(t, "short\n", "torrents", string(p.hash), "tags")
		})
	}
}
