package fs

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"weak"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// A memo keeps what was last rendered from a snapshot: a listing's stat and
// the read behind it want the same bytes. It does not keep the snapshot. It is
// safe for concurrent use.
type memo struct {
	mu       sync.Mutex // guards the fields below
	snapshot weak.Pointer[cache.Snapshot]
	content  []byte
}

func (m *memo) render(s *cache.Snapshot, render func() []byte) []byte {
	m.mu.Lock()
	if m.snapshot == weak.Make(s) {
		defer m.mu.Unlock()
		return m.content
	}
	m.mu.Unlock()
	content := render()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.snapshot, m.content = weak.Make(s), content
	return content
}

// shed forgets what is not of this snapshot.
func (m *memo) shed(but *cache.Snapshot) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.snapshot != weak.Make(but) {
		m.snapshot, m.content = weak.Pointer[cache.Snapshot]{}, nil
	}
}

// listsKept is how many tables of list/ are kept as they were rendered.
const listsKept = 4

// memos keep what was rendered last of some tables, by name. They are safe for
// concurrent use.
type memos struct {
	mu     sync.Mutex // guards byName
	byName map[string]*memo
}

// shed forgets what is not of this snapshot.
func (m *memos) shed(but *cache.Snapshot) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, known := range m.byName {
		known.shed(but)
	}
}

func (m *memos) of(name string) *memo {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.byName[name]; known != nil {
		return known
	}
	if m.byName == nil || len(m.byName) >= listsKept {
		m.byName = map[string]*memo{}
	}
	made := &memo{}
	m.byName[name] = made
	return made
}

// openList opens list/, whose files are tables of the columns they name.
func openList(d *driver, s subject[server]) directory {
	return &namedDir{d, s.path, &d.tables, func(name string) (entry, error) {
		if _, err := named(d.shown(), name); err != nil {
			return entry{}, err
		}
		f := File[server]{Name: name, Read: func(ctx context.Context, d *driver, _ *server) ([]byte, error) {
			files, err := named(d.shown(), name) // another rTorrent has others
			if err != nil {
				return nil, err
			}
			return d.table(ctx, d.lists.of(name), files, tableTSV)
		}}
		s.ino = d.inos.named(s.path + name)
		e, _ := f.bind(d, s, 0)
		return e, nil
	}}
}

// named returns the files that are named, joined by commas.
func named(files []File[rtorrent.Torrent], names string) (chosen []File[rtorrent.Torrent], err error) {
	for name := range strings.SplitSeq(names, ",") {
		at := slices.IndexFunc(files, func(f File[rtorrent.Torrent]) bool { return f.Name == name })
		if at < 0 {
			return nil, invalid("list: no field %q", name)
		}
		chosen = append(chosen, files[at])
	}
	return chosen, nil
}

// table renders some columns of all torrents. It asks rTorrent for what is
// behind these alone.
func (d *driver) table(ctx context.Context, m *memo, files []File[rtorrent.Torrent], render func([]File[rtorrent.Torrent], []*rtorrent.Torrent) []byte) ([]byte, error) {
	var columns rtorrent.Columns
	for _, f := range files {
		columns |= d.columns(f.From)
	}
	s, err := d.cache.Want(ctx, columns)
	if err != nil {
		return nil, err
	}
	return m.render(s, func() []byte { return render(files, s.Torrents) }), nil
}

// renderListTSV returns all torrents: a header, then a row each.
func renderListTSV(ctx context.Context, d *driver, _ *server) ([]byte, error) {
	return d.table(ctx, &d.listTSV, d.shown(), tableTSV)
}

func tableTSV(files []File[rtorrent.Torrent], torrents []*rtorrent.Torrent) []byte {
	var b bytes.Buffer
	for i, f := range files {
		if i > 0 {
			b.WriteByte('\t')
		}
		b.WriteString(f.Name)
	}
	b.WriteByte('\n')
	for _, t := range torrents {
		for i, f := range files {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(escapeTSV(f.Value(t)))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// renderListJSON returns all torrents as one array of objects.
func renderListJSON(ctx context.Context, d *driver, _ *server) ([]byte, error) {
	return d.table(ctx, &d.listJSON, d.shown(), func(files []File[rtorrent.Torrent], torrents []*rtorrent.Torrent) []byte {
		b := []byte{'['}
		for i, t := range torrents {
			if i > 0 {
				b = append(b, ',', '\n')
			}
			b = appendJSON(b, files, t)
		}
		return append(b, ']', '\n')
	})
}

func tableReference(prefix string) []Line {
	return []Line{{Path: prefix + "<fields>", Mode: modeString(modeFile), Doc: "fields of list.tsv joined by commas, one column each"}}
}
