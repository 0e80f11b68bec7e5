package fs

import (
	"bytes"
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// values is what the versions of values have in common. It is safe for
// concurrent use.
type values struct {
	last  atomic.Uint64 // generation
	until atomic.Int64  // the end of the last lease, in Unix nanoseconds
	// ungated lets old versions in; so the test of readers is tested.
	ungated atomic.Bool

	mu     sync.Mutex // guards the fields below
	turned map[caller]turn
}

// A caller is a thread at the gate of a file.
type caller struct {
	thread uint32 // 0 of those outside of the container in which rtfs is
	ino    uint64
}

// A turn is when a thread was turned away, and whether it is to write.
type turn struct {
	at     time.Time
	writes bool
}

func newValues() *values {
	return &values{turned: map[caller]turn{}}
}

// generation returns the number of a new version.
func (v *values) generation() uint64 { return v.last.Add(1) }

// How long a thread that was turned away is remembered, and how many are. It
// comes again at once; where too many do, none is turned away.
const (
	turnedLife = time.Second
	turnedMost = 4096
)

// second reports whether a thread comes to the gate of a file for the second
// time with one open(2). Threads that have no number here are taken for one that
// is never let in.
func (v *values) second(ctx context.Context, ino uint64, writes bool) bool {
	c := callerOf(ctx, ino)
	now := time.Now()
	old := func(_ caller, t turn) bool { return now.Sub(t.at) >= turnedLife }
	v.mu.Lock()
	defer v.mu.Unlock()
	if t, ok := v.turned[c]; ok && !old(c, t) {
		if c.thread != 0 {
			delete(v.turned, c)
		}
		return true
	}
	if len(v.turned) >= turnedMost {
		maps.DeleteFunc(v.turned, old)
		if len(v.turned) >= turnedMost {
			return true
		}
	}
	v.turned[c] = turn{now, writes}
	return false
}

// writes reports whether a thread was turned away from a file that it is to write.
func (v *values) writes(ctx context.Context, ino uint64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.turned) == 0 {
		return false
	}
	t, ok := v.turned[callerOf(ctx, ino)]
	return ok && t.writes && time.Since(t.at) < turnedLife
}

// passed notes that a thread was let in, so that its next open(2) of the file is
// a new one.
func (v *values) passed(ctx context.Context, ino uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.turned) == 0 {
		return
	}
	if c := callerOf(ctx, ino); c.thread != 0 {
		delete(v.turned, c)
	}
}

func callerOf(ctx context.Context, ino uint64) caller {
	c := caller{ino: ino}
	if of, ok := fuse.FromContext(ctx); ok {
		c.thread = of.Pid
	}
	return c
}

// grant returns how long the kernel may keep a value's name without asking:
// until the columns that it is from are too old. Zero is not at all.
func (v *values) grant(until time.Time) time.Duration {
	if v.ungated.Load() {
		return fixedLife
	}
	now := time.Now()
	if !now.Before(until) {
		return 0
	}
	for last := v.until.Load(); until.UnixNano() > last && !v.until.CompareAndSwap(last, until.UnixNano()); last = v.until.Load() {
	}
	return until.Sub(now)
}

// push makes the kernel look up again what a new snapshot has changed of what
// it keeps: a write here changes more values than the one that was written.
func (d *driver) push(before, now *cache.Snapshot) {
	if before == nil || time.Now().UnixNano() > d.values.until.Load() {
		return
	}
	// What the snapshot lacks it says nothing of: that is looked up again, too.
	type value struct {
		File[rtorrent.Torrent]
		lacks bool
	}
	var shown []value
	for _, n := range d.torrentNodes {
		if f, ok := n.(File[rtorrent.Torrent]); ok && f.Value != nil {
			shown = append(shown, value{f, !now.Has(d.columns(f.From))})
		}
	}
	for _, t := range now.Torrents {
		old, _ := before.Torrent(t.Hash)
		if old == nil || old == t {
			continue
		}
		dir := d.visits.dir(t.Hash)
		if dir == nil {
			continue
		}
		for _, f := range shown {
			if known := versionIn(dir, f.Name); known != nil && (f.lacks || !bytes.Equal(known.content, line(f.Value(t)))) {
				d.notifier.forget(dir, f.Name)
			}
		}
	}
}
