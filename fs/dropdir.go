package fs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
)

// A dropDir is add/ or add-stopped/, or a directory in it: what is dropped
// there is loaded when it is closed, and its name stays for a while because
// programs stat, chmod and rename what they have just written. A directory in
// add/ is a tag; those below it are only folders, so that a whole tree can be
// dropped.
type dropDir struct {
	d     *driver
	tree  *dropTree
	path  string // below the root of the mount
	below string // the same below the tree: "", "tv/" or "tv/deep/"
	tag   string // of what is dropped here, "" none
	ino   uint64

	// moved is where it is since it was renamed: the kernel goes on to use the
	// node it had, until it has asked for the new name.
	moved atomic.Pointer[dropDir]
}

var (
	_ maker    = (*dropDir)(nil)
	_ creator  = (*dropDir)(nil)
	_ remover  = (*dropDir)(nil)
	_ renamer  = (*dropDir)(nil)
	_ receiver = (*dropDir)(nil)
)

func openAdd(tree func(*driver) *dropTree) func(*driver, subject[server]) directory {
	return func(d *driver, s subject[server]) directory {
		return tree(d).dir(d, "", "")
	}
}

// now returns the directory where it is now.
func (a *dropDir) now() *dropDir {
	for next := a.moved.Load(); next != nil; next = a.moved.Load() {
		a = next
	}
	return a
}

func dropReference(prefix string) []Line {
	drop := func(prefix string) []Line {
		return []Line{
			urlLine(prefix), defaultsFile().reference(prefix)[0],
			{Path: prefix + "<name>.torrent", Mode: modeString(modeDrop), Doc: "a drop, visible for 10 s after it was loaded", From: "load.raw"},
			{Path: prefix + "<name>.magnet", Mode: modeString(modeDrop), Doc: "links in a file, one a line", From: "load.normal"},
		}
	}
	lines := []Line{{Path: prefix + "log", Mode: modeString(modeFile), Doc: "what became of the drops: time, OK or errno, info-hash, file, reason"}}
	lines = append(lines, drop(prefix)...)
	lines = append(lines, Line{Path: prefix + "<tag>/", Mode: modeString(modeDir), Doc: "what is dropped here, or in a folder made here, gets the tag; mkdir makes one"})
	return append(lines, drop(prefix+"<tag>/")...)
}

// modeDrop is the mode of a drop, which can hold passkeys.
const modeDrop = syscall.S_IFREG | 0o600

// dropLog is the name of the log of drops.
const dropLog = "log"

func (a *dropDir) list(ctx context.Context) ([]entry, error) {
	a = a.now()
	entries := a.fixed()
	drops, names, dirs := a.tree.in(a.below)
	if a.below == "" {
		tags, err := a.d.tagsDir().all(ctx)
		if err != nil {
			return nil, err
		}
		for _, tag := range tags {
			name := groupName(tag)
			if drops[name] == nil && !slices.ContainsFunc(entries, func(e entry) bool { return e.name == name }) {
				entries = append(entries, a.dirEntry(name, tag))
			}
		}
	} else {
		for _, name := range dirs {
			entries = append(entries, a.dirEntry(name, a.tag))
		}
	}
	for _, name := range names {
		entries = append(entries, a.entry(name, drops[name]))
	}
	return entries, nil
}

// fixed are the entries that are always there.
func (a *dropDir) fixed() []entry {
	if strings.Count(a.below, "/") > 1 {
		return nil
	}
	n := a.defaultsNode()
	entries := []entry{
		a.urlEntry(),
		{name: n.text.(*boundFile[defaultSet]).file.Name, mode: n.mode, ino: n.ino, life: fixedLife, node: func() node { return n }},
	}
	if a.below == "" {
		entries = append(entries, a.d.logEntry(dropLog, a.path+dropLog, a.ino+1, a.tree.log))
	}
	return entries
}

func (a *dropDir) find(ctx context.Context, name string) (entry, error) {
	a = a.now()
	fixed := a.fixed()
	if at := slices.IndexFunc(fixed, func(e entry) bool { return e.name == name }); at >= 0 {
		return fixed[at], nil
	}
	if drop := a.tree.get(a.below + name); drop != nil {
		return a.entry(name, drop), nil
	}
	if a.below != "" {
		if a.tree.hasDir(a.below + name + "/") {
			return a.dirEntry(name, a.tag), nil
		}
		return entry{}, errNoEntry
	}
	tag, err := dropTag(name)
	if err != nil {
		return entry{}, errNoEntry
	}
	known, err := a.d.tagsDir().has(ctx, tag)
	if err != nil {
		return entry{}, err
	}
	if !known {
		return entry{}, errNoEntry
	}
	return a.dirEntry(name, tag), nil
}

func (a *dropDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, a.d.started, nil
}

func (a *dropDir) entry(name string, drop *drop) entry {
	e := entry{name: name, mode: a.d.mode(modeDrop), ino: drop.ino, life: a.d.opts.TTL}
	e.node = func() node { return &dropNode{base: base{d: a.d}, drop: drop, mode: e.mode} }
	return e
}

// dirEntry is the entry of a directory in this one.
func (a *dropDir) dirEntry(name, tag string) entry {
	dir := a.tree.dir(a.d, a.below+name+"/", tag)
	return a.d.dirEntry(name, dir.path, dir.ino, a.d.opts.TTL, dir)
}

func (a *dropDir) create(_ context.Context, name string, _, _ uint32) (entry, fusefs.FileHandle, error) {
	a = a.now()
	drop, err := a.tree.create(a, name)
	if err != nil {
		return entry{}, nil, err
	}
	return a.entry(name, drop), &dropHandle{d: a.d, drop: drop, writes: true}, nil
}

// dropTag returns the tag that a directory of that name stands for. Unlike in
// by-tag/ a '%' that escapes nothing stands for itself, since folders are
// dropped as they are.
func dropTag(name string) (string, error) {
	tag, err := newTag(name)
	if err == nil {
		return tag, nil
	}
	tag = strings.TrimSpace(name)
	if tag == "" || tag == noTag || strings.ContainsAny(tag, "\n\x00") {
		return "", err
	}
	return tag, nil
}

// mkdir makes a tag, or a folder below one.
func (a *dropDir) mkdir(ctx context.Context, name string) (entry, error) {
	a = a.now()
	if _, err := a.find(ctx, name); err == nil {
		return entry{}, errExists
	}
	if a.below != "" {
		if err := a.tree.makeDir(a.below + name + "/"); err != nil {
			return entry{}, err
		}
		return a.dirEntry(name, a.tag), nil
	}
	tag, err := dropTag(name)
	if err != nil {
		return entry{}, err
	}
	a.d.tags.set(tag, true)
	return a.dirEntry(name, tag), nil
}

// remove forgets a drop, and what it became stays; or an empty folder, or a
// tag that no torrent has.
func (a *dropDir) remove(ctx context.Context, name string, dir bool) error {
	a = a.now()
	switch {
	case !dir && a.tree.remove(a.below+name) != nil:
		return nil
	case !dir:
		return fmt.Errorf("%w: %s", errPerm, name)
	case a.below != "" && !a.tree.hasDir(a.below+name+"/"):
		return fmt.Errorf("%w: %s", errPerm, name)
	}
	if err := a.tree.empty(a.below + name + "/"); err != nil || a.below != "" {
		return err
	}
	tag, err := dropTag(name)
	if err != nil {
		return errNoEntry
	}
	return a.d.tagsDir().remove(ctx, groupName(tag), true)
}
