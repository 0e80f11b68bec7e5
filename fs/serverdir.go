package fs

import (
	"context"
	"strings"

	"rtfs/rtorrent"
)

// serverNodes is the table of rtorrent/.
func serverNodes() []Node[rtorrent.Server] {
	type T = rtorrent.Server
	return []Node[T]{
		text("version", "version of rTorrent", "system.client_version", func(t *T) string { return t.Version }),
		text("api_version", "version of its commands", "system.api_version", func(t *T) string { return t.API }),
		text("library_version", "version of libtorrent", "system.library_version", func(t *T) string { return t.Library }),
		integer("pid", "its process", "system.pid", func(t *T) int64 { return t.PID }),
		text("hostname", "the host it runs on", "system.hostname", func(t *T) string { return t.Hostname }),
		integer("port", "the port that peers connect to, 0 none", "network.listen.port", func(t *T) int64 { return t.Port }),
		integer("started", "when it was started, in Unix seconds; 0 where its session cannot be read from here", "session.path", func(t *T) int64 { return t.Started }),
		text("session_path", "its session directory, empty for none", "session.path", func(t *T) string { return t.Session }),
		integer("up_rate", "upload rate, in bytes/s", "throttle.global_up.rate", func(t *T) int64 { return t.UpRate }),
		integer("down_rate", "download rate, in bytes/s", "throttle.global_down.rate", func(t *T) int64 { return t.DownRate }),
		integer("up_total", "uploaded since it was started, in bytes", "throttle.global_up.total", func(t *T) int64 { return t.UpTotal }),
		integer("down_total", "downloaded since it was started, in bytes", "throttle.global_down.total", func(t *T) int64 { return t.DownTotal }),
		writable(integer("up_limit", "upload limit, in bytes/s, 0 for none; takes 500K, 2M, 1G, kept in KiB until rTorrent ends", "throttle.global_up.max_rate", upLimit),
			setter[T]{plan: setLimit(rtorrent.SetUpLimit)}),
		writable(integer("down_limit", "download limit, in bytes/s, 0 for none", "throttle.global_down.max_rate", downLimit),
			setter[T]{plan: setLimit(rtorrent.SetDownLimit)}),
		List[T]{Name: "throttles", Doc: "limits with a name, in force while there is a limit for all; mkdir makes one, kept over restarts of rTorrent", Below: throttleReference, Open: openThrottles},
		List[T]{Name: "choke_groups", Doc: "groups that share slots for uploads and downloads; mkdir makes one, kept until rTorrent ends", Below: chokeGroupReference, Open: openChokeGroups},
		List[T]{Name: "settings", Doc: "every value that rTorrent has a setter for; kept until it ends", Below: settingsReference, Open: openSettings},
		File[T]{Name: "methods", Doc: "the commands that it has, one a line", From: "system.listMethods", Read: renderMethods},
		File[T]{Name: "ctl", Doc: "write save to save the session; reading lists that", From: "session.save", Read: renderServerCtl,
			Set: &setter[T]{words: []string{serverSave}, plan: controlServer}},
	}
}

func upLimit(t *rtorrent.Server) int64   { return t.UpLimit }
func downLimit(t *rtorrent.Server) int64 { return t.DownLimit }

// openServer opens rtorrent/.
func openServer(d *driver, s subject[server]) directory {
	below := subject[rtorrent.Server]{path: s.path, ino: d.inos.named(s.path), find: d.cache.Server}
	return newTableDir(d, below, serverNodes())
}

// serverReference describes rtorrent/.
func serverReference(prefix string) []Line {
	var lines []Line
	for _, n := range serverNodes() {
		lines = append(lines, n.reference(prefix)...)
	}
	return lines
}

// setLimit returns the plan of a write to one of the limits for all torrents.
func setLimit(command func(int64) rtorrent.ServerCommand) func(*rtorrent.Server, string, bool) (action, error) {
	return func(t *rtorrent.Server, value string, _ bool) (action, error) {
		n, err := parseLimit(value, t.LimitMax)
		if err != nil {
			return nil, err
		}
		return applyServer(command(n)), nil
	}
}

// applyServer is the action that carries out commands on rTorrent itself.
func applyServer(commands ...rtorrent.ServerCommand) action {
	return func(ctx context.Context, d *driver) error { return d.cache.ApplyServer(ctx, commands...) }
}

func renderMethods(ctx context.Context, d *driver, _ *rtorrent.Server) ([]byte, error) {
	caps, err := d.cache.Client().Caps(ctx)
	if err != nil {
		return nil, err
	}
	return line(strings.Join(caps.Commands, "\n")), nil
}

// serverSave is what rtorrent/ctl takes.
const serverSave = "save"

func renderServerCtl(context.Context, *driver, *rtorrent.Server) ([]byte, error) {
	return line(serverSave), nil
}

func controlServer(_ *rtorrent.Server, word string, _ bool) (action, error) {
	if word != serverSave {
		return nil, invalid("ctl %q, want %s", word, serverSave)
	}
	return applyServer(rtorrent.SaveSession()), nil
}
