package fs

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// otherValues are values that the rows that take writes do not have in
// TestEveryRowTakesAnotherValue: what is written, and what is read then where
// that differs.
var otherValues = map[string]struct{ write, read string }{
	"torrents/<HASH>/state":                         {"start", "seeding"},
	"torrents/<HASH>/tags":                          {"one\nan,other ü", ""},
	"torrents/<HASH>/comment":                       {"another 😀\nof two lines", ""},
	"torrents/<HASH>/priority":                      {"high", "3"},
	"torrents/<HASH>/directory":                     {"/tmp/rtfs-elsewhere", ""},
	"torrents/<HASH>/throttle":                      {"other", ""},
	"torrents/<HASH>/choke_group":                   {"other", ""},
	"torrents/<HASH>/peers_max":                     {"77", ""},
	"torrents/<HASH>/peers_min":                     {"11", ""},
	"torrents/<HASH>/uploads_max":                   {"22", ""},
	"torrents/<HASH>/super_seeding":                 {"on", "1"},
	"torrents/<HASH>/trackers/<host>/url":           {"http://127.0.0.1:9/other?passkey=x", ""},
	"torrents/<HASH>/trackers/<host>/enabled":       {"off", "0"},
	"torrents/<HASH>/peers/<id>/snubbed":            {"1", ""},
	"torrents/<HASH>/peers/<id>/banned":             {"1", ""},
	"torrents/<HASH>/custom/<key>":                  {"another=$value;", ""},
	"torrents/<HASH>/file_priority/<path>":          {"high", "2"},
	"rtorrent/up_limit":                             {"123456", "122880"}, // kept in KiB
	"rtorrent/down_limit":                           {"1M", "1048576"},
	"rtorrent/throttles/<throttle>/up_limit":        {"5000", "4096"},
	"rtorrent/throttles/<throttle>/down_limit":      {"64K", "65536"},
	"rtorrent/choke_groups/<group>/up_max":          {"5", ""},
	"rtorrent/choke_groups/<group>/down_max":        {"6", ""},
	"rtorrent/choke_groups/<group>/up_heuristics":   {"upload_leech_experimental", ""},
	"rtorrent/choke_groups/<group>/down_heuristics": {"download_leech", ""},
	"rtorrent/choke_groups/<group>/tracker_mode":    {"aggressive", ""},
}

// actions are the files of which a write is no value, but does something.
var actions = []string{"ctl", "delete_data", "move"}

// TestEveryRowTakesAnotherValue writes each row that takes writes, reads it
// back at once and through another mount, and puts back what was there.
func TestEveryRowTakesAnotherValue(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			w := newRowWorld(t, version)
			m := w.mounted
			second := mountSecond(t, m.daemon)
			for _, l := range w.rows() {
				ours := strings.HasPrefix(l.Path, "torrents/") || strings.HasPrefix(l.Path, "rtorrent/") && !strings.Contains(l.Path, "/settings/")
				if !ours || l.Mode[:3] != "-rw" || slices.Contains(actions, path.Base(l.Path)) {
					continue
				}
				other, ok := otherValues[l.Path]
				if !ok {
					t.Errorf("%s: what other value does it take? otherValues is to know", l.Path)
					continue
				}
				file := w.names.Replace(l.Path)
				before := m.read(t, file)
				want := other.read
				if want == "" {
					want = other.write
				}
				if before == want+"\n" && !strings.HasSuffix(file, "/down_heuristics") { // it has one word
					t.Errorf("%s: %q is no other value", l.Path, want)
				}
				m.put(t, other.write+"\n", file)
				wantBoth(t, m, second, file, want+"\n")
				m.put(t, before, file)
				wantBoth(t, m, second, file, before)
			}
		})
	}
}

// A rowWorld is a mount with something behind each row of the table that takes
// writes.
type rowWorld struct {
	*mounted
	hash  rtorrent.Hash     // of a stopped torrent
	fresh *payload          // one that is not loaded
	names *strings.Replacer // of the rows
}

// newRowWorld has a peer, too: the other side of a transfer.
func newRowWorld(t *testing.T, version string) *rowWorld {
	t.Helper()
	tr := startTransfer(t, version)
	return prepareRows(t, tr.leech, "<HASH>/peers/<id>", string(tr.hash)+"/peers/"+tr.leech.onlyPeer(t, tr.hash))
}

// prepareRows puts something behind all rows but those of peers. Names are
// further ones for rows, each with what it stands for.
func prepareRows(t *testing.T, m *mounted, names ...string) *rowWorld {
	t.Helper()
	p := newPayload(t, "p", piece, map[string]int{"a": 50_000})
	p.write(t, m.daemon.Downloads())
	m.add(t, "add", p)
	m.awaitState(t, p.hash, stateSeeding)
	for _, script := range []string{
		"echo stop > torrents/" + string(p.hash) + "/state", "echo x > torrents/" + string(p.hash) + "/custom/kind",
		"mkdir rtorrent/throttles/other rtorrent/choke_groups/other by-tag/other",
		"echo 10M > rtorrent/up_limit", // while there is none, rTorrent tells no throttle's
	} {
		if out, status := m.sh(t, script); status != 0 {
			t.Fatalf("%s: %s", script, out)
		}
	}
	return &rowWorld{m, p.hash, newPayload(t, "fresh", piece, map[string]int{"": 1000}), strings.NewReplacer(append(names,
		"<HASH>", string(p.hash), "<host>", "127.0.0.1", "<key>", "kind", "<path>", "a", "<throttle>", "other", "<group>", "other", "<tag>", "other")...)}
}

