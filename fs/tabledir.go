package fs

import (
	"context"
	"fmt"
	"slices"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
)

// A tableDir is the directory of the nodes declared about one T.
type tableDir[T any] struct {
	d       *driver
	subject subject[T]
	nodes   []Node[T]
	size    func(*T) int64 // nil: 0
	sized   string         // the commands behind size
}

var (
	_ creator = (*tableDir[struct{}])(nil)
	_ remover = (*tableDir[struct{}])(nil)
	_ renamer = (*tableDir[struct{}])(nil)
)

func newTableDir[T any](d *driver, s subject[T], nodes []Node[T]) *tableDir[T] {
	return &tableDir[T]{d: d, subject: s, nodes: nodes}
}

func (t *tableDir[T]) list(ctx context.Context) ([]entry, error) {
	if _, err := t.subject.with(ctx, ""); err != nil {
		return nil, err
	}
	entries := make([]entry, 0, len(t.nodes))
	for i, n := range t.nodes {
		if e, ok := n.bind(t.d, t.subject, i+1); ok {
			entries = append(entries, e)
		}
	}
	return append(entries, t.overlay().list()...), nil
}

func (t *tableDir[T]) find(ctx context.Context, name string) (entry, error) {
	if _, err := t.subject.with(ctx, ""); err != nil {
		return entry{}, err
	}
	for i, n := range t.nodes {
		if nodeName(n) != name {
			continue
		}
		if e, ok := n.bind(t.d, t.subject, i+1); ok {
			return e, nil
		}
	}
	if e, ok := t.overlay().find(name); ok {
		return e, nil
	}
	return entry{}, errNoEntry
}

// table says that this is a directory of a table.
func (t *tableDir[T]) table() {}

// never implements foreseer: but for the files of the table there are only
// scratch files, which are made through the mount.
func (t *tableDir[T]) never(name string) bool {
	return !slices.ContainsFunc(t.nodes, func(n Node[T]) bool { return nodeName(n) == name })
}

// overlay is the directory's scratch files.
func (t *tableDir[T]) overlay() overlay {
	return overlay{d: t.d, path: t.subject.path, control: func(_ context.Context, name string) (*fileNode, error) {
		for i, n := range t.nodes {
			if f, ok := n.(File[T]); ok && f.Name == name {
				return f.node(t.d, t.subject, i+1), nil
			}
		}
		return nil, errNoEntry
	}}
}

// writable reports whether there is a file to write in the directory.
func (t *tableDir[T]) writable() bool {
	return slices.ContainsFunc(t.nodes, func(n Node[T]) bool {
		f, ok := n.(File[T])
		return ok && f.Set != nil
	})
}

func (t *tableDir[T]) create(_ context.Context, name string, flags, mode uint32) (entry, fusefs.FileHandle, error) {
	if !t.writable() {
		return entry{}, nil, fmt.Errorf("%w: %s", errAccess, name)
	}
	return t.overlay().create(name, flags, mode)
}

func (t *tableDir[T]) remove(_ context.Context, name string, dir bool) error {
	return t.overlay().remove(name, dir)
}

func (t *tableDir[T]) rename(ctx context.Context, name, newName string, _ bool) error {
	return t.overlay().rename(ctx, name, newName)
}

func (t *tableDir[T]) stat(ctx context.Context) (size, mtime int64, err error) {
	subject, err := t.subject.with(ctx, t.subject.dated+t.sized)
	if err != nil {
		return 0, 0, err
	}
	mtime = t.d.started
	if t.subject.mtime != nil {
		mtime = t.subject.mtime(subject)
	}
	if t.size != nil {
		size = t.size(subject)
	}
	return size, mtime, nil
}

// nodeName returns the name under which a node is declared.
func nodeName[T any](n Node[T]) string {
	switch n := n.(type) {
	case File[T]:
		return n.Name
	case Dir[T]:
		return n.Name
	case List[T]:
		return n.Name
	case Growing[T]:
		return n.Name
	case Link[T]:
		return n.Name
	}
	return ""
}
