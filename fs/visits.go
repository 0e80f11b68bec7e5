package fs

import (
	"sync"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"

	"rtfs/rtorrent"
)

// How long the kernel may remember what is in a torrent's directory after it
// was looked up last, and how many inodes it is told to forget at a time.
const (
	visitLife   = time.Minute
	prunedAtOne = 4096
)

// visits are the torrents' directories that the kernel knows. A walk over all
// torrents makes it know an inode for each that was looked at, half a kilobyte
// here and one there; some time after the walk it is told to forget them. What
// is open or somebody's working directory it keeps. It is safe for concurrent
// use.
type visits struct {
	mu       sync.Mutex    // guards the fields below
	torrents *fusefs.Inode // torrents/, nil before the first visit
	last     map[rtorrent.Hash]time.Time
	waiting  *time.Timer // for the end of the first visit, nil if there is none
	closed   bool
}

func newVisits() *visits { return &visits{last: map[rtorrent.Hash]time.Time{}} }

// note remembers that a torrent's directory was looked up in torrents/.
func (v *visits) note(h rtorrent.Hash, torrents *fusefs.Inode) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return
	}
	v.torrents = torrents
	v.last[h] = time.Now()
	if v.waiting == nil {
		v.waiting = time.AfterFunc(visitLife, func() { v.prune(time.Now().Add(-visitLife)) })
	}
}

// dir returns a torrent's directory as the kernel knows it, or nil.
func (v *visits) dir(h rtorrent.Hash) *fusefs.Inode {
	v.mu.Lock()
	torrents := v.torrents
	v.mu.Unlock()
	if torrents == nil {
		return nil
	}
	return torrents.GetChild(string(h))
}

// prune has the kernel forget what was not looked up since then.
func (v *visits) prune(since time.Time) {
	v.mu.Lock()
	torrents := v.torrents
	var old []rtorrent.Hash
	for h, at := range v.last {
		if !at.After(since) {
			old = append(old, h)
			delete(v.last, h)
		}
	}
	v.mu.Unlock()
	var nodes []*fusefs.Inode
	for i, h := range old {
		if dir := v.dir(h); dir != nil {
			nodes = append(below(nodes, dir), dir)
		}
		if len(nodes) >= prunedAtOne || i == len(old)-1 {
			torrents.NotifyPrune(nodes) // ENOSYS of an older kernel: it forgets under pressure
			nodes = nodes[:0]
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.waiting != nil {
		v.waiting.Stop()
		v.waiting = nil
	}
	if len(v.last) > 0 && !v.closed {
		v.waiting = time.AfterFunc(visitLife, func() { v.prune(time.Now().Add(-visitLife)) })
	}
}

// below adds the inodes below one, the lowest first: the kernel keeps a
// directory as long as it knows anything in it.
func below(nodes []*fusefs.Inode, dir *fusefs.Inode) []*fusefs.Inode {
	for _, child := range dir.Children() {
		nodes = append(below(nodes, child), child)
	}
	return nodes
}

// close ends it.
func (v *visits) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
	if v.waiting != nil {
		v.waiting.Stop()
	}
}
