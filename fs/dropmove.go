package fs

import (
	"context"
	"fmt"
	"strings"
)

// rename gives a drop another name; one that had a temporary name is loaded.
// A folder keeps what is in it.
func (a *dropDir) rename(ctx context.Context, name, newName string, replace bool) error {
	a = a.now()
	return a.receiveDrop(ctx, a, name, newName, replace)
}

// receive takes a drop out of another directory of drops.
func (a *dropDir) receive(ctx context.Context, from *dirNode, name, newName string) error {
	origin, ok := from.dir.(*dropDir)
	if !ok {
		return fmt.Errorf("%w: only .torrent files and links are dropped here", errPerm)
	}
	return a.now().receiveDrop(ctx, origin.now(), name, newName, true)
}

func (a *dropDir) receiveDrop(ctx context.Context, from *dropDir, name, newName string, replace bool) error {
	drop := from.tree.get(from.below + name)
	if drop == nil {
		return a.renameDir(ctx, from, name, newName)
	}
	old := a.tree.get(a.below + newName)
	switch {
	case newName == defaultsFile().Name && a.taken(ctx, newName):
		return a.saveDefaults(ctx, from, name)
	case a.taken(ctx, newName):
		return fmt.Errorf("%w: %s", errPerm, newName)
	case from != a && from.below != a.below && drop.loaded():
		return fmt.Errorf("%w: it is loaded already; tag the torrent in by-tag/", errPerm)
	case old != nil && !replace:
		return errExists
	}
	from.tree.remove(from.below + name)
	a.tree.put(drop, a, newName)
	if isTemporary(newName) {
		return nil
	}
	err := a.d.finishDrop(ctx, drop, true)
	if err != nil { // a rename that fails has not happened
		a.tree.remove(a.below + newName)
		from.tree.put(drop, from, name)
	}
	return err
}

// saveDefaults gives the defaults the text of a drop: editors write beside the
// file and rename onto it.
func (a *dropDir) saveDefaults(ctx context.Context, from *dropDir, name string) error {
	drop := from.tree.get(from.below + name)
	if drop == nil {
		return errNoEntry
	}
	content := drop.read(0, writeAtMost+1)
	switch {
	case len(content) == 0:
		return invalid("nothing was written to %s", name) // as an editor on a full disk does
	case len(content) > writeAtMost:
		return errTooBig
	}
	err := a.defaultsNode().commit(ctx, string(content), false, true)
	if err == nil {
		from.tree.remove(from.below + name)
	}
	return err
}

// taken reports whether a name is that of a directory or of a file of ours.
func (a *dropDir) taken(ctx context.Context, name string) bool {
	if a.tree.get(a.below+name) != nil {
		return false
	}
	_, err := a.find(ctx, name)
	return err == nil
}

// renameDir renames a folder, or a tag that no torrent has: file managers make
// a folder first and then let the user name it.
func (a *dropDir) renameDir(ctx context.Context, from *dropDir, name, newName string) error {
	if _, err := from.find(ctx, name); err != nil {
		return err
	}
	if _, err := a.find(ctx, newName); err == nil {
		return errExists
	}
	if from.path != a.path {
		return fmt.Errorf("%w: folders stay where they were made", errPerm)
	}
	if a.below != "" {
		a.tree.renameDir(a.below+name+"/", a.below+newName+"/", a.tag)
		return nil
	}
	old, err := dropTag(name)
	if err != nil {
		return err
	}
	tag, err := dropTag(newName)
	if err != nil {
		return err
	}
	used, err := a.d.tagsDir().used(ctx, old)
	switch {
	case err != nil:
		return err
	case used || !a.d.tags.has(old):
		return fmt.Errorf("%w: torrents have this tag; rename it in by-tag/", errPerm)
	}
	a.d.tags.set(old, false)
	a.d.tags.set(tag, true)
	a.tree.renameDir(name+"/", newName+"/", tag)
	return nil
}

// renameDir moves what is in a directory to another, that of a tag.
func (t *dropTree) renameDir(from, to, tag string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for path := range t.dirs {
		if rest, ok := strings.CutPrefix(path, from); ok {
			delete(t.dirs, path)
			t.dirs[to+rest] = true
		}
	}
	for path, d := range t.byPath {
		if rest, ok := strings.CutPrefix(path, from); ok {
			delete(t.byPath, path)
			t.byPath[to+rest] = d
		}
	}
	for path, dir := range t.known {
		if rest, ok := strings.CutPrefix(path, from); ok {
			below := to + rest
			next := &dropDir{d: dir.d, tree: t, path: t.path + below, below: below, tag: tag, ino: t.inos.named(t.path + below)}
			delete(t.known, path)
			t.known[below] = next
			dir.moved.Store(next)
		}
	}
}
