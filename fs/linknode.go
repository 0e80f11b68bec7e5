package fs

import (
	"context"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// A linkNode is a symbolic link. Its size is that of its target, as readlink(2)
// expects; its time is the torrent's where it leads to one.
type linkNode struct {
	base
	ino    uint64
	path   string
	target func(context.Context) (string, error)
	mtime  func(context.Context) int64
}

var (
	_ node                  = (*linkNode)(nil)
	_ fusefs.NodeReadlinker = (*linkNode)(nil)
	_ fusefs.NodeGetattrer  = (*linkNode)(nil)
	_ fusefs.NodeSetattrer  = (*linkNode)(nil)
)

func (n *linkNode) attr(ctx context.Context, out *fuse.Attr) (time.Duration, error) {
	var mtime int64
	if n.mtime != nil {
		mtime = n.mtime(ctx)
	}
	target, err := n.target(ctx)
	n.d.fill(out, n.ino, modeLink, int64(len(target)), mtime)
	return n.d.opts.TTL, err
}

// Readlink implements fusefs.NodeReadlinker.
func (n *linkNode) Readlink(ctx context.Context) ([]byte, syscall.Errno) {
	target, err := n.target(ctx)
	return []byte(target), n.d.fail("readlink", n.path, err)
}

// Getattr implements fusefs.NodeGetattrer.
func (n *linkNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.getattr(ctx, n, n.path, out)
}

// Setattr accepts times (cp -P and tar set them), and keeps none.
func (n *linkNode) Setattr(ctx context.Context, _ fusefs.FileHandle, _ *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return n.getattr(ctx, n, n.path, out)
}
