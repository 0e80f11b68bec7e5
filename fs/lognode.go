package fs

import (
	"context"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// A logNode is a file that only grows. Its size is that of all it ever held,
// and a read behind the end is the end, so tail -f and -F, pipes and -n0 work.
type logNode struct {
	base
	ino  uint64
	path string
	log  *logFile
}

var (
	_ node                 = (*logNode)(nil)
	_ fusefs.NodeOpener    = (*logNode)(nil)
	_ fusefs.NodeGetattrer = (*logNode)(nil)
	_ fusefs.NodeSetattrer = (*logNode)(nil)
)

func (d *driver) logEntry(name, path string, ino uint64, log *logFile) entry {
	return entry{name: name, mode: d.mode(modeFile), ino: ino, life: fixedLife, node: func() node {
		return &logNode{base: base{d: d}, ino: ino, path: path, log: log}
	}}
}

func (f Growing[T]) bind(d *driver, s subject[T], at int) (entry, bool) {
	return d.logEntry(f.Name, s.path+f.Name, s.ino+uint64(at), f.Log(d)), true
}

func (n *logNode) attr(_ context.Context, out *fuse.Attr) (time.Duration, error) {
	n.d.fill(out, n.ino, n.d.mode(modeFile), n.log.size(), 0)
	return 0, nil
}

// Open implements fusefs.NodeOpener.
func (n *logNode) Open(_ context.Context, flags uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	if flags&syscall.O_ACCMODE != syscall.O_RDONLY {
		return nil, 0, syscall.EACCES
	}
	n.log.readers.Add(1)
	return &logHandle{n.log}, fuse.FOPEN_DIRECT_IO | fuse.FOPEN_NOFLUSH, 0
}

// A logHandle is an open log.
type logHandle struct{ log *logFile }

var (
	_ fusefs.FileReader   = (*logHandle)(nil)
	_ fusefs.FileReleaser = (*logHandle)(nil)
)

// Read implements fusefs.FileReader.
func (h *logHandle) Read(_ context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	return fuse.ReadResultData(h.log.read(off, len(dest))), 0
}

// Release implements fusefs.FileReleaser.
func (h *logHandle) Release(context.Context) syscall.Errno {
	h.log.readers.Add(-1)
	return 0
}

// Getattr implements fusefs.NodeGetattrer.
func (n *logNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.getattr(ctx, n, n.path, out)
}

// Setattr accepts times and modes, and refuses to truncate.
func (n *logNode) Setattr(ctx context.Context, _ fusefs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if _, ok := in.GetSize(); ok {
		return syscall.EACCES
	}
	return n.getattr(ctx, n, n.path, out)
}
