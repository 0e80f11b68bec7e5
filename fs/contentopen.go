package fs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"rtfs/rtorrent"
)

// opened notes an open handle, unless it is of another version than the inode, of
// which the kernel reads by itself: then the name has to be looked up again, and
// leads to another inode. There is none to look up for who opens a descriptor by
// /proc, and asks a second time. While one handle of an inode is passthrough, the
// kernel takes no other there; so that one asks for passthrough, too, and for
// DIRECT_IO, which comes before it, though not in mmap(2).
func (n *contentNode) opened(ctx context.Context, h *contentHandle) bool {
	if !h.whole {
		h.opener = processOf(ctx)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !h.whole && h.file != nil && n.passing > 0 {
		again := n.refused == h.opener && time.Since(n.refusedAt) < refusedFor
		n.refused, n.refusedAt = h.opener, time.Now()
		if !again {
			return false
		}
		h.passes = true
	}
	if h.passes {
		n.passing++
	}
	if h.opener != 0 {
		if n.openers == nil {
			n.openers = map[int]int{}
		}
		n.openers[h.opener]++
	}
	return true
}

// refusedFor is how long a second open is taken for the kernel's own repetition of
// one that was told to look up the name again.
const refusedFor = time.Second

// closed forgets a handle.
func (n *contentNode) closed(h *contentHandle) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h.passes {
		n.passing--
	}
	if h.opener != 0 {
		if n.openers[h.opener]--; n.openers[h.opener] == 0 {
			delete(n.openers, h.opener)
		}
	}
}

// isOpenBy reports whether the caller's process has the file open while it is
// not whole.
func (n *contentNode) isOpenBy(ctx context.Context) bool {
	n.mu.Lock()
	none := len(n.openers) == 0
	n.mu.Unlock()
	if none {
		return false
	}
	process := processOf(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.openers[process] > 0
}

// processOf returns the process that a request is from, 0 unknown. The kernel
// names the thread.
func processOf(ctx context.Context) int {
	caller, ok := fuse.FromContext(ctx)
	if !ok || caller.Pid == 0 {
		return 0
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", caller.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("\nTgid:"))
	digits, _, _ := bytes.Cut(rest, []byte("\n"))
	process, err := strconv.Atoi(string(bytes.TrimSpace(digits)))
	if err != nil {
		return 0
	}
	return process
}

// statfsOf tells the space where a torrent's data is, or will be.
func (d *driver) statfsOf(ctx context.Context, s subject[rtorrent.Torrent], out *fuse.StatfsOut) {
	if t, err := s.find(ctx); err == nil {
		if folder, _ := d.place(t); d.statfsAt(folder, out) {
			return
		}
	}
	d.statfs(out)
}
