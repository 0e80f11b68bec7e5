package fs

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"rtfs/rtorrent"
)

// A print tells one state of a file on disk from another.
type print struct {
	dev, ino     uint64
	size         int64
	mtime, ctime time.Time // ctime shows also what hides behind an old mtime
}

func printOf(info fs.FileInfo) print {
	stat, _ := info.Sys().(*syscall.Stat_t)
	if stat == nil {
		return print{}
	}
	return print{uint64(stat.Dev), stat.Ino, stat.Size, time.Unix(stat.Mtim.Unix()), time.Unix(stat.Ctim.Unix())}
}

// sameData reports whether the data is most likely the same: the other time
// changes with modes and links, too.
func (p print) sameData(q print) bool {
	q.ctime = p.ctime
	return p == q
}

// A version is what an inode of the content shows: a file that is whole, in
// one state on disk, or one that is not. What the kernel keeps of one version
// must not be seen of another, and it takes an inode either by passthrough or
// not; so each has an inode of its own, with the same number and another
// generation.
type version struct {
	whole bool
	print print // of a whole one
}

// versionsKept is how many files' versions are remembered. Of a forgotten one
// the kernel's copies are dropped, no more.
const versionsKept = 1 << 16

// versions numbers the versions of each file. It is safe for concurrent use.
type versions struct {
	mu     sync.Mutex // guards the fields below
	last   uint64
	now    map[uint64]numbered
	opened map[uint64]print // of whole files that were opened
}

type numbered struct {
	version
	generation uint64
}

func newVersions() *versions {
	return &versions{now: map[uint64]numbered{}, opened: map[uint64]print{}}
}

// generation returns the number of a file's present version: a new one if it
// is not that of the last call.
func (v *versions) generation(ino uint64, now version) uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	known, ok := v.now[ino]
	if ok && known.version == now {
		return known.generation
	}
	if len(v.now) >= versionsKept {
		clear(v.now)
	}
	v.last++
	v.now[ino] = numbered{now, v.last}
	return v.last
}

// before returns the print of a whole file when it was opened last.
func (v *versions) before(ino uint64) (print, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, ok := v.opened[ino]
	return p, ok
}

// open notes the print of a whole file that was opened.
func (v *versions) open(ino uint64, p print) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.opened) >= versionsKept {
		clear(v.opened)
	}
	v.opened[ino] = p
}

// How much later than rTorrent's last touch a file's time may be, since its
// clock stands still while it works: of a file that is seen for the first
// time, and of one that was another before.
const (
	touchSlack   = 2 * time.Second
	changedSlack = 200 * time.Millisecond
)

// changed returns why a whole file on disk is not what rTorrent has verified,
// nil if it seems to be.
func (v *versions) changed(ino uint64, f *rtorrent.File, file *os.File, p print) error {
	if p.size != f.Size {
		return fmt.Errorf("it has %d bytes, not the torrent's %d", p.size, f.Size)
	}
	before, seen := v.before(ino)
	another := seen && !before.sameData(p)
	if f.LastTouched > 0 && !slices.Contains(foreignTypes, typeOf(file)) {
		slack := touchSlack
		if another {
			slack = changedSlack
		}
		if touched := time.UnixMicro(f.LastTouched); p.mtime.After(touched.Add(slack)) {
			return fmt.Errorf("it was written at %s, rTorrent looked at it last at %s", p.mtime.Format(time.RFC3339), touched.Format(time.RFC3339))
		}
		return nil
	}
	if another {
		return fmt.Errorf("it was written at %s, after it was read here last", p.mtime.Format(time.RFC3339))
	}
	return nil
}
