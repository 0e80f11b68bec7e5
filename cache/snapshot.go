package cache

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"rtfs/rtorrent"
)

// A Snapshot is the table of all torrents as rTorrent answered it at one
// moment, with the rows of our own writes since. It is never changed.
type Snapshot struct {
	// Taken is when the load of the quickly changing columns began.
	Taken time.Time
	// SlowTaken is when the load of all columns began.
	SlowTaken time.Time
	// Torrents are in rTorrent's order, those added since at the end.
	Torrents []*rtorrent.Torrent

	index map[rtorrent.Hash]int // place in Torrents; shared by snapshots with the same members
}

func newSnapshot(taken, slowTaken time.Time, rows []*rtorrent.Torrent) *Snapshot {
	s := &Snapshot{Taken: taken, SlowTaken: slowTaken, Torrents: rows}
	s.index = make(map[rtorrent.Hash]int, len(rows))
	for i, t := range rows {
		s.index[t.Hash] = i
	}
	return s
}

// Torrent returns the row of h, or an error that is rtorrent.ErrNotFound.
func (s *Snapshot) Torrent(h rtorrent.Hash) (*rtorrent.Torrent, error) {
	if t := s.row(h); t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("torrent %s: %w", h, rtorrent.ErrNotFound)
}

// row returns the row of h or nil; a nil Snapshot has none.
func (s *Snapshot) row(h rtorrent.Hash) *rtorrent.Torrent {
	if s == nil {
		return nil
	}
	if i, ok := s.index[h]; ok {
		return s.Torrents[i]
	}
	return nil
}

// rowOf is row for an info-hash as a reply spells it, without a copy of it.
func (s *Snapshot) rowOf(hash []byte) *rtorrent.Torrent {
	if s == nil {
		return nil
	}
	if i, ok := s.index[rtorrent.Hash(hash)]; ok {
		return s.Torrents[i]
	}
	return nil
}

// with returns a Snapshot in which the row of h is t, new at the end if it
// was not there, and gone if t is nil.
func (s *Snapshot) with(h rtorrent.Hash, t *rtorrent.Torrent) *Snapshot {
	at, there := s.index[h]
	next := *s
	switch {
	case there && t != nil:
		next.Torrents = slices.Clone(s.Torrents)
		next.Torrents[at] = t
	case there:
		rows := slices.Delete(slices.Clone(s.Torrents), at, at+1)
		return newSnapshot(s.Taken, s.SlowTaken, rows)
	case t != nil:
		next.Torrents = append(slices.Clip(s.Torrents), t)
		next.index = maps.Clone(s.index)
		next.index[h] = len(s.Torrents)
	}
	return &next
}
