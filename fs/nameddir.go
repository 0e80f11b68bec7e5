package fs

import (
	"context"
	"slices"
	"sync"
	"time"
)

// recentNames is how many names `ls` shows of a namedDir.
const recentNames = 16

// A namedDir is a directory whose entries are made by naming them: where/ and
// list/.
type namedDir struct {
	d    *driver
	path string
	used *recent
	// entry returns what a name makes, or an error that says why it makes no
	// sense.
	entry func(name string) (entry, error)
}

// A recent keeps the names used last, the newest first. It is safe for
// concurrent use.
type recent struct {
	mu        sync.Mutex // guards the fields below
	names     []string
	refused   string    // the last one that made no sense
	refusedAt time.Time // when that was last named
}

func (r *recent) use(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = slices.DeleteFunc(r.names, func(n string) bool { return n == name })
	r.names = slices.Insert(r.names, 0, name)
	r.names = r.names[:min(len(r.names), recentNames)]
}

// refuse notes a name that makes no sense, and reports whether that is news:
// a shell names one several times in a row.
func (r *recent) refuse(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	again := r.refused == name && now.Sub(r.refusedAt) < time.Second
	r.refused, r.refusedAt = name, now
	return !again
}

func (r *recent) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.names)
}

func (n *namedDir) list(context.Context) ([]entry, error) {
	var entries []entry
	for _, name := range n.used.all() {
		if e, err := n.entry(name); err == nil {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func (n *namedDir) find(ctx context.Context, name string) (entry, error) {
	e, err := n.entry(name)
	switch {
	case err == nil:
		n.used.use(name)
	case n.used.refuse(name):
		n.d.record(ctx, n.path+name, "", "", err)
	}
	return e, err
}

func (n *namedDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, n.d.started, nil
}
