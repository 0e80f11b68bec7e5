package fs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// A span is n bytes of a torrent from off on, counted from its begin.
type span struct{ off, n int64 }

// ready returns how many bytes at the span's begin lie in verified pieces of
// the given size.
func (s span) ready(p *rtorrent.Pieces, size int64) int64 {
	if size <= 0 {
		return 0
	}
	end := s.off
	for end < s.off+s.n && p.Has(end/size) {
		end = (end/size + 1) * size
	}
	return min(s.n, end-s.off)
}

// verified returns how many bytes of the span lie in verified pieces.
func (s span) verified(p *rtorrent.Pieces, size int64) (n int64) {
	if p.Whole() {
		return s.n
	}
	for at := s.off; size > 0 && at < s.off+s.n; {
		end := min((at/size+1)*size, s.off+s.n)
		if p.Has(at / size) {
			n += end - at
		}
		at = end
	}
	return n
}

// next returns the first byte from off on, an offset in the span, that lies in
// a verified piece, or in one that is not; the span's length if there is none.
func (s span) next(p *rtorrent.Pieces, size, off int64, verified bool) int64 {
	for off < s.n && p.Has((s.off+off)/size) != verified {
		off = ((s.off+off)/size+1)*size - s.off
	}
	return min(off, s.n)
}

// coming reports whether the pieces that a torrent lacks are on their way: it
// is downloading, or being checked since it has just finished.
func coming(p *rtorrent.Pieces) bool {
	const onFinish = 2
	return !p.IsMeta && (p.Hashing == onFinish || p.Hashing == 0 && p.IsActive && !p.IsComplete)
}

// await waits until the begin of a span is verified, or all of it if it is to
// be whole, and returns how many bytes are, and by which pieces. It ends with errMissing when the
// piece is not on its way any more, with errTimeout when it did not come in
// time; without an answer of rTorrent's with what that failed for.
func (h *contentHandle) await(ctx context.Context, s span, whole bool) (int64, *rtorrent.Pieces, error) {
	d := h.node.d
	d.waiters.Add(1)
	defer d.waiters.Add(-1)
	deadline := time.NewTimer(d.opts.Wait)
	defer deadline.Stop()
	watch := d.cache.WatchPieces(h.node.subject.hash)
	defer watch.Close()
	// What is asked meanwhile is given up soon after it.
	ctx, stop := context.WithTimeout(ctx, d.opts.Wait+lookPatience)
	defer stop()
	defer context.AfterFunc(d.waits, stop)()
	h.stream(ctx, s)
	failed := fmt.Errorf("%w: piece %d", errTimeout, s.off/h.pieceSize)
	for {
		p, err := watch.Next(ctx, deadline.C)
		if errors.Is(err, rtorrent.ErrNotFound) { // 0.16 says that once while it starts
			p, err = d.cache.FreshPieces(ctx, h.node.subject.hash)
		}
		switch {
		case d.waits.Err() != nil:
			return 0, nil, fmt.Errorf("%w: the mount ends", errMissing)
		case errors.Is(err, cache.ErrNoNews):
			return 0, nil, failed
		case errors.Is(err, rtorrent.ErrNotFound), ctx.Err() != nil:
			return 0, nil, err
		case err != nil:
			failed = err // it may answer again
			continue
		}
		if n := s.ready(p, h.pieceSize); n == s.n || n > 0 && !whole {
			return n, p, nil
		}
		if err := h.mayWait(ctx, p); err != nil {
			return 0, nil, err
		}
	}
}

// stream raises the file for a reader that waits, if that is asked for.
func (h *contentHandle) stream(ctx context.Context, s span) {
	d := h.node.d
	if !d.opts.Stream || d.opts.ReadOnly {
		return
	}
	files, err := d.cache.Files(ctx, h.node.subject.hash)
	if err != nil {
		return
	}
	alone := true
	for i, f := range files {
		alone = alone && (i == h.node.index || f.Priority == 0 || f.Size <= 0)
	}
	piece, last := s.off/h.pieceSize, (h.extent.off+h.extent.n-1)/h.pieceSize
	edge := piece == h.extent.off/h.pieceSize || piece == last
	d.streams.enter(h.key(), h.streams.CompareAndSwap(false, true), edge, alone)
}

func (h *contentHandle) key() fileKey { return fileKey{h.node.subject.hash, h.node.index} }

// mayWait returns nil if a missing piece of the file is on its way.
func (h *contentHandle) mayWait(ctx context.Context, p *rtorrent.Pieces) error {
	if !coming(p) {
		return fmt.Errorf("%w, and not on its way", errMissing)
	}
	files, err := h.node.d.cache.Files(ctx, h.node.subject.hash)
	switch {
	case err != nil:
		return err
	case h.node.index >= len(files):
		return errNoEntry
	case files[h.node.index].Priority == 0:
		return fmt.Errorf("%w: the file's priority is off", errMissing)
	}
	return nil
}
