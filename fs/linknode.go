package fs

import (
	"context"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// A linkNode is a symbolic link to a directory in torrents/. Its size is that
// of its target, as readlink(2) expects; its time is the torrent's.
type linkNode struct {
	base
	ino    uint64
	path   string
	target string
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
	n.d.fill(out, n.ino, modeLink, int64(len(n.target)), mtime)
	return n.d.opts.TTL, nil
}

// Readlink implements fusefs.NodeReadlinker.
func (n *linkNode) Readlink(context.Context) ([]byte, syscall.Errno) {
	return []byte(n.target), 0
}

// Getattr implements fusefs.NodeGetattrer.
func (n *linkNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.getattr(ctx, n, n.path, out)
}

// Setattr accepts times (cp -P and tar set them), and keeps none.
func (n *linkNode) Setattr(ctx context.Context, _ fusefs.FileHandle, _ *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return n.getattr(ctx, n, n.path, out)
}
