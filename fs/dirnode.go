package fs

import (
	"context"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"rtfs/rtorrent"
)

// A dirNode is any directory of the tree; what it holds is its directory.
type dirNode struct {
	base
	ino  uint64
	mode uint32
	path string // below the root, with a slash at its end; "" the root
	dir  directory
	// gone is set when the directory has got another name, under which the
	// kernel goes on to use this node for a moment. ESTALE makes it look the
	// name up.
	gone atomic.Bool
	kept keptNames // of a directory of the table
}

var (
	_ node                      = (*dirNode)(nil)
	_ fusefs.NodeLookuper       = (*dirNode)(nil)
	_ fusefs.NodeOpendirHandler = (*dirNode)(nil)
	_ fusefs.NodeGetattrer      = (*dirNode)(nil)
	_ fusefs.NodeSetattrer      = (*dirNode)(nil)
)

func (n *dirNode) attr(ctx context.Context, out *fuse.Attr) (time.Duration, error) {
	size, mtime, err := n.dir.stat(ctx)
	if err != nil {
		return 0, err
	}
	n.d.fill(out, n.ino, n.mode, size, mtime)
	out.Nlink = 2
	out.Blocks = 0
	return n.d.opts.TTL, nil
}

// Getattr implements fusefs.NodeGetattrer.
func (n *dirNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.getattr(ctx, n, n.path, out)
}

// Setattr accepts modes and times, and keeps none.
func (n *dirNode) Setattr(ctx context.Context, _ fusefs.FileHandle, _ *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return n.getattr(ctx, n, n.path, out)
}

// Statfs tells the space where the data of the directory is, if it is about
// one torrent's content.
func (n *dirNode) Statfs(ctx context.Context, out *fuse.StatfsOut) syscall.Errno {
	if c, ok := n.dir.(*contentDir); ok {
		n.d.statfsOf(ctx, c.subject, out)
		return 0
	}
	return n.base.Statfs(ctx, out)
}

// Lookup implements fusefs.NodeLookuper.
func (n *dirNode) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	if n.gone.Load() {
		return nil, syscall.ESTALE
	}
	e, err := n.dir.find(ctx, name)
	if err != nil {
		if errnoOf(err, false) == syscall.ENOENT {
			if f, ok := n.dir.(foreseer); !ok || !f.never(name) {
				out.SetEntryTimeout(1) // of a nanosecond, instead of the mount's
			}
			return nil, syscall.ENOENT
		}
		return nil, n.d.refuse("lookup", n.path+name, err)
	}
	return n.enter(ctx, e, out)
}

// enter makes the inode of an entry and fills in the reply about it.
func (n *dirNode) enter(ctx context.Context, e entry, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	child := e.node()
	v, versioned := child.(*valueNode)
	if versioned {
		until, err := v.load(ctx, versionIn(&n.Inode, e.name))
		if err != nil {
			return nil, n.d.fail("lookup", n.path+e.name, err)
		}
		e.life = n.d.values.grant(until)
	}
	keep, err := child.attr(ctx, &out.Attr)
	if err != nil {
		return nil, n.d.fail("lookup", n.path+e.name, err)
	}
	if keep > 0 {
		out.SetAttrTimeout(keep)
	}
	if e.life > 0 {
		out.SetEntryTimeout(e.life)
	}
	id := fusefs.StableAttr{Mode: e.mode & syscall.S_IFMT, Ino: e.ino, Gen: n.d.inos.generation(e.ino)}
	if c, ok := child.(*contentNode); ok {
		id.Gen = c.generation
	} else if versioned {
		id.Gen = v.generation
	}
	if _, ok := n.dir.(*torrentsDir); ok && id.Mode == syscall.S_IFDIR {
		n.d.visits.note(rtorrent.Hash(e.name), &n.Inode)
	}
	return n.NewInode(ctx, child, id), 0
}

// OpendirHandle pins one listing, so that a reader of a long directory sees
// one moment.
func (n *dirNode) OpendirHandle(ctx context.Context, _ uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	if n.gone.Load() {
		return nil, 0, syscall.ESTALE
	}
	entries, err := n.dir.list(ctx)
	if err != nil {
		return nil, 0, n.d.fail("opendir", n.path, err)
	}
	l := &listing{dir: n, entries: slices.Concat(n.dots(), entries)}
	var flags uint32
	if n.isTable() {
		flags, l.keeps = n.kept.open(l.entries)
	}
	return l, flags, 0
}

// dots are the directory itself and the one above it.
func (n *dirNode) dots() []entry {
	up := n.ino
	if _, parent := n.Parent(); parent != nil {
		up = parent.StableAttr().Ino
	}
	return []entry{{name: ".", mode: n.mode, ino: n.ino}, {name: "..", mode: modeDir, ino: up}}
}
