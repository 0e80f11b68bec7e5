package fs

import (
	"context"
	"fmt"

	fusefs "github.com/hanwen/go-fuse/v2/fs"

	"rtfs/rtorrent"
)

// A contentDir is files/ of a torrent, one of the trees beside it that have the
// same paths, or a folder below one of these.
type contentDir struct {
	d       *driver
	tree    fileLeaf
	subject subject[rtorrent.Torrent]
	path    string   // below the root, with a slash at its end
	below   []string // the folder's names below files/
}

var (
	_ creator = (*contentDir)(nil)
	_ remover = (*contentDir)(nil)
	_ renamer = (*contentDir)(nil)
)

// A fileLeaf makes the entries of the files in one of the trees.
type fileLeaf struct {
	number uint64 // of the tree, among those of a torrent
	entry  func(c *contentDir, name string, index int) entry
	// control returns the file as one that takes writes, nil in a tree of
	// files that take none.
	control func(c *contentDir, name string, index int) *fileNode
}

func openFiles(d *driver, s subject[rtorrent.Torrent]) directory {
	return &contentDir{d: d, subject: s, path: s.path, tree: fileLeaf{entry: contentEntry}}
}

func contentReference(prefix string) []Line {
	return []Line{{Path: prefix + "<path>", Mode: modeString(modeFile),
		Doc: "one file of the content, with its final size; a read waits for what is being downloaded; what is not on its way is ENODATA", From: "f.multicall d.bitfield"}}
}

// bare says that most who list files look at none of them.
func (c *contentDir) bare() {}

func (c *contentDir) load(ctx context.Context) (*fileTree, error) {
	files, err := c.d.cache.Files(ctx, c.subject.hash)
	if err != nil {
		return nil, err
	}
	return c.d.contents.tree(c.subject.hash, files), nil
}

func (c *contentDir) folder(ctx context.Context) (*fileTree, *folder, error) {
	tree, err := c.load(ctx)
	if err != nil {
		return nil, nil, err
	}
	folder := tree.find(c.below)
	if folder == nil {
		return nil, nil, errNoEntry
	}
	return tree, folder, nil
}

func (c *contentDir) list(ctx context.Context) ([]entry, error) {
	_, folder, err := c.folder(ctx)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(folder.names))
	for i, name := range folder.names {
		entries[i] = c.entry(name, folder.children[name])
	}
	return entries, nil
}

func (c *contentDir) find(ctx context.Context, name string) (entry, error) {
	_, folder, err := c.folder(ctx)
	if err != nil {
		return entry{}, err
	}
	if l, ok := folder.children[name]; ok {
		return c.entry(name, l), nil
	}
	if e, ok := c.overlay().find(name); ok {
		return e, nil
	}
	return entry{}, errNoEntry
}

// overlay is the scratch files of a folder whose files take writes.
func (c *contentDir) overlay() overlay {
	return overlay{d: c.d, path: c.path, control: func(ctx context.Context, name string) (*fileNode, error) {
		_, folder, err := c.folder(ctx)
		if err != nil {
			return nil, err
		}
		if l, ok := folder.children[name]; ok && l.folder == nil {
			return c.tree.control(c, name, l.index), nil
		}
		return nil, errNoEntry
	}}
}

func (c *contentDir) create(_ context.Context, name string, flags, mode uint32) (entry, fusefs.FileHandle, error) {
	if c.tree.control == nil {
		return entry{}, nil, fmt.Errorf("%w: %s", errAccess, name)
	}
	return c.overlay().create(name, flags, mode)
}

// remove forgets a scratch file. Content is never removed.
func (c *contentDir) remove(_ context.Context, name string, dir bool) error {
	return c.overlay().remove(name, dir)
}

func (c *contentDir) rename(ctx context.Context, name, newName string, _ bool) error {
	if c.tree.control == nil {
		return fmt.Errorf("%w: %s", errPerm, name)
	}
	return c.overlay().rename(ctx, name, newName)
}

func (c *contentDir) entry(name string, l leaf) entry {
	if l.folder == nil {
		return c.tree.entry(c, name, l.index)
	}
	below := &contentDir{d: c.d, tree: c.tree, subject: c.subject, path: c.path + name + "/"}
	below.below = append(append(below.below, c.below...), name)
	ino := c.subject.ino + inoSubdir + c.tree.number<<18 + l.folder.number
	return c.d.dirEntry(name, below.path, ino, c.d.opts.TTL, below)
}

func contentEntry(c *contentDir, name string, index int) entry {
	e := entry{name: name, mode: c.d.mode(modeFile), ino: c.subject.ino + inoFiles + uint64(index), life: c.d.opts.TTL}
	e.node = func() node {
		return &contentNode{base: base{d: c.d}, ino: e.ino, path: c.path + name, subject: c.subject, index: index}
	}
	return e
}

// stat gives a folder the torrent's time, and the number of its names as size.
func (c *contentDir) stat(ctx context.Context) (size, mtime int64, err error) {
	t, err := c.subject.find(ctx)
	if err != nil {
		return 0, 0, err
	}
	return 0, timeAdded(t), nil
}
