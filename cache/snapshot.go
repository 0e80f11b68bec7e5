package cache

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"rtfs/rtorrent"
)

// A Snapshot is the table of all torrents as rTorrent answered it, with the
// rows of our own writes since. It has the columns that somebody wanted; the
// others are zero. It is never changed.
type Snapshot struct {
	// Taken is when the last tick began: how old the list and the quickly
	// changing columns are.
	Taken time.Time
	// Torrents are in rTorrent's order, those added since at the end.
	Torrents []*rtorrent.Torrent

	index map[rtorrent.Hash]int // place in Torrents; shared by snapshots with the same members
	ages  *ages                 // shared by snapshots with the same columns
	quick rtorrent.Columns      // that the last tick asked
	// moving are the torrents that the next tick looks at if they are in none of
	// the views any more.
	moving []rtorrent.Hash
	// doubtful says that a table has shown other torrents.
	doubtful bool
}

// ages are how old the columns are.
type ages [rtorrent.ColumnsMost]age

// An age is how old a column is; zero if it never was asked.
type age struct {
	true  time.Time // when it was last known of all torrents
	asked time.Time // when it was last asked of all torrents
}

// now notes that columns were asked of all torrents at a time.
func (a *ages) now(columns rtorrent.Columns, at time.Time) {
	columns.Each(func(i int) { a[i] = age{at, at} })
}

// newSnapshot returns a Snapshot of these rows. Where they are those of old in
// its order, they share its index.
func newSnapshot(taken time.Time, rows []*rtorrent.Torrent, ages *ages, old *Snapshot) *Snapshot {
	s := &Snapshot{Taken: taken, Torrents: rows, ages: ages}
	if old != nil && slices.EqualFunc(rows, old.Torrents, func(a, b *rtorrent.Torrent) bool { return a.Hash == b.Hash }) {
		s.index = old.index
		return s
	}
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
	return nil, goneError(h)
}

func goneError(h rtorrent.Hash) error { return fmt.Errorf("torrent %s: %w", h, rtorrent.ErrNotFound) }

// Has reports whether the Snapshot has some columns, however old.
func (s *Snapshot) Has(columns rtorrent.Columns) bool {
	has := true
	columns.Each(func(i int) { has = has && !s.ages[i].true.IsZero() })
	return has
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
	case there && s.Torrents[at] == t:
		return s
	case there && t != nil:
		next.Torrents = slices.Clone(s.Torrents)
		next.Torrents[at] = t
	case there:
		next.Torrents = slices.Delete(slices.Clone(s.Torrents), at, at+1)
		next.index = newSnapshot(s.Taken, next.Torrents, s.ages, nil).index
	case t != nil:
		next.Torrents = append(slices.Clip(s.Torrents), t)
		next.index = maps.Clone(s.index)
		next.index[h] = len(s.Torrents)
	}
	return &next
}

// replaced returns the rows of s with these in the place of their torrents', and
// those that s lacks.
func (s *Snapshot) replaced(rows []*rtorrent.Torrent) (all, unknown []*rtorrent.Torrent) {
	all = slices.Clone(s.Torrents)
	for _, t := range rows {
		if i, ok := s.index[t.Hash]; ok {
			all[i] = t
		} else {
			unknown = append(unknown, t)
		}
	}
	return all, unknown
}
