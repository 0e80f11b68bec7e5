package fs

import (
	"context"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// A source is what stands behind a control file.
type source interface {
	// render returns the text as it is now, and its time in Unix seconds (0
	// for the mount's).
	render(context.Context) (content []byte, mtime int64, err error)
	// stat returns the length of that and its time.
	stat(context.Context) (size, mtime int64, err error)
	// shape says how writes become values; false: it takes none.
	shape() (shape, bool)
	// plan checks a value and returns what carries it out.
	plan(ctx context.Context, value string, add bool) (action, error)
	// seen is told when rendered text was read to its end.
	seen(content []byte)
	// shown returns the text for the log, "" if it is secret.
	shown(context.Context) string
}

// A fileNode is a control file. Its text is rendered at each open; its size is
// that of the text now.
type fileNode struct {
	base
	ino  uint64
	mode uint32
	path string
	text source
}

var (
	_ node                 = (*fileNode)(nil)
	_ fusefs.NodeOpener    = (*fileNode)(nil)
	_ fusefs.NodeGetattrer = (*fileNode)(nil)
	_ fusefs.NodeSetattrer = (*fileNode)(nil)
)

func (n *fileNode) attr(ctx context.Context, out *fuse.Attr) (time.Duration, error) {
	size, mtime, err := n.text.stat(ctx)
	if err != nil {
		return 0, err
	}
	n.d.fill(out, n.ino, n.mode, size, mtime)
	return 0, nil // the next value may have another length
}

// Getattr implements fusefs.NodeGetattrer. An open file has the size of the
// text that its handle holds.
func (n *fileNode) Getattr(ctx context.Context, f fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	errno := n.getattr(ctx, n, n.path, out)
	if h, ok := f.(*handle); ok && errno == 0 && !h.writes {
		out.Size = uint64(len(h.content))
	}
	return errno
}

// Setattr accepts everything and changes nothing: truncating alone must not
// empty a value, and modes and times are not ours to keep.
func (n *fileNode) Setattr(ctx context.Context, f fusefs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if errno := n.truncates(f, in); errno != 0 {
		return errno
	}
	return n.Getattr(ctx, f, out)
}

// truncates drops what an open file has gathered, if that is what a SETATTR
// asks for.
func (n *fileNode) truncates(f fusefs.FileHandle, in *fuse.SetAttrIn) syscall.Errno {
	if _, ok := in.GetSize(); !ok {
		return 0
	}
	if _, writable := n.text.shape(); !writable {
		return syscall.EACCES
	}
	if h, ok := f.(*handle); ok {
		h.truncate()
	}
	return 0
}

// writable returns why the file cannot be opened for writing, 0 if it can.
func (n *fileNode) writable() syscall.Errno {
	if _, ok := n.text.shape(); !ok {
		return syscall.EACCES
	}
	if n.d.opts.ReadOnly {
		return syscall.EROFS
	}
	return 0
}

// Open implements fusefs.NodeOpener.
func (n *fileNode) Open(ctx context.Context, flags uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	h := &handle{node: n, appends: flags&syscall.O_APPEND != 0}
	open := uint32(fuse.FOPEN_DIRECT_IO)
	if flags&syscall.O_ACCMODE == syscall.O_RDONLY {
		open |= fuse.FOPEN_NOFLUSH
	} else {
		if errno := n.writable(); errno != 0 {
			return nil, 0, errno
		}
		h.writes = true
		h.shape, _ = n.text.shape()
	}
	var content []byte
	var err error
	below := h.appends && h.shape == shapeNote
	if flags&syscall.O_ACCMODE == syscall.O_WRONLY && !below {
		_, _, err = n.text.stat(ctx) // nobody can read it here
	} else {
		content, _, err = n.text.render(ctx)
	}
	if err != nil {
		return nil, 0, n.d.fail("open", n.path, err)
	}
	h.content = content
	if below && len(content) > 1 { // an empty one is a newline
		h.above = string(content)
	}
	return h, open, 0
}
