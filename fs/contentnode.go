package fs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"rtfs/rtorrent"
)

// A contentNode is one file of a torrent's content.
type contentNode struct {
	base
	ino     uint64
	path    string
	subject subject[rtorrent.Torrent]
	index   int
}

var (
	_ node                 = (*contentNode)(nil)
	_ fusefs.NodeOpener    = (*contentNode)(nil)
	_ fusefs.NodeGetattrer = (*contentNode)(nil)
	_ fusefs.NodeSetattrer = (*contentNode)(nil)
)

// now returns the torrent and the file as they are.
func (n *contentNode) now(ctx context.Context) (*rtorrent.Torrent, *rtorrent.File, error) {
	t, err := n.subject.find(ctx)
	if err != nil {
		return nil, nil, err
	}
	files, err := n.d.cache.Files(ctx, t.Hash)
	if err != nil {
		return nil, nil, err
	}
	if n.index >= len(files) {
		return nil, nil, errNoEntry
	}
	return t, files[n.index], nil
}

// attr shows the final size, and in the blocks what of it is verified, so
// that du shows the progress. A file that is not whole is the owner's alone.
func (n *contentNode) attr(ctx context.Context, out *fuse.Attr) (time.Duration, error) {
	t, f, err := n.now(ctx)
	if err != nil {
		return 0, err
	}
	mode := uint32(modeFile)
	verified := verifiedBytes(t, f)
	if verified < f.Size {
		mode &^= 0o077
	}
	n.d.fill(out, n.ino, n.d.mode(mode), f.Size, n.modified(t, f))
	out.Blocks = uint64((verified + 511) / 512)
	return 0, nil
}

// verifiedBytes is how much of a file is in verified pieces, to a piece's
// precision.
func verifiedBytes(t *rtorrent.Torrent, f *rtorrent.File) int64 {
	pieces := f.EndPiece - f.FirstPiece
	switch {
	case f.Size <= 0:
		return 0
	case t.Hashing == 0 && t.IsComplete || f.CompletedPieces >= pieces:
		return f.Size
	}
	return min(f.Size, f.CompletedPieces*t.PieceSize)
}

// modified is the file's time on disk where that can be seen.
func (n *contentNode) modified(t *rtorrent.Torrent, f *rtorrent.File) int64 {
	if info, err := n.d.statContent(t, f); err == nil {
		return info.ModTime().Unix()
	}
	return timeAdded(t)
}

// Getattr implements fusefs.NodeGetattrer.
func (n *contentNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.getattr(ctx, n, n.path, out)
}

// Setattr refuses to truncate, and anything else: these are the user's data.
func (n *contentNode) Setattr(context.Context, fusefs.FileHandle, *fuse.SetAttrIn, *fuse.AttrOut) syscall.Errno {
	return syscall.EPERM
}

// Open implements fusefs.NodeOpener. Content is read-only.
func (n *contentNode) Open(ctx context.Context, flags uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	if flags&syscall.O_ACCMODE != syscall.O_RDONLY || flags&syscall.O_TRUNC != 0 {
		return nil, 0, syscall.EACCES
	}
	t, f, err := n.now(ctx)
	if err != nil {
		return nil, 0, n.d.fail("open", n.path, err)
	}
	file, err := n.d.openContent(t, f)
	if errors.Is(err, fs.ErrNotExist) && verifiedBytes(t, f) == 0 && f.Size > 0 {
		// rTorrent has not made the file: its first piece is still missing.
		return &contentHandle{node: n}, fuse.FOPEN_DIRECT_IO | fuse.FOPEN_NOFLUSH, 0
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", n.path, err)
		n.d.health.note(err.Error())
		return nil, 0, n.d.fail("open", n.path, err)
	}
	return &contentHandle{node: n, file: file}, fuse.FOPEN_DIRECT_IO | fuse.FOPEN_NOFLUSH, 0
}

// A contentHandle is an open file of the content.
type contentHandle struct {
	node *contentNode
	file *os.File // nil if the file was not there when it was opened
}

var (
	_ fusefs.FileReader   = (*contentHandle)(nil)
	_ fusefs.FileReleaser = (*contentHandle)(nil)
)

// Read serves what is verified, up to the first piece that is not; EAGAIN if
// that is the first.
func (h *contentHandle) Read(ctx context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	n := h.node
	t, f, err := n.now(ctx)
	if err != nil {
		return nil, n.d.fail("read", n.path, err)
	}
	if off < 0 || off >= f.Size {
		return fuse.ReadResultData(nil), 0
	}
	want := min(int64(len(dest)), f.Size-off)
	ready, err := n.d.verified(ctx, t, f.Offset+off, want)
	if err != nil {
		return nil, n.d.fail("read", n.path, err)
	}
	file := h.file
	if file == nil {
		if file, err = n.d.openContent(t, f); err != nil {
			return nil, n.d.fail("read", n.path, err)
		}
		defer file.Close()
	}
	got, err := file.ReadAt(dest[:ready], off)
	if int64(got) < ready {
		return nil, n.d.fail("read", n.path, fmt.Errorf("%d of %d verified bytes at %d: the data was cut behind rTorrent's back: %w", got, ready, off, err))
	}
	return fuse.ReadResultData(dest[:got]), 0
}

// Release implements fusefs.FileReleaser.
func (h *contentHandle) Release(context.Context) syscall.Errno {
	if h.file != nil {
		h.file.Close()
	}
	return 0
}
