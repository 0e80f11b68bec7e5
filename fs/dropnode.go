package fs

import (
	"context"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// A dropNode is a drop as a file.
type dropNode struct {
	base
	drop *drop
	mode uint32
}

var (
	_ node                 = (*dropNode)(nil)
	_ fusefs.NodeOpener    = (*dropNode)(nil)
	_ fusefs.NodeGetattrer = (*dropNode)(nil)
	_ fusefs.NodeSetattrer = (*dropNode)(nil)
)

func (n *dropNode) attr(_ context.Context, out *fuse.Attr) (time.Duration, error) {
	size, mtime := n.drop.stat()
	n.d.fill(out, n.drop.ino, n.mode, size, mtime)
	return 0, nil
}

func (n *dropNode) path() string { return n.drop.path() }

// Getattr implements fusefs.NodeGetattrer.
func (n *dropNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.getattr(ctx, n, n.path(), out)
}

// Setattr sets the size; modes, owners and times are accepted and not kept.
func (n *dropNode) Setattr(ctx context.Context, f fusefs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		if err := n.drop.truncate(int64(size)); err != nil {
			return n.d.fail("truncate", n.path(), err)
		}
	}
	return n.Getattr(ctx, f, out)
}

// Open implements fusefs.NodeOpener.
func (n *dropNode) Open(_ context.Context, flags uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	writes := flags&syscall.O_ACCMODE != syscall.O_RDONLY
	if writes && flags&syscall.O_TRUNC != 0 {
		if err := n.drop.truncate(0); err != nil {
			return nil, 0, n.d.fail("open", n.path(), err)
		}
	}
	return &dropHandle{d: n.d, drop: n.drop, writes: writes}, fuse.FOPEN_DIRECT_IO, 0
}

// A dropHandle is an open drop.
type dropHandle struct {
	d      *driver
	drop   *drop
	writes bool
}

var (
	_ fusefs.FileReader   = (*dropHandle)(nil)
	_ fusefs.FileWriter   = (*dropHandle)(nil)
	_ fusefs.FileFlusher  = (*dropHandle)(nil)
	_ fusefs.FileReleaser = (*dropHandle)(nil)
)

// Read implements fusefs.FileReader.
func (h *dropHandle) Read(_ context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	return fuse.ReadResultData(h.drop.read(off, len(dest))), 0
}

// Write gathers bytes.
func (h *dropHandle) Write(_ context.Context, data []byte, off int64) (uint32, syscall.Errno) {
	if err := h.drop.write(data, off); err != nil {
		return 0, h.d.fail("write", h.drop.path(), err)
	}
	return uint32(len(data)), 0
}

// Flush loads what was written, so that close(2) tells what became of it.
func (h *dropHandle) Flush(ctx context.Context) syscall.Errno { return h.finish(ctx, false) }

// Release logs what never became whole. Its errno reaches nobody.
func (h *dropHandle) Release(ctx context.Context) syscall.Errno { return h.finish(ctx, true) }

func (h *dropHandle) finish(ctx context.Context, last bool) syscall.Errno {
	if !h.writes {
		return 0
	}
	return h.d.refuse("load", h.drop.path(), h.d.finishDrop(ctx, h.drop, last))
}
