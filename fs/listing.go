package fs

import (
	"context"
	"hash/maphash"
	"sync"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// A listing is an open directory. The kernel reads a directory handle by one
// thread at a time.
type listing struct {
	dir     *dirNode
	entries []entry
	next    int
	keeps   bool // the kernel keeps what it reads here
}

var (
	_ fusefs.FileReaddirenter = (*listing)(nil)
	_ fusefs.FileSeekdirer    = (*listing)(nil)
	_ fusefs.FileLookuper     = (*listing)(nil)
	_ fusefs.FileReleasedirer = (*listing)(nil)
)

// Readdirent implements fusefs.FileReaddirenter.
func (l *listing) Readdirent(context.Context) (*fuse.DirEntry, syscall.Errno) {
	if l.next >= len(l.entries) {
		return nil, 0
	}
	e := l.entries[l.next]
	l.next++
	return &fuse.DirEntry{Name: e.name, Mode: e.mode, Ino: e.ino, Off: uint64(l.next)}, 0
}

// Seekdir implements fusefs.FileSeekdirer.
func (l *listing) Seekdir(_ context.Context, off uint64) syscall.Errno {
	if off > uint64(len(l.entries)) {
		return syscall.EINVAL
	}
	l.next = int(off)
	return 0
}

// Lookup implements fusefs.FileLookuper: it is asked for each entry of a
// listing with attributes, which the kernel takes at the begin of every one.
// In a torrent's directories it gets names and types alone: `find` then makes no
// inode of files that it does not look at, which are a hundred of a torrent with
// 20 files, and rTorrent is not asked what is verified of them.
func (l *listing) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	if _, ok := l.dir.dir.(bare); ok || l.dir.isTable() {
		return nil, syscall.EAGAIN
	}
	return l.dir.Lookup(ctx, name, out)
}

// Releasedir implements fusefs.FileReleasedirer.
func (l *listing) Releasedir(context.Context, uint32) {
	if l.keeps {
		l.dir.kept.release()
	}
}

// A foreseer is a directory that knows of names that rTorrent cannot make appear
// in it: the kernel may keep that they are absent, as file managers and shells
// look for .hidden, .git or desktop.ini wherever they are. What is created
// through the mount the kernel knows by itself.
type foreseer interface{ never(name string) bool }

// absentLife is how long the kernel may keep that.
const absentLife = 10 * time.Second

// A bare directory is one whose listing is of names and types alone, as that of
// a tabled one is.
type bare interface{ bare() }

// A tabled directory is one whose names are those of a table, most of the time.
type tabled interface{ table() }

func (n *dirNode) isTable() bool {
	_, ok := n.dir.(tabled)
	return ok
}

// keptNames is what the kernel keeps of a listing, for `find` and globs: it asks
// at each open of the directory whether that holds. It is safe for concurrent
// use.
type keptNames struct {
	mu      sync.Mutex // guards the fields below
	sum     uint64     // of the names that it may hold
	readers int        // open listings from which it takes them
}

// open returns the flags of the reply to an open of the directory that finds
// these names, and whether a release is to follow. An open listing of other
// names can put them into what the kernel keeps at any time: while there is
// one, nothing is kept.
func (k *keptNames) open(entries []entry) (flags uint32, keeps bool) {
	sum := namesSum(entries)
	k.mu.Lock()
	defer k.mu.Unlock()
	flags = fuse.FOPEN_CACHE_DIR
	switch {
	case k.sum == sum:
		flags |= fuse.FOPEN_KEEP_CACHE
	case k.readers > 0:
		return 0, false
	}
	k.sum = sum
	k.readers++
	return flags, true
}

func (k *keptNames) release() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.readers--
}

var namesSeed = maphash.MakeSeed()

// namesSum tells one list of names from another. It is never 0.
func namesSum(entries []entry) uint64 {
	var h maphash.Hash
	h.SetSeed(namesSeed)
	for i := range entries {
		h.WriteString(entries[i].name)
		h.WriteByte(0)
		maphash.WriteComparable(&h, [2]uint64{entries[i].ino, uint64(entries[i].mode)})
	}
	return h.Sum64() | 1
}
