package fs

import (
	"context"
	"strings"
)

// rootNodes is the table of the whole tree; a torrent's own is torrentNodes.
func rootNodes() []Node[server] {
	return []Node[server]{
		File[server]{Name: "README", Doc: "this tree, generated", Read: renderReadme},
		File[server]{Name: "health", Doc: "the connection to rTorrent, as `key: value` lines; never waits for it", Read: renderHealth},
		Growing[server]{Name: "log", Log: func(d *driver) *logFile { return d.log }, Doc: "every write through this mount: time, uid, path, old and new value, errno, rTorrent's words"},
		File[server]{Name: "list.tsv", Doc: "all torrents, one row each: the fast way to read everything", Read: renderListTSV},
		File[server]{Name: "list.json", Doc: "the same as one JSON array of objects", Read: renderListJSON},
		List[server]{Name: "list", Doc: "the same with the fields that you name, and no more asked of rTorrent: cat list/name,ratio,state", Below: tableReference, Open: openList},
		File[server]{Name: "files.tsv", Doc: "every file of every torrent: hash, priority, size, completed_bytes, path", From: "f.multicall", Read: renderFilesTSV},
		Growing[server]{Name: "events", Log: func(d *driver) *logFile { return d.events.log }, Doc: "changes in rTorrent since the mount: time, info-hash, event, name; tail -f it; events are " + strings.Join(eventNames, ", ")},
		File[server]{Name: "metrics", Doc: "Prometheus text: totals, counts by state, tracker and message", Read: renderMetrics},
		List[server]{Name: "torrents", Doc: "every torrent, by info-hash", Below: torrentReference, Open: openTorrents},
		List[server]{Name: "by-name", Doc: "links to the torrents, by name", Below: linkReference, Open: openByName},
		List[server]{Name: "by-state", Doc: "links by state; mv between them acts", Below: groupReference("<state>", "all states, always there"), Open: openGroups(byState())},
		List[server]{Name: "by-tag", Doc: "links by tag; mkdir, ln -s, mv edit the tags; mv to @none takes one away", Below: groupReference("<tag>", "one tag; @none is for those without"), Open: openByTag},
		List[server]{Name: "by-tracker", Doc: "links by the trackers' hosts", Below: groupReference("<host>", "one host"), Open: openGroups(byTracker())},
		List[server]{Name: "by-message", Doc: "links by the class of the last message", Below: groupReference("<class>", "unregistered, auth, timeout, unreachable, check, disk or other"), Open: openGroups(byMessage())},
		List[server]{Name: "by-path", Doc: "links by the folder that holds the data: which torrent owns this", Below: groupReference("<absolute path>", "one folder"), Open: openByPath},
		List[server]{Name: "by-view", Doc: "links by rTorrent's own views, which lag behind the states", Below: groupReference("<view>", "one view"), Open: openByView},
		List[server]{Name: "where", Doc: "a query made by naming it: ls 'where/ratio>2,state=seeding'", Below: groupReference("<expr>", "field op value, joined by commas; fields as in list.tsv, and tracker; ops = != < > <= >= ~ (glob)"), Open: openWhere},
		List[server]{Name: "add", Doc: "drop .torrent files here: they are checked, loaded and started", Below: dropReference, Open: openAdd(func(d *driver) *dropTree { return d.add })},
		List[server]{Name: "add-stopped", Doc: "the same, not started", Below: dropReference, Open: openAdd(func(d *driver) *dropTree { return d.addStop })},
		File[server]{Name: "CACHEDIR.TAG", Doc: "tells backups to leave the mount out", Read: fixedText(cacheDirTag)},
		File[server]{Name: ".nomedia", Doc: "tells media scanners to leave the mount out", Read: fixedText("")},
		List[server]{Name: "erase", Doc: "mv a torrent or a link to one here: d.erase, its data stays", Open: openErase},
		List[server]{Name: "rtorrent", Doc: "rTorrent itself", Below: serverReference, Open: openServer},
	}
}

// A server is what the root is about: the one rTorrent behind the mount.
type server struct{ d *driver }

// cacheDirTag is what marks a directory as one that backups leave out, by the
// Cache Directory Tagging Specification.
const cacheDirTag = "Signature: 8a477f597d28d172789f06886806bc55\n# This is a mount of rtfs: what it shows is rTorrent's.\n"

// fixedText is the Read of a file whose text never changes.
func fixedText(text string) func(context.Context, *driver, *server) ([]byte, error) {
	return func(context.Context, *driver, *server) ([]byte, error) { return []byte(text), nil }
}
