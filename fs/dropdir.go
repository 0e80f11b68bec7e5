package fs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	fusefs "github.com/hanwen/go-fuse/v2/fs"

	"rtfs/rtorrent"
)

// A dropDir is add/ or add-stopped/: a .torrent that is written into it is
// loaded when it is closed, and its name stays for a while because programs
// stat, chmod and rename what they have just written.
type dropDir struct {
	d     *driver
	path  string
	ino   uint64
	drops *dropSet
}

var (
	_ creator = (*dropDir)(nil)
	_ remover = (*dropDir)(nil)
	_ renamer = (*dropDir)(nil)
)

func openAdd(start bool) func(*driver, subject[server]) directory {
	return func(d *driver, s subject[server]) directory {
		return &dropDir{d: d, path: s.path, ino: d.inos.named(s.path), drops: d.drops.set(start)}
	}
}

func dropReference(prefix string) []Line {
	return []Line{
		{Path: prefix + "log", Mode: modeString(modeFile), Doc: "what became of the drops: time, OK or errno, info-hash, file, reason"},
		{Path: prefix + "<name>.torrent", Mode: modeString(modeDrop), Doc: "a drop, visible for 10 s after it was loaded", From: "load.raw"},
	}
}

// modeDrop is the mode of a drop.
const modeDrop = modeFile | 0o200

func (a *dropDir) list(context.Context) ([]entry, error) {
	entries := []entry{a.logEntry()}
	for _, drop := range a.drops.all() {
		entries = append(entries, a.entry(drop))
	}
	return entries, nil
}

func (a *dropDir) find(_ context.Context, name string) (entry, error) {
	if name == "log" {
		return a.logEntry(), nil
	}
	if drop := a.drops.get(name); drop != nil {
		return a.entry(drop), nil
	}
	return entry{}, errNoEntry
}

func (a *dropDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, a.d.started, nil
}

func (a *dropDir) logEntry() entry {
	return a.d.logEntry("log", a.path+"log", a.ino+1, a.drops.log)
}

func (a *dropDir) entry(drop *drop) entry {
	e := entry{name: drop.label(), mode: a.d.mode(modeDrop), ino: drop.ino, life: a.d.opts.TTL}
	e.node = func() node { return &dropNode{base: base{d: a.d}, dir: a, drop: drop, mode: e.mode} }
	return e
}

func (a *dropDir) create(_ context.Context, name string, _, _ uint32) (entry, fusefs.FileHandle, error) {
	drop, err := a.drops.create(name)
	if err != nil {
		return entry{}, nil, err
	}
	return a.entry(drop), &dropHandle{dir: a, drop: drop, writes: true}, nil
}

// remove forgets a drop. The torrent that it became stays.
func (a *dropDir) remove(_ context.Context, name string, dir bool) error {
	if dir || name == "log" || a.drops.remove(name) == nil {
		return fmt.Errorf("%w: %s", errPerm, name)
	}
	return nil
}

// rename gives a drop another name; one that had a temporary name is loaded.
func (a *dropDir) rename(ctx context.Context, name, newName string, replace bool) error {
	if newName == "log" {
		return errPerm
	}
	drop, err := a.drops.rename(name, newName, replace)
	if err != nil || isTemporary(newName) {
		return err
	}
	return a.finish(ctx, drop, true)
}

// isTemporary reports whether a name is one under which programs write what
// they rename when it is whole: dot files (rsync, gio), browsers' parts.
func isTemporary(name string) bool {
	if strings.HasPrefix(name, ".") {
		return true
	}
	for _, suffix := range []string{".part", ".crdownload", ".tmp", ".partial", ".filepart"} {
		if strings.HasSuffix(strings.ToLower(name), suffix) {
			return true
		}
	}
	return false
}

// finish loads a drop if it has a new content that is due, and returns what
// became of it. A missing end may yet come, so that has its line in the logs
// only when the last writer has closed.
func (a *dropDir) finish(ctx context.Context, drop *drop, last bool) error {
	content, name, outcome, due := drop.take()
	if due {
		var h rtorrent.Hash
		h, outcome = a.d.load(ctx, content, a.drops.start)
		drop.settle(outcome)
		if !isIncomplete(outcome) {
			a.report(ctx, h, name, outcome)
		}
	}
	if last && isIncomplete(outcome) && drop.untold() {
		a.report(ctx, "", name, outcome)
	}
	return outcome
}

// report logs what became of a drop, here and in the log of all writes.
func (a *dropDir) report(ctx context.Context, h rtorrent.Hash, name string, err error) {
	a.drops.report(h, name, err)
	a.d.record(ctx, a.path+name, "", string(h), err)
}

func isIncomplete(err error) bool { return errors.Is(err, rtorrent.ErrIncomplete) }
