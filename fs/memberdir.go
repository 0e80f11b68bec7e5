package fs

import (
	"context"

	"rtfs/rtorrent"
)

// A memberDir holds a directory for each T of a torrent, such as a peer, and a
// file that takes new ones.
type memberDir[T any] struct {
	d       *driver
	subject subject[rtorrent.Torrent]
	region  uint64 // of the inode numbers
	add     File[rtorrent.Torrent]
	nodes   []Node[T] // of each
	// names returns the names of all of them, in a stable order.
	names func(context.Context) ([]string, error)
	// member returns the one that has a name now, or errNoEntry.
	member func(ctx context.Context, name string) (*T, error)
}

var _ directory = (*memberDir[struct{}])(nil)

func (m *memberDir[T]) list(ctx context.Context) ([]entry, error) {
	names, err := m.names(ctx)
	if err != nil {
		return nil, err
	}
	var entries []entry
	if e, ok := m.addEntry(); ok {
		entries = append(entries, e)
	}
	for _, name := range names {
		entries = append(entries, m.entry(name))
	}
	return entries, nil
}

func (m *memberDir[T]) find(ctx context.Context, name string) (entry, error) {
	if name == m.add.Name {
		if e, ok := m.addEntry(); ok {
			return e, nil
		}
	}
	if _, err := m.member(ctx, name); err != nil {
		return entry{}, err
	}
	return m.entry(name), nil
}

func (m *memberDir[T]) stat(ctx context.Context) (size, mtime int64, err error) {
	t, err := m.subject.find(ctx)
	if err != nil {
		return 0, 0, err
	}
	return 0, timeAdded(t), nil
}

// bare says that most who list members look at none of them.
func (m *memberDir[T]) bare() {}

// addEntry is the file that takes new ones; false where this rTorrent cannot.
func (m *memberDir[T]) addEntry() (entry, bool) {
	s := m.subject
	s.ino += m.region
	return m.add.bind(m.d, s, 1)
}

func (m *memberDir[T]) entry(name string) entry {
	below := subject[T]{
		path: m.subject.path + name + "/",
		hash: m.subject.hash,
		ino:  m.d.inos.passing(m.region, m.subject.hash, name),
		find: func(ctx context.Context) (*T, error) { return m.member(ctx, name) },
	}
	// The kernel asks for the name each time: a peer that was disconnected is
	// not to be there any more.
	return m.d.dirEntry(name, below.path, below.ino, 0, newTableDir(m.d, below, m.nodes))
}
