package fs

import (
	"context"
	"fmt"
	"strings"
)

// Reference returns the whole tree, a line an entry, from its declarations.
func Reference() []Line {
	var all []Line
	for _, n := range rootNodes() {
		all = append(all, n.reference("")...)
	}
	return all
}

// Table returns the reference as a Markdown table, as the README has it. What
// takes writes is marked; modes and commands are in the man page.
func Table() string {
	var b strings.Builder
	b.WriteString("| path | |\n|---|---|\n")
	for _, l := range Reference() {
		mark := ""
		if l.Mode[0] == '-' && l.Mode[2] == 'w' {
			mark = " \\*"
		}
		fmt.Fprintf(&b, "| `%s`%s | %s |\n", l.Path, mark, l.Doc)
	}
	return b.String()
}

// readmeHead stands at the begin of /README.
const readmeHead = `rtfs: a running rTorrent as files

One value a file, one newline at its end, base units (bytes, bytes/s, Unix
seconds, 0 and 1). A write takes what a read gives; its errno is the answer,
and log and health have the reason. Deleting anything here changes nothing in
rTorrent and no data: a torrent is erased by moving it to erase/.

    cat torrents/*/state                   what they all do
    echo stop > by-name/NAME/state         stop one
    grep -l . torrents/*/message           those with a message
    cp x.torrent add/                      add and start one
    column -ts"$(printf '\t')" list.tsv    everything at once

`

// renderReadme returns /README: how to use the tree, and the tree.
func renderReadme(context.Context, *driver, *server) ([]byte, error) {
	var b strings.Builder
	b.WriteString(readmeHead)
	for _, l := range Reference() {
		fmt.Fprintf(&b, "%s  %-36s %s\n", l.Mode, l.Path, l.Doc)
	}
	return []byte(b.String()), nil
}
