package fs

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	fusefs "github.com/hanwen/go-fuse/v2/fs"

	"rtfs/rtorrent"
)

// customMax is how many bytes a custom value may have. ruTorrent keeps as many.
const customMax = 4096

// A custom is one custom value of a torrent.
type custom struct {
	hash       rtorrent.Hash
	key, value string
}

// customField is the file of one of d.custom1 to d.custom5, from 1 on.
func customField(n int) File[rtorrent.Customs] {
	command := "d.custom" + strconv.Itoa(n)
	return text(strconv.Itoa(n), "raw: "+command, command, func(c *rtorrent.Customs) string { return c.Fields[n-1] })
}

// customFile is the file of a key. One that rTorrent does not have reads as
// nothing: it is there while it is being created.
func customFile(name string) File[custom] {
	return writable(text(name, "the value of that key; a new name makes one, an empty line hides it",
		"d.custom d.custom.keys", func(c *custom) string { return c.value }),
		setter[custom]{shape: shapeNote, plan: setCustom})
}

// setCustom plans a write to a key's file.
func setCustom(c *custom, value string, _ bool) (action, error) {
	switch {
	case value == "" && c.value == "": // it would make a key
		return nil, nil
	case len(value) > customMax:
		return nil, invalid("value of %d bytes, at most %d", len(value), customMax)
	case !rtorrent.XMLSafe(value):
		return nil, errEncoding
	}
	return func(ctx context.Context, d *driver) error {
		if err := d.needMetadataOf(ctx, c.hash); err != nil {
			return err
		}
		return apply(c.hash, rtorrent.SetCustom(c.hash, c.key, value))(ctx, d)
	}, nil
}

// customName is the file name of a key: that of the text, but not one of the
// fields'.
func customName(key string) string {
	if len(key) == 1 && "1" <= key && key <= "5" {
		return "%3" + key
	}
	return fileName(key)
}

// newCustomKey returns the key that a new file of that name stands for.
func newCustomKey(name string) (string, error) {
	key := unescapeName(name)
	switch {
	case customName(key) != name:
		return "", invalid("key %q: '%%', '/' and NUL are written %%25, %%2F and %%00", name)
	case key == "" || strings.HasSuffix(key, "~") || strings.HasPrefix(key, "#") || key == "4913":
		return "", fmt.Errorf("%w: %s is a name that editors use", errAccess, name)
	case !rtorrent.XMLSafe(key) || strings.ContainsAny(key, "\t\n"):
		return "", errEncoding
	}
	return key, nil
}

func customReference(prefix string) []Line {
	var lines []Line
	for n := range 5 {
		lines = append(lines, customField(n+1).reference(prefix)...)
	}
	return append(lines, customFile("<key>").reference(prefix)...)
}

// A customDir holds a torrent's custom values. A file that is created in it
// becomes a key; keys cannot be removed, so those without a value are hidden.
type customDir struct {
	d       *driver
	subject subject[rtorrent.Torrent]
}

var (
	_ creator = (*customDir)(nil)
	_ remover = (*customDir)(nil)
	_ renamer = (*customDir)(nil)
)

func openCustom(d *driver, s subject[rtorrent.Torrent]) directory { return &customDir{d, s} }

func (c *customDir) all(ctx context.Context) (*rtorrent.Customs, error) {
	return c.d.cache.Customs(ctx, c.subject.hash)
}

// bare says that most who list the keys look at none of them.
func (c *customDir) bare() {}

// fields are the entries of d.custom1 to d.custom5.
func (c *customDir) fields() []entry {
	s := subject[rtorrent.Customs]{path: c.subject.path, hash: c.subject.hash, ino: c.subject.ino + inoCustom, find: c.all}
	var entries []entry
	for n := range 5 {
		if e, ok := customField(n+1).bind(c.d, s, n+1); ok {
			entries = append(entries, e)
		}
	}
	return entries
}

func (c *customDir) list(ctx context.Context) ([]entry, error) {
	all, err := c.all(ctx)
	if err != nil {
		return nil, err
	}
	entries := c.fields()
	for _, k := range all.Keys {
		if k.Value != "" {
			entries = append(entries, c.entry(c.file(k.Key)))
		}
	}
	return append(entries, c.overlay().list()...), nil
}

func (c *customDir) find(ctx context.Context, name string) (entry, error) {
	all, err := c.all(ctx)
	if err != nil {
		return entry{}, err
	}
	fields := c.fields()
	if i := slices.IndexFunc(fields, func(e entry) bool { return e.name == name }); i >= 0 {
		return fields[i], nil
	}
	for _, k := range all.Keys {
		if k.Value != "" && customName(k.Key) == name {
			return c.entry(c.file(k.Key)), nil
		}
	}
	if e, ok := c.overlay().find(name); ok {
		return e, nil
	}
	return entry{}, errNoEntry
}

func (c *customDir) stat(ctx context.Context) (size, mtime int64, err error) {
	t, err := c.subject.find(ctx)
	if err != nil {
		return 0, 0, err
	}
	return 0, timeAdded(t), nil
}

// file returns the node of a key's file.
func (c *customDir) file(key string) *fileNode {
	s := subject[custom]{
		path: c.subject.path,
		hash: c.subject.hash,
		ino:  c.d.inos.passing(inoCustom, c.subject.hash, key),
		find: func(ctx context.Context) (*custom, error) {
			all, err := c.all(ctx)
			if err != nil {
				return nil, err
			}
			return &custom{c.subject.hash, key, all.Value(key)}, nil
		},
	}
	return customFile(customName(key)).node(c.d, s, 0)
}

func (c *customDir) entry(n *fileNode) entry {
	return entry{name: strings.TrimPrefix(n.path, c.subject.path), mode: n.mode, ino: n.ino, life: c.d.opts.TTL, node: func() node { return n }}
}

// overlay is the directory's scratch files.
func (c *customDir) overlay() overlay {
	return overlay{d: c.d, path: c.subject.path, control: func(_ context.Context, name string) (*fileNode, error) {
		if strings.HasPrefix(name, ".") {
			return nil, errNoEntry
		}
		key, err := newCustomKey(name)
		if err != nil {
			return nil, err
		}
		return c.file(key), nil
	}}
}

func (c *customDir) create(ctx context.Context, name string, flags, mode uint32) (entry, fusefs.FileHandle, error) {
	if isScratch(name, flags, mode) {
		return c.overlay().create(name, flags, mode)
	}
	key, err := newCustomKey(name)
	if err != nil {
		return entry{}, nil, err
	}
	n := c.file(key)
	handle, _, errno := n.Open(ctx, flags)
	if errno != 0 {
		return entry{}, nil, answer(errno)
	}
	return c.entry(n), handle, nil
}

func (c *customDir) remove(_ context.Context, name string, dir bool) error {
	return c.overlay().remove(name, dir)
}

func (c *customDir) rename(ctx context.Context, name, newName string, _ bool) error {
	return c.overlay().rename(ctx, name, newName)
}
