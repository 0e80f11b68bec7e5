package rtorrent

import (
	"fmt"
	"math"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
)

// settingNamespaces are the first components of the settings' names. Others
// are about one torrent, file, tracker, peer or choke group, execute, define or
// schedule something, or come from rtorrent.rc, where a getter may do anything.
var settingNamespaces = []string{
	"dht", "directory", "file", "group", "keys", "magnet", "network", "pieces", "protocol",
	"ratio", "scheduler", "session", "system", "throttle", "trackers", "ui", "view",
}

// isSetting reports whether a command that has a setter is a setting. Names
// with a component that begins with an underscore are what others are made of.
func isSetting(name string) bool {
	namespace, _, _ := strings.Cut(name, ".")
	return slices.Contains(settingNamespaces, namespace) && !strings.Contains(name, "._")
}

// fixedSettings are patterns of what must not be changed: the connection by
// which we talk, where the session is, and the terminal's looks, of which
// ui.input.history.size ends rTorrent when it is large.
var fixedSettings = []string{
	"session.*", "system.cwd", "system.daemon",
	"*rpc*", "*scgi*",
	"ui.*", "keys.*", "view.*",
}

// IsFixedSetting reports whether a setting is only to be read.
func IsFixedSetting(name string) bool { return matchesAny(name, fixedSettings) }

func matchesAny(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return ok && err == nil
	})
}

// numberRules bound numbers; the first pattern that matches holds. Where a
// reason is not given, both versions take any number and end when the next
// torrent is loaded, since it is out of range for that.
var numberRules = []struct {
	pattern  string
	min, max int64
	or       int64 // also allowed
}{
	{"throttle.m??_peers.seed", 0, PeersAtMost, -1},
	{"throttle.m??_peers.*", 0, PeersAtMost, 0},
	{"throttle.m??_uploads*", 0, PeersAtMost, 0},
	{"throttle.m??_downloads*", 0, PeersAtMost, 0},
	{"system.file.split_size", 1 << 30, math.MaxInt64, -1}, // at most 1,000 parts a file
	{"network.http.max_*_connections", 0, 1024, 0},         // at once, from 16384 on
	{"network.http.dns_cache_timeout", 0, math.MaxInt32, -1},
	{"pieces.memory.max", 1 << 20, math.MaxInt64, 1 << 20}, // with less no piece can be checked
	{"*", 0, math.MaxInt64, -1},
}

// wordRules list the words that a text can be. With others no torrent can be
// started; with initial_seed, and no check on completion, both versions end
// when a torrent completes.
var wordRules = []struct {
	pattern string
	words   []string
}{
	{"protocol.connection.*", []string{"leech", "seed"}},
	{"protocol.choke_heuristics.up.*", UpHeuristics()},
	{"protocol.choke_heuristics.down.*", DownHeuristics()},
}

// addressSettings are patterns of what takes an address. rTorrent looks up a
// name in its main loop, which can take minutes.
var addressSettings = []string{"network.bind_address*", "network.local_address*", "network.proxy_address"}

// anyAddress is what stands for no address where one was set.
const anyAddress = "0.0.0.0"

// rangeSettings are patterns of what takes a range of ports. rTorrent keeps any
// text, and then has no port to listen on.
var rangeSettings = []string{"network.port_range", "network.port.range"}

// defaultDirectory is where new torrents' data goes.
const defaultDirectory = "directory.default"

// directorySettings are patterns of what takes an absolute path.
var directorySettings = []string{defaultDirectory, "magnet.path"}

// Check returns why rTorrent must not be given a value, nil if it may be.
func (s *Settings) Check(to *Setting) error {
	switch to.Kind {
	case SettingNumber:
		return s.checkNumber(to)
	case SettingText:
		return checkText(to)
	}
	return nil
}

func (s *Settings) checkNumber(to *Setting) error {
	if strings.HasSuffix(to.Name, ".max_rate") {
		return CheckLimit(to.Number, s.limitMax)
	}
	for _, rule := range numberRules {
		if !matchesAny(to.Name, []string{rule.pattern}) {
			continue
		}
		if to.Number != rule.or && (to.Number < rule.min || to.Number > rule.max) {
			return fmt.Errorf("%s is from %d to %d, or %d", to.Name, rule.min, rule.max, rule.or)
		}
		return nil
	}
	return nil
}

// CheckLimit returns what is wrong with a limit in bytes/s: over the highest
// that rTorrent takes, or so low that rTorrent, which rounds to KiB, would take
// it for none.
func CheckLimit(n, highest int64) error {
	if n < 0 || n > highest {
		return fmt.Errorf("a limit is 0 to %d bytes/s", highest)
	}
	if n > 0 && n < 1024 {
		return fmt.Errorf("a limit is at least 1024 bytes/s, or 0 for none")
	}
	return nil
}

func checkText(to *Setting) error {
	for _, rule := range wordRules {
		if matchesAny(to.Name, []string{rule.pattern}) && !slices.Contains(rule.words, to.Text) {
			return fmt.Errorf("%s is one of %s", to.Name, strings.Join(rule.words, ", "))
		}
	}
	switch {
	case to.Text == "" && to.Name != defaultDirectory:
	case matchesAny(to.Name, addressSettings) && !isAddress(to.Text):
		return fmt.Errorf("%s is an IP address", to.Name)
	case matchesAny(to.Name, rangeSettings) && !isPortRange(to.Text):
		return fmt.Errorf("%s is two ports, as in 6881-6999", to.Name)
	case matchesAny(to.Name, directorySettings) && !path.IsAbs(to.Text):
		return fmt.Errorf("%s is an absolute path", to.Name)
	}
	return nil
}

// isAddress reports whether s is an IP address, with or without a port.
func isAddress(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	_, err := netip.ParseAddrPort(s)
	return err == nil
}

// isPortRange reports whether s is two ports with a dash between, the lower
// first.
func isPortRange(s string) bool {
	from, to, _ := strings.Cut(s, "-")
	low, err := strconv.ParseUint(from, 10, 16)
	if err != nil || low == 0 {
		return false
	}
	high, err := strconv.ParseUint(to, 10, 16)
	return err == nil && low <= high
}
