package rtorrent

import (
	"fmt"
	"path/filepath"
	"strings"
)

// rc is the text of rtorrent.rc. Every line suits 0.9.8 and 0.16, except that
// 0.16 logs an error about trackers.use_udp and goes on. The log comes first,
// so that it tells of errors in the lines after it.
func (o *DaemonOptions) rc(session, endpoint string, p ports) string {
	level := "notice"
	if o.Profile == Private {
		level = "info"
	}
	lines := []string{
		`log.open_file = "main", ` + quoteRC(filepath.Join(o.Dir, logFile)),
		`log.add_output = "` + level + `", "main"`,
		`system.daemon.set = true`,
		`session.path.set = ` + quoteRC(session),
		`directory.default.set = ` + quoteRC(o.DownloadDir),
	}
	if path, ok := strings.CutPrefix(endpoint, "scgi:///"); ok {
		lines = append(lines, `network.scgi.open_local = `+quoteRC("/"+path))
	} else {
		lines = append(lines, `network.scgi.open_port = `+strings.TrimPrefix(endpoint, "scgi://"))
	}
	switch o.Profile {
	case Private:
		lines = append(lines,
			fmt.Sprintf(`network.port_range.set = %d-%d`, p.peer, p.peer),
			`network.port_random.set = no`,
			`network.bind_address.set = 127.0.0.1`,
			`dht.mode.set = disable`,
			`protocol.pex.set = no`,
			`trackers.use_udp.set = no`,
		)
	case User:
		// Without these two rTorrent would neither find peers of a magnet that
		// names no tracker, nor speak with peers that insist on encryption.
		lines = append(lines,
			`dht.mode.set = auto`,
			`protocol.encryption.set = allow_incoming,try_outgoing,enable_retry`,
		)
	}
	if o.DownRateKB > 0 {
		lines = append(lines, fmt.Sprintf(`throttle.global_down.max_rate.set_kb = %d`, o.DownRateKB))
	}
	return strings.Join(append(lines, o.Extra...), "\n") + "\n"
}

// quoteRC quotes an absolute path for rtorrent.rc. Only what begins with $ is a
// command there, quoted or not; so the leading slash makes every path literal.
func quoteRC(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}
