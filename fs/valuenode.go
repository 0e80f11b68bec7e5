package fs

import (
	"bytes"
	"context"
	"sync"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"rtfs/cache"
)

// A moment is a value as one snapshot had it.
type moment struct {
	content []byte
	mtime   int64      // Unix seconds, 0 the mount's
	span    cache.Span // of the columns that they follow from
}

// A valueNode is one version of a value. Its text and size never change: size
// and bytes reach the kernel in separate messages, so that an inode whose
// content changes is read cut or padded. A new text is a new inode of the same
// number, and the kernel keeps what it has read of the old one for those who
// have it open. What makes readers find the new one is the gate in Open.
//
// An inode that is opened for writing has another size in the kernel at once.
// It is retired: readers find a new one. It is safe for concurrent use.
type valueNode struct {
	fileNode
	at func(context.Context) (moment, error) // the value now

	content    []byte
	mtime      int64
	generation uint64

	mu      sync.Mutex // guards the fields below
	taken   time.Time  // of the newest columns that had this version
	readers int        // open files that read from the kernel's copy
	retired bool       // the next lookup finds another inode
}

var (
	_ node                 = (*valueNode)(nil)
	_ fusefs.NodeOpener    = (*valueNode)(nil)
	_ fusefs.NodeGetattrer = (*valueNode)(nil)
	_ fusefs.NodeSetattrer = (*valueNode)(nil)
)

// versionLife is how long the kernel may keep the attributes of a version.
const versionLife = time.Minute

// versionIn returns the version of a value that the kernel knows in a
// directory, or nil.
func versionIn(dir *fusefs.Inode, name string) *valueNode {
	if child := dir.GetChild(name); child != nil {
		known, _ := child.Operations().(*valueNode)
		return known
	}
	return nil
}

// load makes the node the version that is there now: that of known, if it is
// still the one, or a new one. It returns until when that is new enough. A writer
// that was turned away is given one that is retired before anybody can read it.
func (v *valueNode) load(ctx context.Context, known *valueNode) (until time.Time, err error) {
	now, err := v.at(ctx)
	if err != nil {
		return time.Time{}, err
	}
	v.content, v.mtime, v.taken = now.content, now.mtime, now.span.Taken
	v.retired = v.d.values.writes(ctx, v.ino)
	if !v.retired && known != nil && known.shows(now) {
		v.generation = known.generation
		return now.span.Until, nil
	}
	v.generation = v.d.values.generation()
	if v.retired {
		return time.Time{}, nil
	}
	return now.span.Until, nil
}

// shows reports whether the node is the version of a moment, and lookups may
// find it.
func (v *valueNode) shows(now moment) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.isOf(now)
}

// isOf is shows for a caller that holds mu.
func (v *valueNode) isOf(now moment) bool {
	if v.d.values.ungated.Load() {
		return true
	}
	if v.retired || !bytes.Equal(v.content, now.content) {
		return false
	}
	if now.span.Taken.After(v.taken) {
		v.taken = now.span.Taken
	}
	return true
}

// attr tells the size of the version as long as somebody reads from the kernel's
// copy, which the kernel cuts or pads to the size that it is told last.
func (v *valueNode) attr(ctx context.Context, out *fuse.Attr) (time.Duration, error) {
	retired, read := v.use()
	if retired && !read {
		return v.fileNode.attr(ctx, out)
	}
	v.d.fill(out, v.ino, v.mode, int64(len(v.content)), v.mtime)
	if retired {
		return 0, nil
	}
	return versionLife, nil
}

// Getattr implements fusefs.NodeGetattrer. Each open file has the size of what
// it reads, but for one that is read past the kernel's copy while others read
// that.
func (v *valueNode) Getattr(ctx context.Context, f fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	if h, ok := f.(*handle); ok && !h.writes {
		if _, read := v.use(); !read {
			return v.fileNode.Getattr(ctx, f, out)
		}
	}
	return v.getattr(ctx, v, v.path, out)
}

// Setattr accepts everything and changes nothing.
func (v *valueNode) Setattr(ctx context.Context, f fusefs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if errno := v.truncates(f, in); errno != 0 {
		return errno
	}
	return v.Getattr(ctx, f, out)
}

// use reports whether lookups find another inode, and whether somebody reads from
// the kernel's copy of this one.
func (v *valueNode) use() (retired, read bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.retired, v.readers > 0
}

// Open implements fusefs.NodeOpener. It is the gate through which all readers
// go: to one who comes by an inode that is not the present version it answers
// ESTALE, whereupon the kernel looks the path up anew and opens what it finds.
// That is done once for an open(2). One who comes a second time was given the
// version of a moment ago, or has no path to look up (/proc/self/fd): then the
// text is read past the kernel's copy.
func (v *valueNode) Open(ctx context.Context, flags uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	if flags&syscall.O_ACCMODE != syscall.O_RDONLY {
		if v.writable() == 0 && !v.retire() && !v.d.values.second(ctx, v.ino, true) {
			return nil, 0, syscall.ESTALE
		}
		v.d.values.passed(ctx, v.ino)
		return v.fileNode.Open(ctx, flags)
	}
	now, err := v.at(ctx)
	if err != nil {
		return nil, 0, v.d.fail("open", v.path, err)
	}
	if v.open(now, false) {
		v.d.values.passed(ctx, v.ino)
	} else {
		if !v.d.values.second(ctx, v.ino, false) {
			return nil, 0, syscall.ESTALE
		}
		if !v.open(now, true) {
			return &handle{node: &v.fileNode, content: now.content}, fuse.FOPEN_DIRECT_IO | fuse.FOPEN_NOFLUSH, 0
		}
	}
	return &reading{v}, fuse.FOPEN_KEEP_CACHE | fuse.FOPEN_NOFLUSH, 0
}

// open lets a reader in, if this is the version of now. One who has just been
// given it is let in also if a later snapshot has another.
func (v *valueNode) open(now moment, justGiven bool) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	given := justGiven && !v.retired && now.span.Taken.After(v.taken) && time.Since(v.taken) < v.d.opts.TTL
	if !v.isOf(now) && !given {
		return false
	}
	v.readers++ // before a writer can find that there is none
	return true
}

// retire makes the node one that is written to. It is false if somebody reads
// from it: then the writer is to be given another one.
func (v *valueNode) retire() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.retired = true
	return v.readers == 0
}

// A reading is an open version.
type reading struct{ node *valueNode }

var (
	_ fusefs.FileReader   = (*reading)(nil)
	_ fusefs.FileReleaser = (*reading)(nil)
)

// Read implements fusefs.FileReader.
func (r *reading) Read(_ context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	return fuse.ReadResultData(window(r.node.content, off, len(dest))), 0
}

// Release implements fusefs.FileReleaser.
func (r *reading) Release(context.Context) syscall.Errno {
	r.node.mu.Lock()
	defer r.node.mu.Unlock()
	r.node.readers--
	return 0
}
