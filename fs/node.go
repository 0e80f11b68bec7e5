package fs

import (
	"context"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// A node is what stands behind an inode of ours.
type node interface {
	fusefs.InodeEmbedder
	// attr fills in the attributes, and returns how long the kernel may keep them.
	attr(ctx context.Context, out *fuse.Attr) (time.Duration, error)
}

// base is what every node has. The operations here are on every type because
// go-fuse's defaults are traps: without Statfs a file manager finds the disk
// full, without Setattr `> file` fails, without Fsync vim complains.
type base struct {
	fusefs.Inode
	d *driver
}

var (
	_ fusefs.NodeStatfser  = (*base)(nil)
	_ fusefs.NodeFsyncer   = (*base)(nil)
	_ fusefs.NodeAllocater = (*base)(nil)
)

// Statfs tells the space where rTorrent keeps its data.
func (b *base) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	b.d.statfs(out)
	return 0
}

// Fsync has nothing to do: a write has happened when it returns.
func (b *base) Fsync(context.Context, fusefs.FileHandle, uint32) syscall.Errno { return 0 }

// Allocate accepts what cp and browsers ask ahead of writing.
func (b *base) Allocate(context.Context, fusefs.FileHandle, uint64, uint64, uint32) syscall.Errno {
	return 0
}

// getattr answers GETATTR and SETATTR for n: modes, owners and times are
// accepted and not kept.
func (b *base) getattr(ctx context.Context, n node, path string, out *fuse.AttrOut) syscall.Errno {
	keep, err := n.attr(ctx, &out.Attr)
	if err != nil {
		return b.d.fail("getattr", path, err)
	}
	if keep > 0 {
		out.SetTimeout(keep)
	}
	return 0
}

// fill sets the attributes that all nodes have in common.
func (d *driver) fill(out *fuse.Attr, ino uint64, mode uint32, size, mtime int64) {
	if size < 0 {
		size = 0 // a hostile torrent's length of -5 would be EIO to every stat
	}
	out.Ino = ino
	out.Mode = mode
	out.Nlink = 1
	out.Size = uint64(size)
	out.Blocks = (out.Size + 511) / 512
	out.Blksize = 4096
	out.Uid, out.Gid = d.opts.UID, d.opts.GID
	if mtime <= 0 {
		mtime = d.started
	}
	t := uint64(mtime)
	out.Atime, out.Mtime, out.Ctime = t, t, t
}
