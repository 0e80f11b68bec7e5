package fs

import (
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"rtfs/cache"
)

// restAfter is how long nobody asks for anything before what can be made again
// is let go.
const restAfter = 3 * time.Second

// A rest gives memory back when nobody uses the mount any more. Go alone would
// keep as much garbage as there is of use, and look for it every two minutes. It
// is safe for concurrent use.
type rest struct {
	after       time.Duration
	relax       func()
	timed, busy atomic.Bool
}

func newRest(after time.Duration, relax func()) *rest { return &rest{after: after, relax: relax} }

// note says that the mount is in use.
func (r *rest) note() {
	if !r.timed.Load() && r.timed.CompareAndSwap(false, true) {
		time.AfterFunc(r.after, r.end)
	} else if !r.busy.Load() { // most of the time it is, and then nothing is written
		r.busy.Store(true)
	}
}

func (r *rest) end() {
	r.timed.Store(false)
	if r.busy.Swap(false) {
		r.note()
		return
	}
	r.relax()
}

// A restingFS notes the requests that leave something behind, or take it away.
type restingFS struct {
	fuse.RawFileSystem
	rest *rest
}

// resting returns raw with what frees the memory of the trees after it was used.
func resting(raw fuse.RawFileSystem, trees []*Tree) restingFS {
	r := newRest(restAfter, func() {
		for _, t := range trees {
			t.d.shed(nil)
			t.d.cache.Relax()
		}
		debug.FreeOSMemory()
	})
	r.note() // the first load needs no request
	return restingFS{raw, r}
}

// Lookup implements fuse.RawFileSystem.
func (f restingFS) Lookup(cancel <-chan struct{}, in *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	defer f.rest.note()
	return f.RawFileSystem.Lookup(cancel, in, name, out)
}

// Forget implements fuse.RawFileSystem.
func (f restingFS) Forget(nodeid, lookups uint64) {
	defer f.rest.note()
	f.RawFileSystem.Forget(nodeid, lookups)
}

// Open implements fuse.RawFileSystem.
func (f restingFS) Open(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	defer f.rest.note()
	return f.RawFileSystem.Open(cancel, in, out)
}

// OpenDir implements fuse.RawFileSystem.
func (f restingFS) OpenDir(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	defer f.rest.note()
	return f.RawFileSystem.OpenDir(cancel, in, out)
}

// Release implements fuse.RawFileSystem.
func (f restingFS) Release(cancel <-chan struct{}, in *fuse.ReleaseIn) {
	defer f.rest.note()
	f.RawFileSystem.Release(cancel, in)
}

// renewed is told of each new snapshot and the one before.
func (d *driver) renewed(before, now *cache.Snapshot) {
	d.shed(now)
	d.push(before, now)
}

// shed lets go what was made of other snapshots than this one: nobody is given
// it any more, and it keeps rows that have changed since.
func (d *driver) shed(but *cache.Snapshot) {
	for _, m := range []*memo{&d.listTSV, &d.listJSON, &d.filesTSV} {
		m.shed(but)
	}
	d.lists.shed(but)
	d.paths.shed(but)
	d.links.shed(but)
}
