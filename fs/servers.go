package fs

import (
	"context"
	"slices"
	"strings"
	"time"
)

// MaxServers is how many servers one mount can show.
const MaxServers = 1<<inoPlaceBits - 1

// ValidName reports whether a server can have that name: letters, digits and
// -_. of ASCII, with neither dash nor dot first.
func ValidName(name string) bool {
	const most = 64 // bytes
	for _, r := range name {
		if !('0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || strings.ContainsRune("-_.", r)) {
			return false
		}
	}
	return name != "" && len(name) <= most && name[0] != '-' && name[0] != '.'
}

// A serversDir is the root of a mount of several servers: a directory for each,
// which is a whole tree. They share nothing but the mount: no call, lock or
// cache, so that each fails alone; only deletes and moves of data ask the others. What is moved from one to the other meets
// the EPERM of dirNode.Rename: never EXDEV, after which mv would copy.
type serversDir struct {
	d     *driver
	trees []*Tree
}

// newServersRoot returns the root above several trees. Its driver has no cache,
// for there is no rTorrent behind it.
func newServersRoot(trees []*Tree) *dirNode {
	o := trees[0].d.opts
	o.Name, o.Place, o.Server = "", 0, ""
	d := &driver{
		opts:     o,
		logger:   o.Log,
		started:  time.Now().Unix(),
		inos:     newInos(0),
		health:   newHealth(),
		notifier: newNotifier(),
	}
	for i, t := range trees {
		t.d.siblings = slices.Concat(trees[:i], trees[i+1:])
	}
	return &dirNode{base: base{d: d}, ino: inoRoot, mode: d.mode(modeDir), dir: &serversDir{d, trees}}
}

func (s *serversDir) list(context.Context) ([]entry, error) {
	entries := make([]entry, len(s.trees))
	for i, t := range s.trees {
		entries[i] = entry{name: t.d.opts.Name, mode: t.root.mode, ino: t.root.ino, life: fixedLife, node: func() node {
			return &dirNode{base: base{d: t.d}, ino: t.root.ino, mode: t.root.mode, dir: t.root.dir}
		}}
	}
	return entries, nil
}

func (s *serversDir) find(ctx context.Context, name string) (entry, error) {
	entries, err := s.list(ctx)
	for _, e := range entries {
		if e.name == name {
			return e, err
		}
	}
	return entry{}, errNoEntry
}

func (s *serversDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, s.d.started, nil
}
