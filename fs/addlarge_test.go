package fs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// sizedTorrent is a valid .torrent of about that many bytes.
func sizedTorrent(t *testing.T, bytes int) ([]byte, rtorrent.Hash) {
	t.Helper()
	pieces := bytes / 20
	b := fmt.Appendf(nil, "d8:announce18:http://127.0.0.1:94:infod6:lengthi%de4:name%d:%d12:piece lengthi2048e6:pieces%d:", pieces*2048, len(fmt.Sprint(bytes)), bytes, pieces*20)
	b = append(append(b, make([]byte, pieces*20)...), "ee"...)
	m, err := rtorrent.ParseMetainfo(b)
	if err != nil {
		t.Fatal(err)
	}
	return b, m.Hash
}

// TestLargeTorrents drops .torrent files over each limit. The limit of calls is
// raised only where that helps; what no call carries goes by a file, whose tie
// is cut, or is refused where rTorrent shares no directory with us.
func TestLargeTorrents(t *testing.T) {
	cases := []struct {
		bytes  int
		raised map[string]bool
		nofile map[string]error // where rTorrent's directories cannot be seen
	}{
		{300_000, nil, nil},
		{1_500_000, map[string]bool{"0.9.8": true}, nil},
		{1_700_000, map[string]bool{"0.9.8": true}, map[string]error{"0.9.8": syscall.EFBIG}},
		{12_000_000, map[string]bool{"0.9.8": true}, map[string]error{"0.9.8": syscall.EFBIG}},
		{20_000_000, map[string]bool{"0.9.8": true}, map[string]error{"0.9.8": syscall.EFBIG, "0.16": syscall.EFBIG}},
	}
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			daemon := rtorrenttest.Start(t, version)
			near := mountClient(t, rtorrenttest.Dial(t, daemon.Endpoint()), cache.Options{}, Options{})
			far := mountClient(t, rtorrenttest.Dial(t, daemon.Endpoint(), func(o *rtorrent.Options) {
				o.Local = func(path string) string { return "/nonexistent" + path }
			}), cache.Options{}, Options{})
			for _, tc := range cases {
				content, h := sizedTorrent(t, tc.bytes)
				if err := writeFile(far.path("add-stopped", "x.torrent"), content); !errors.Is(err, tc.nofile[version]) {
					t.Errorf("%d bytes, without a file: %v, want %v", tc.bytes, err, tc.nofile[version])
				} else if err == nil {
					if err := os.Rename(far.torrent(h), far.path("erase", string(h))); err != nil {
						t.Fatal(err)
					}
				}
				if err := writeFile(near.path("add-stopped", fmt.Sprint(tc.bytes, ".torrent")), content); err != nil {
					t.Errorf("%d bytes: %v\n%s", tc.bytes, err, near.read(t, "add-stopped", "log"))
					continue
				}
				var tied string
				if err := near.client.Call(t.Context(), &tied, "d.tied_to_file", h); err != nil || tied != "" {
					t.Errorf("%d bytes: tied to %q, %v, want nothing", tc.bytes, tied, err)
				}
				var limit int64
				if err := near.client.Call(t.Context(), &limit, "network.xmlrpc.size_limit"); err != nil || (limit > 524_288) != tc.raised[version] {
					t.Errorf("%d bytes: limit %d, %v, want it raised: %v", tc.bytes, limit, err, tc.raised[version])
				}
			}
			if left, err := filepath.Glob(near.session(t) + "/.rtfs-*"); err != nil || len(left) > 0 {
				t.Errorf("left in the session: %q, %v", left, err)
			}
			if out, status := near.sh(t, "ls torrents | wc -l"); strings.TrimSpace(out) != fmt.Sprint(len(cases)) || status != 0 {
				t.Errorf("%s torrents, want %d", out, len(cases))
			}
		})
	}
}

// session is rTorrent's session directory.
func (m *mounted) session(t *testing.T) string {
	t.Helper()
	caps, err := m.client.Caps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return caps.LocalSession
}