// rows returns the table, the peers' rows first, while the transfer lasts.
func (w *rowWorld) rows() []Line {
	lines := Reference()
	slices.SortStableFunc(lines, func(a, b Line) int {
		return strings.Count(b.Path, "/peers/<") - strings.Count(a.Path, "/peers/<")
	})
	return lines
}

// mountSecond mounts an rTorrent once more, to see what others have changed at
// once.
func mountSecond(t *testing.T, d *rtorrent.Daemon) *mounted {
	t.Helper()
	const short = 10 * time.Millisecond
	return mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{TTL: short, Slow: short}, Options{TTL: short})
}

// rowWait is how long a row may take to show at another mount.
const rowWait = 30 * time.Second

// wantBoth wants a text in a file of a mount where it was just written, and in
// another one of the same rTorrent. A state may take a moment to be reached.
func wantBoth(t *testing.T, m, second *mounted, path, want string) {
	t.Helper()
	if got := m.read(t, path); got != want && !strings.HasSuffix(path, "/state") {
		t.Errorf("%s reads %q, want %q", path, got, want)
	}
	if strings.Contains(path, "/trackers/") {
		second = mountSecond(t, m.daemon) // the names of trackers are those of when they were first seen
	}
	var got []byte
	var err error
	for _, m := range []*mounted{m, second} {
		ends := time.Now().Add(rowWait)
		for got = nil; string(got) != want && time.Now().Before(ends); <-time.After(20 * time.Millisecond) {
			if got, err = os.ReadFile(m.path(path)); string(got) == want {
				break
			}
		}
		if string(got) != want {
			t.Errorf("%s reads %q (%v) in the end, want %q", path, got, err, want)
		}
	}
}

// TestEverySettingTakesAnotherValue does the same to what settings/ has: each
// takes something else, keeps it, maybe rounded, and takes back what it had.
func TestEverySettingTakesAnotherValue(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			second := mountSecond(t, m.daemon)
			options := optionValues(t, m.client)
			for _, path := range settingFiles(t, m) {
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() == 0o444 {
					continue
				}
				name, err := filepath.Rel(m.dir, path)
				if err != nil {
					t.Fatal(err)
				}
				before := m.read(t, name)
				command := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(name, "rtorrent/settings/"), "/value"), "/", ".")
				if stays := m.takesOther(t, second, name, strings.TrimSuffix(before, "\n")); stays != slices.Contains(unchanging[version], command) && !slices.Contains(oneWay, command) {
					t.Errorf("%s: that it takes nothing but %q is %t", name, before, stays)
				}
				if version == "0.16" && slices.Contains(oneWay, command) {
					continue
				}
				if err := writeFile(path, []byte(before)); err != nil {
					t.Errorf("%s does not take back %q: %v\n%s", name, before, err, m.read(t, "log"))
				}
				if before == "\n" && m.read(t, name) == "0.0.0.0\n" {
					before = "0.0.0.0\n" // which stands for none
				}
				wantBoth(t, m, second, name, before)
			}
			for i, after := range optionValues(t, m.client) {
				name, _, _ := strings.Cut(after, "=")
				if after != options[i] && !slices.Contains(oneWay, name) && !strings.HasSuffix(after, "=0.0.0.0") {
					t.Errorf("%s is left of %s", after, options[i])
				}
			}
		})
	}
}

// otherSettings are texts of which each setting takes one.
var otherSettings = []string{"127.0.0.2", "127.0.0.2:8", "/tmp/rtfs-elsewhere", "*.x", "seed", "leech", "main", "upload_leech_experimental", "6000-6001", "::1", "fd00::1", "http://127.0.0.2:8"}

// unchanging are the settings that each version, or what it was built with,
// keeps at what they are.
var unchanging = map[string][]string{
	"0.9.8": {"protocol.choke_heuristics.down.leech", "protocol.choke_heuristics.down.seed", "network.listen.backlog"},
	"0.16": {
		"protocol.choke_heuristics.down.leech", "protocol.choke_heuristics.down.seed",
		"dht.port", "network.http.max_total_connections", "network.max_open_files",
		"system.files.session.fdatasync", "trackers.use_udp",
	},
}

// oneWay are the settings that 0.16 does not take back to what they were.
var oneWay = []string{
	"network.local_address", "network.local_address.ipv4", "network.local_address.ipv6",
	"network.http.proxy_address", "network.proxy.http",
}

// takesOther gives a setting another value, and reports whether it keeps the
// one it has.
func (m *mounted) takesOther(t *testing.T, second *mounted, name, before string) (stays bool) {
	t.Helper()
	candidates := otherSettings
	if n, err := strconv.ParseInt(before, 10, 64); err == nil {
		candidates = nil
		for _, other := range []int64{n + 1, n - 1, 1 - n, n + 5000, n + 2<<30} {
			candidates = append(candidates, strconv.FormatInt(other, 10))
		}
	}
	for _, other := range candidates {
		err := writeFile(m.path(name), []byte(other+"\n"))
		if err != nil {
			if !errors.Is(err, syscall.EINVAL) {
				t.Errorf("%s: %q: %v", name, other, err)
			}
			if got := m.read(t, name); got != before+"\n" {
				t.Errorf("%s refuses %q, and reads %q; want %q as before", name, other, got, before)
			}
			continue
		}
		kept := m.read(t, name)
		if n, err := strconv.ParseInt(other, 10, 64); kept != other+"\n" && (err != nil || kept != fmt.Sprintln(n/1024*1024)) && kept != other+"/\n" {
			t.Errorf("%s reads %q after %q", name, kept, other)
		}
		if kept != before+"\n" {
			wantBoth(t, m, second, name, kept)
			return false
		}
	}
	return true
}
