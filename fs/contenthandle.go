package fs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"rtfs/rtorrent"
)

// A contentHandle is an open file of the content. It is safe for concurrent
// use.
type contentHandle struct {
	node      *contentNode
	extent    span // of the file in the torrent
	pieceSize int64
	whole     bool // all of it was verified when it was opened
	passes    bool // passthrough, where the kernel and our rights allow it
	nonblock  bool
	opener    int          // process, 0 unknown
	streams   atomic.Bool  // it has waited, and has the file raised
	looked    atomic.Int64 // when it was last asked whether a whole file still is, in ns

	mu     sync.Mutex       // guards the fields below; never held during a call
	file   *os.File         // nil if the file was not there when it was looked for last
	after  *rtorrent.Pieces // file was found at its path after these were known
	others []*os.File       // that were at its path before
}

var (
	_ fusefs.FileReader          = (*contentHandle)(nil)
	_ fusefs.FileLseeker         = (*contentHandle)(nil)
	_ fusefs.FileReleaser        = (*contentHandle)(nil)
	_ fusefs.FilePassthroughFder = (*contentHandle)(nil)
)

// PassthroughFd implements fusefs.FilePassthroughFder.
func (h *contentHandle) PassthroughFd() (int, bool) {
	if !h.passes {
		return 0, false
	}
	return int(h.file.Fd()), true
}

// Read serves what is verified, up to the first piece that is not; it waits if
// that is the first.
func (h *contentHandle) Read(ctx context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	n := h.node
	if off < 0 || off >= h.extent.n {
		return fuse.ReadResultData(nil), 0
	}
	want := span{h.extent.off + off, min(int64(len(dest)), h.extent.n-off)}
	ready, p, err := h.gate(ctx, want, dest)
	if err != nil {
		if errors.Is(err, errMissing) && h.nonblock {
			return nil, syscall.EAGAIN
		}
		return nil, n.d.fail("read", n.path, err)
	}
	file, err := h.verified(ctx, p)
	if err != nil {
		return nil, n.d.fail("read", n.path, fromOS(err))
	}
	got, err := file.ReadAt(dest[:ready], off)
	if int64(got) < ready {
		return nil, n.d.fail("read", n.path, fmt.Errorf("%d of %d verified bytes at %d: the data was cut behind rTorrent's back: %w", got, ready, off, err))
	}
	return fuse.ReadResultData(dest[:got]), 0
}

// verified returns the file in which pieces are verified: that which is at its
// path now. Another may be there than when it was opened, since rTorrent makes
// one that was deleted anew, and can have been told another directory: in the old
// one there are holes where the pieces came into the new one.
func (h *contentHandle) verified(ctx context.Context, p *rtorrent.Pieces) (*os.File, error) {
	h.mu.Lock()
	file, known := h.file, h.whole || h.after == p
	h.mu.Unlock()
	if file != nil && known {
		return file, nil
	}
	t, f, _, err := h.node.now(ctx)
	if err != nil {
		return nil, err
	}
	file, info, err := h.node.d.openContent(t, f)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.after = p
	if h.file != nil {
		if is, err := h.file.Stat(); err == nil && os.SameFile(is, info) {
			file.Close()
			return h.file, nil
		}
		h.others = append(h.others, h.file) // a read may be under way
	}
	h.file = file
	return file, nil
}

// gate returns how many bytes of a span may be served now, at least one, and by
// which pieces that was decided. What is read into the page cache is served whole
// or not at all: for a short answer the kernel takes the file to end there.
func (h *contentHandle) gate(ctx context.Context, want span, dest []byte) (int64, *rtorrent.Pieces, error) {
	if h.whole {
		return want.n, nil, h.stillWhole(ctx, want)
	}
	p, err := h.node.d.cache.Pieces(ctx, h.node.subject.hash)
	if err != nil {
		return 0, nil, err
	}
	cached := intoPageCache(ctx)
	n := want.ready(p, h.pieceSize)
	if n == 0 {
		if p, err = h.node.d.cache.FreshPieces(ctx, h.node.subject.hash); err != nil {
			return 0, nil, err
		}
		n = want.ready(p, h.pieceSize)
	}
	switch {
	case n == want.n || n > 0 && !cached:
		return n, p, nil
	case h.nonblock || h.node.d.opts.Wait <= 0:
		return 0, nil, fmt.Errorf("%w: piece %d", errMissing, want.off/h.pieceSize)
	case cached && want.n > int64(os.Getpagesize()):
		// The kernel reads ahead, which no signal could end. It asks for
		// the page by itself when somebody wants that.
		return 0, nil, fmt.Errorf("%w: piece %d", errMissing, (want.off+n)/h.pieceSize)
	}
	if err := h.mayWait(ctx, p); err != nil {
		return 0, nil, err
	}
	dropPages(dest)
	return h.await(ctx, want, cached)
}

// lookPatience is how long a read of a whole file waits to hear whether it
// still is.
const lookPatience = 250 * time.Millisecond

// stillWhole refuses a read of what was verified when the file was opened and
// was found missing since. While a check is under way, rTorrent is closed or
// does not answer, nothing is found.
func (h *contentHandle) stillWhole(ctx context.Context, want span) error {
	now, last := time.Now().UnixNano(), h.looked.Load()
	if now-last < int64(h.node.d.opts.TTL) || !h.looked.CompareAndSwap(last, now) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	p, err := h.node.d.cache.Pieces(ctx, h.node.subject.hash)
	if err != nil || p.Hashing != 0 || !p.Known() || want.ready(p, h.pieceSize) == want.n {
		return nil
	}
	h.looked.Store(last)
	return fmt.Errorf("%w: a check has found it damaged", errMissing)
}

// Lseek implements fusefs.FileLseeker: data is what is verified.
func (h *contentHandle) Lseek(ctx context.Context, from uint64, whence uint32) (uint64, syscall.Errno) {
	off := int64(from)
	if off < 0 || off >= h.extent.n {
		return 0, syscall.ENXIO
	}
	p := &rtorrent.Pieces{IsComplete: true}
	if !h.whole {
		var err error
		if p, err = h.node.d.cache.Pieces(ctx, h.node.subject.hash); err != nil {
			return 0, h.node.d.fail("lseek", h.node.path, err)
		}
	}
	if !p.Known() || h.pieceSize <= 0 {
		return 0, syscall.EINVAL // programs then read everything, and hear why not
	}
	switch whence {
	case unix.SEEK_HOLE:
		return uint64(h.extent.next(p, h.pieceSize, off, false)), 0
	case unix.SEEK_DATA:
		if data := h.extent.next(p, h.pieceSize, off, true); data < h.extent.n {
			return uint64(data), 0
		}
		return 0, syscall.ENXIO
	}
	return 0, syscall.EINVAL
}

// Release implements fusefs.FileReleaser.
func (h *contentHandle) Release(context.Context) syscall.Errno {
	h.node.closed(h)
	if h.streams.Load() {
		h.node.d.streams.leave(h.key())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, file := range append(h.others, h.file) {
		if file != nil {
			file.Close()
		}
	}
	return 0
}

// dropPages gives the memory of a buffer back while its reader waits: a
// thousand of them may, with a megabyte each.
func dropPages(buf []byte) {
	page := os.Getpagesize()
	if len(buf) < 4*page {
		return
	}
	// Its ends may share a page with others.
	skip := page - int(addressOf(buf))%page
	inner := buf[skip : len(buf)-(len(buf)-skip)%page]
	_ = unix.Madvise(inner, unix.MADV_DONTNEED)
}
