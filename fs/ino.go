package fs

import (
	"hash/maphash"
	"strconv"
	"sync"

	"rtfs/rtorrent"
)

// An inode number is the server's place in the mount (6 bits), a torrent's slot
// (34 bits, from its info-hash) and a number within the torrent (23 bits); slot
// 0 is the fixed part of the tree. The top bit stays clear, since go-fuse
// numbers from 2^63 on by itself.
const (
	inoPlaceBits = 6
	inoSlotBits  = 34
	inoLocalBits = 23
	// Numbers within a torrent: the directory is 0, the rows of its table
	// follow, then a link to it that does not stay and, in regions of 2^20, its
	// files.
	inoArrival = 512
	inoAlias   = 513     // the link under the info-hash in lower case
	inoFiles   = 1 << 20 // + index of the file; three more regions follow for the trees beside files/
	inoSubdir  = 5 << 20 // + number of the folder, + 2^18 for each tree
	// The regions of what comes and goes, see passing. Their first numbers,
	// with the torrent's own slot, are for what is always there.
	inoTracker = 6 << 20
	inoPeer    = 7 << 20
	// Links to the torrent have a number for each directory, from inoLink on:
	// mv(1) refuses to move one file over another of the same number.
	inoLink   = 6<<20 + 1<<19
	inoLinks  = 1 << 19
	inoCustom = 1 << 16
	// inoNamed is the first number of fixed directories, each of which has
	// room for inoPerDir rows.
	inoRoot   = 1
	inoNamed  = 1 << 10
	inoPerDir = 1 << 8
)

// inos hands out inode numbers. It is safe for concurrent use.
type inos struct {
	first uint64 // of the server

	mu    sync.Mutex
	slots map[uint64]rtorrent.Hash // by which torrent each is taken
	names map[string]uint64
	moved map[uint64]uint64 // how often a directory of that number was moved
	seed  maphash.Seed
}

func newInos(place int) *inos {
	return &inos{
		first: uint64(place) << (inoSlotBits + inoLocalBits),
		slots: map[uint64]rtorrent.Hash{0: ""},
		names: map[string]uint64{},
		moved: map[uint64]uint64{},
		seed:  maphash.MakeSeed(),
	}
}

// torrent returns the first number of a torrent: that of its directory. It
// comes from the info-hash, so it is the same after a remount; two torrents
// that share their first 34 bits (one chance in 300 with 10,000 torrents) are
// told apart by who came first.
func (t *inos) torrent(h rtorrent.Hash) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	slot, _ := strconv.ParseUint(string(h[:10]), 16, 64)
	for slot >>= 4*10 - inoSlotBits; ; slot = (slot + 1) & (1<<inoSlotBits - 1) {
		of, taken := t.slots[slot]
		if !taken {
			t.slots[slot] = h
		} else if of != h {
			continue
		}
		return t.first | slot<<inoLocalBits
	}
}

// named returns the first number of a fixed directory, in the order in which
// the names are first seen.
func (t *inos) named(path string) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, ok := t.names[path]
	if !ok {
		n = t.first | inoNamed + uint64(len(t.names))*inoPerDir
		t.names[path] = n
	}
	return n
}

// link returns what is added to a torrent's first number for the link to it in
// a directory.
func (t *inos) link(dir string) uint64 {
	return inoLink + (t.named(dir)-t.first)/inoPerDir%inoLinks
}

// generation tells apart the inodes that have one number after another.
func (t *inos) generation(ino uint64) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.moved[ino]
}

// renew makes the next lookup of a directory find another inode, of the same
// number. The kernel has moved the present one to where a rename put it; to
// find it where it was would be a second place for one directory, which the
// kernel answers with ESTALE while anything else is renamed.
func (t *inos) renew(ino uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.moved[ino]++
}

// passing returns the first of inoPerDir numbers in a region, for something of
// a torrent that comes and goes, such as a peer. Nothing is kept for it, since
// there is no end to them: the number is 45 bits of a hash, slot and place in
// the region, with a seed that a peer cannot know.
func (t *inos) passing(region uint64, h rtorrent.Hash, name string) uint64 {
	const places = 1 << 11
	sum := maphash.String(t.seed, string(h)+name)
	return t.first | sum>>(64-inoSlotBits)<<inoLocalBits | region + (1+sum%(places-1))*inoPerDir
}
