package fs

import (
	"context"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// modeScratch is the mode of a scratch file.
const modeScratch = syscall.S_IFREG | 0o600

// A scratchNode is a scratch file. When it was renamed onto a control file it
// stands for that: the kernel goes on to use it until it asks for the name.
type scratchNode struct {
	base
	path string
	file *scratch
}

var (
	_ node                 = (*scratchNode)(nil)
	_ fusefs.NodeOpener    = (*scratchNode)(nil)
	_ fusefs.NodeGetattrer = (*scratchNode)(nil)
	_ fusefs.NodeSetattrer = (*scratchNode)(nil)
)

func (n *scratchNode) attr(ctx context.Context, out *fuse.Attr) (time.Duration, error) {
	if control := n.file.control(); control != nil {
		_, err := control.attr(ctx, out)
		out.Ino = n.file.ino
		return 0, err
	}
	n.d.fill(out, n.file.ino, n.d.mode(modeScratch), int64(len(n.file.text())), time.Now().Unix())
	return 0, nil
}

// Getattr implements fusefs.NodeGetattrer.
func (n *scratchNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.getattr(ctx, n, n.path, out)
}

// Setattr sets the size; the rest is accepted and not kept.
func (n *scratchNode) Setattr(ctx context.Context, f fusefs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok && n.file.control() == nil {
		if err := n.file.truncate(int64(size)); err != nil {
			return n.d.fail("truncate", n.path, err)
		}
	}
	return n.Getattr(ctx, f, out)
}

// Open implements fusefs.NodeOpener.
func (n *scratchNode) Open(ctx context.Context, flags uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	if control := n.file.control(); control != nil {
		return control.Open(ctx, flags)
	}
	if flags&syscall.O_TRUNC != 0 {
		if err := n.file.truncate(0); err != nil {
			return nil, 0, n.d.fail("open", n.path, err)
		}
	}
	return &scratchHandle{d: n.d, path: n.path, file: n.file}, fuse.FOPEN_DIRECT_IO, 0
}

// A scratchHandle is an open scratch file.
type scratchHandle struct {
	d    *driver
	path string
	file *scratch
}

var (
	_ fusefs.FileReader = (*scratchHandle)(nil)
	_ fusefs.FileWriter = (*scratchHandle)(nil)
)

// Read implements fusefs.FileReader.
func (h *scratchHandle) Read(_ context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	return fuse.ReadResultData(window(h.file.text(), off, len(dest))), 0
}

// Write implements fusefs.FileWriter.
func (h *scratchHandle) Write(_ context.Context, data []byte, off int64) (uint32, syscall.Errno) {
	if err := h.file.write(data, off); err != nil {
		return 0, h.d.fail("write", h.path, err)
	}
	return uint32(len(data)), 0
}
