package rtorrent

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// TestSettingNames lists what is a setting: pairs of global namespaces.
func TestSettingNames(t *testing.T) {
	caps := &Caps{known: map[string]bool{}}
	for _, name := range []string{
		"throttle.max_uploads", "throttle.max_uploads.div", "throttle.max_uploads.div._val", "session.path", "group.mine.ratio.max",
		"d.priority", "f.priority", "t.is_enabled", "p.banned", "choke_group.up.max", "group2.seeding.ratio.max",
		"execute.throw", "method.use_deprecated", "log.rpc", "schedule2", "cfg.mine", "network.tos",
	} {
		caps.Commands = append(caps.Commands, name)
		caps.known[name] = true
		caps.known[name+setForm] = name != "network.tos"
	}
	got := caps.SettingNames()
	want := []string{"throttle.max_uploads", "throttle.max_uploads.div", "session.path", "group.mine.ratio.max"}
	if !slices.Equal(got, want) {
		t.Errorf("settings = %q, want %q", got, want)
	}
}

func TestFixedSettings(t *testing.T) {
	for name, want := range map[string]bool{
		"session.path": true, "session.on_completion": true, "system.cwd": true, "system.daemon": true,
		"network.xmlrpc.size_limit": true, "network.rpc.use_jsonrpc": true, "network.scgi.dont_route": true,
		"system.sockets.rpc.max_alloc": true, "ui.input.history.size": true, "view.filter.temp.log": true,
		"system.file.allocate": false, "throttle.max_uploads": false, "system.files.session.fdatasync": false,
	} {
		if got := IsFixedSetting(name); got != want {
			t.Errorf("%s is fixed: %v, want %v", name, got, want)
		}
	}
}

// TestCheckSettings gives values that end or wedge rTorrent, and their
// neighbours that do not.
func TestCheckSettings(t *testing.T) {
	settings := &Settings{limitMax: rateMax}
	numbers := []struct {
		name      string
		good, bad []int64
	}{
		{"throttle.max_peers.normal", []int64{0, PeersAtMost}, []int64{-1, PeersAtMost + 1}},
		{"throttle.min_peers.seed", []int64{-1, 0, PeersAtMost}, []int64{-2, PeersAtMost + 1}},
		{"throttle.max_uploads", []int64{0, PeersAtMost}, []int64{-1, PeersAtMost + 1}},
		{"throttle.max_uploads.global", []int64{0, PeersAtMost}, []int64{-1, math.MaxInt32}},
		{"throttle.min_downloads", []int64{0, PeersAtMost}, []int64{-1, PeersAtMost + 1}},
		{"throttle.global_down.max_rate", []int64{0, 1024, rateMax}, []int64{-1, 1, 1023, rateMax + 1}},
		{"system.file.split_size", []int64{-1, 1 << 30}, []int64{0, 1, 1 << 20}},
		{"network.http.max_cache_connections", []int64{0, 1024}, []int64{-1, 16384}},
		{"network.http.max_host_connections", []int64{0, 1024}, []int64{-1, 16384}},
		{"network.http.dns_cache_timeout", []int64{-1, 60}, []int64{math.MinInt32}},
		{"pieces.memory.max", []int64{1 << 20}, []int64{0, 1000}},
		{"trackers.numwant", []int64{-1, 0, 500}, []int64{-2, math.MinInt64}},
	}
	for _, tc := range numbers {
		for _, n := range tc.good {
			if err := settings.Check(&Setting{Name: tc.name, Kind: SettingNumber, Number: n}); err != nil {
				t.Errorf("%s of %d: %v", tc.name, n, err)
			}
		}
		for _, n := range tc.bad {
			if settings.Check(&Setting{Name: tc.name, Kind: SettingNumber, Number: n}) == nil {
				t.Errorf("%s may be %d", tc.name, n)
			}
		}
	}
	texts := []struct {
		name      string
		good, bad []string
	}{
		{"protocol.connection.seed", []string{"seed"}, []string{"initial_seed", "x", ""}},
		{"protocol.choke_heuristics.up.seed", []string{"upload_seed"}, []string{"download_leech", "invalid"}},
		{"protocol.choke_heuristics.down.seed", []string{"download_leech"}, []string{"upload_seed"}},
		{"network.bind_address", []string{"", "127.0.0.1", "::1"}, []string{"localhost", "a b"}},
		{"network.bind_address.ipv4", []string{"127.0.0.1"}, []string{"localhost"}},
		{"network.proxy_address", []string{"127.0.0.1:80", "[::1]:80"}, []string{"proxy.example:80"}},
		{"directory.default", []string{"/x"}, []string{"", "x", "~/x", "$execute.throw=id"}},
		{"network.http.proxy_address", []string{"http://proxy.example:80"}, nil},
	}
	for _, tc := range texts {
		for _, text := range tc.good {
			if err := settings.Check(&Setting{Name: tc.name, Text: text}); err != nil {
				t.Errorf("%s of %q: %v", tc.name, text, err)
			}
		}
		for _, text := range tc.bad {
			if settings.Check(&Setting{Name: tc.name, Text: text}) == nil {
				t.Errorf("%s may be %q", tc.name, text)
			}
		}
	}
}

// TestSettersOfGroups have no target before 0.16.
func TestSettersOfGroups(t *testing.T) {
	number := &Setting{Name: "ratio.max", Kind: SettingNumber, Number: 5}
	for library, want := range map[string]string{"0.13.8": "[5]", "0.15.2": "[5]", "0.16.0": "[ 5]"} {
		caps := &Caps{Library: library}
		if got := fmt.Sprint(caps.setter(number).args); got != want {
			t.Errorf("libtorrent %s: parameters %s, want %s", library, got, want)
		}
	}
	if got := fmt.Sprint((&Caps{Library: "0.13.8"}).setter(&Setting{Name: "pieces.memory.max", Kind: SettingNumber}).args); got != "[ 0]" {
		t.Errorf("a setter of 0.9.8 has the parameters %s, want a target first", got)
	}
}
