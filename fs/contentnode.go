package fs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"rtfs/rtorrent"
)

// A contentNode is one version of one file of a torrent's content.
type contentNode struct {
	base
	ino        uint64
	path       string
	subject    subject[rtorrent.Torrent]
	index      int
	version    version // that of the lookup, as generation; never changed after it
	generation uint64

	mu        sync.Mutex // guards the fields below
	passing   int        // open handles that may be passthrough
	openers   map[int]int
	refused   int // the process that was last told to look up the name again
	refusedAt time.Time
}

var (
	_ node                 = (*contentNode)(nil)
	_ fusefs.NodeOpener    = (*contentNode)(nil)
	_ fusefs.NodeGetattrer = (*contentNode)(nil)
	_ fusefs.NodeSetattrer = (*contentNode)(nil)
	_ fusefs.NodeStatfser  = (*contentNode)(nil)
)

// now returns the torrent, the file and the torrent's pieces as they are.
func (n *contentNode) now(ctx context.Context) (*rtorrent.Torrent, *rtorrent.File, *rtorrent.Pieces, error) {
	t, err := n.subject.find(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	files, pieces, err := n.d.cache.Content(ctx, t.Hash)
	if err != nil {
		return nil, nil, nil, err
	}
	if n.index >= len(files) {
		return nil, nil, nil, errNoEntry
	}
	return t, files[n.index], pieces, nil
}

// extentOf is where a file is in its torrent. A hostile one can have a
// negative length.
func extentOf(f *rtorrent.File) span { return span{f.Offset, max(0, f.Size)} }

// isWhole reports whether every byte of a file is verified.
func isWhole(p *rtorrent.Pieces, f *rtorrent.File) bool {
	return p.Known() && (f.Size <= 0 || p.HasAll(f.FirstPiece, f.EndPiece))
}

// attr shows the final size, and in the blocks what of it is verified, so
// that du shows the progress. A file that is not whole is the owner's alone.
// It decides at a lookup which version of the file the node is.
func (n *contentNode) attr(ctx context.Context, out *fuse.Attr) (time.Duration, error) {
	t, f, p, err := n.now(ctx)
	if err != nil {
		return 0, err
	}
	mode := uint32(modeFile)
	whole := isWhole(p, f)
	if !whole {
		mode &^= 0o077
	}
	n.d.fill(out, n.ino, n.d.mode(mode), f.Size, timeAdded(t))
	out.Blocks = uint64((shareOf(t, f, p).bytes + 511) / 512)
	now := version{whole: whole}
	if info, err := n.d.statContent(t, f); err == nil {
		at := info.ModTime()
		out.SetTimes(nil, &at, nil)
		if whole {
			now.print = printOf(info)
		}
	}
	if n.generation == 0 {
		n.version, n.generation = now, n.d.versions.generation(n.ino, now)
	}
	if whole && now == n.version {
		// They are this version's for good. Without a time the kernel would
		// ask for them at every read, also out of its page cache.
		return fixedLife, nil
	}
	return 0, nil
}

// Getattr implements fusefs.NodeGetattrer. The process that has a file open
// which is not whole sees it without holes: cp would copy zeros for them.
func (n *contentNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	errno := n.getattr(ctx, n, n.path, out)
	if errno == 0 && n.isOpenBy(ctx) {
		out.Blocks = (out.Size + 511) / 512
	}
	return errno
}

// Setattr refuses to truncate, and anything else: these are the user's data.
func (n *contentNode) Setattr(context.Context, fusefs.FileHandle, *fuse.SetAttrIn, *fuse.AttrOut) syscall.Errno {
	return syscall.EPERM
}

// Statfs tells the space where this torrent's data is.
func (n *contentNode) Statfs(ctx context.Context, out *fuse.StatfsOut) syscall.Errno {
	n.d.statfsOf(ctx, n.subject, out)
	return 0
}

// Open implements fusefs.NodeOpener. Content is read-only.
func (n *contentNode) Open(ctx context.Context, flags uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	if flags&syscall.O_ACCMODE != syscall.O_RDONLY || flags&syscall.O_TRUNC != 0 {
		return nil, 0, syscall.EACCES
	}
	h, err := n.open(ctx)
	if errors.Is(err, errChanged) {
		// What is known may be from before a check, or the last piece.
		n.d.cache.DropContent(n.subject.hash)
		h, err = n.open(ctx)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", n.path, err)
		n.d.health.note(err.Error())
		return nil, 0, n.d.fail("open", n.path, err)
	}
	h.nonblock = flags&syscall.O_NONBLOCK != 0
	if !n.opened(ctx, h) {
		h.file.Close()
		return nil, 0, syscall.ESTALE
	}
	if h.whole {
		return h, fuse.FOPEN_KEEP_CACHE | fuse.FOPEN_NOFLUSH, 0
	}
	return h, fuse.FOPEN_DIRECT_IO | fuse.FOPEN_NOFLUSH, 0
}

// open opens the data and checks that it is what rTorrent verified.
func (n *contentNode) open(ctx context.Context) (*contentHandle, error) {
	t, f, p, err := n.now(ctx)
	if err != nil {
		return nil, err
	}
	h := &contentHandle{node: n, extent: extentOf(f), pieceSize: t.PieceSize}
	whole := isWhole(p, f)
	file, info, err := n.d.openContent(t, f)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errRemote):
		if !whole {
			return h, nil // rTorrent has not made it: its first piece is still missing
		}
		return nil, fmt.Errorf("%w: %v: it was deleted, or rTorrent sees other paths than we do and --map is to say so", errChanged, err)
	case err != nil:
		return nil, err
	}
	h.file = file
	if !whole {
		return h, nil
	}
	now := printOf(info)
	if err := n.d.versions.changed(n.ino, f, file, now); err != nil {
		file.Close()
		return nil, fmt.Errorf("%w: %w: write check into state to have it verified", errChanged, err)
	}
	n.d.versions.open(n.ino, now)
	// An inode of another version, opened by a name that the kernel still has
	// or through /proc/self/fd, gets its bytes without the page cache.
	if n.version.whole && n.version.print == now {
		h.whole = true
		h.passes = !slices.Contains(stackedTypes, typeOf(file))
	}
	return h, nil
}
