package fs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"rtfs/rtorrent"
)

// noTag is the group of the torrents without a tag.
const noTag = "@none"

// A tagsDir is by-tag/: mkdir makes a tag, which lives in memory until a
// torrent has it; rename renames one.
type tagsDir struct {
	*groupDir
	made *madeTags
}

var (
	_ maker   = (*tagsDir)(nil)
	_ remover = (*tagsDir)(nil)
	_ renamer = (*tagsDir)(nil)
)

// madeTags are the tags made by mkdir. It is safe for concurrent use.
type madeTags struct {
	mu   sync.Mutex // guards tags
	tags map[string]bool
}

func newMadeTags() *madeTags { return &madeTags{tags: map[string]bool{}} }

func (m *madeTags) has(tag string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tags[tag]
}

func (m *madeTags) set(tag string, there bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if there {
		m.tags[tag] = true
	} else {
		delete(m.tags, tag)
	}
}

func (m *madeTags) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]string, 0, len(m.tags))
	for tag := range m.tags {
		all = append(all, tag)
	}
	return all
}

func openByTag(d *driver, _ subject[server]) directory { return d.tagsDir() }

// tagsDir returns by-tag/.
func (d *driver) tagsDir() *tagsDir { return &tagsDir{d.groups("by-tag/", byTag()), d.tags} }

func byTag() grouping {
	return grouping{
		fixed: []string{noTag},
		keys: byKeys(func(t *rtorrent.Torrent) []string {
			if tags := rtorrent.DecodeTags(t.Custom1); len(tags) > 0 {
				return tags
			}
			return []string{noTag}
		}),
		take: takeTag,
	}
}

// takeTag gives a torrent the tag. From another tag's directory it takes that
// tag's place; @none takes the tag away that it comes from.
func takeTag(d *driver, tag string) func(context.Context, *rtorrent.Torrent, *linkDir) error {
	return func(ctx context.Context, t *rtorrent.Torrent, from *linkDir) error {
		old := ""
		if from != nil && from.take != nil && from.group != noTag && strings.HasPrefix(from.path, "by-tag/") {
			old = from.group
		}
		if tag == noTag && old == "" {
			return fmt.Errorf("%w: move it out of a tag's directory to take that tag away", errPerm)
		}
		return d.retag(ctx, t, old, tag)
	}
}

// retag puts tag in the place of old; an old of "" adds it, a tag of @none
// takes old away.
func (d *driver) retag(ctx context.Context, t *rtorrent.Torrent, old, tag string) error {
	return changeTags(t.Hash, func(before []string) []string {
		var after []string
		for _, have := range before {
			if have == old {
				have = tag
			}
			if have != noTag && !slices.Contains(after, have) {
				after = append(after, have)
			}
		}
		if tag != noTag && !slices.Contains(after, tag) {
			after = append(after, tag)
		}
		return after
	})(ctx, d)
}

func (g *tagsDir) list(ctx context.Context) ([]entry, error) {
	tags, err := g.all(ctx)
	if err != nil {
		return nil, err
	}
	entries := []entry{g.entry(noTag)}
	for _, tag := range tags {
		entries = append(entries, g.entry(tag))
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, nil
}

// all returns all tags, those that torrents have and those that were made,
// sorted.
func (g *tagsDir) all(ctx context.Context) ([]string, error) {
	index, err := g.now(ctx)
	if err != nil {
		return nil, err
	}
	tags := g.made.all()
	for _, name := range index.names {
		if name != noTag {
			tags = append(tags, name)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags), nil
}

// used reports whether a torrent has the tag.
func (g *tagsDir) used(ctx context.Context, tag string) (bool, error) {
	index, err := g.now(ctx)
	if err != nil {
		return false, err
	}
	return tag != noTag && len(index.members[tag]) > 0, nil
}

// has reports whether there is the tag.
func (g *tagsDir) has(ctx context.Context, tag string) (bool, error) {
	if g.made.has(tag) {
		return true, nil
	}
	return g.used(ctx, tag)
}

func (g *tagsDir) find(ctx context.Context, name string) (entry, error) {
	if tag := unescapeName(name); groupName(tag) == name && g.made.has(tag) {
		return g.entry(tag), nil
	}
	return g.groupDir.find(ctx, name)
}

// newTag returns the tag that the name of a new directory stands for.
func newTag(name string) (string, error) {
	tag := unescapeName(name)
	if tag == "" || tag == noTag || groupName(tag) != name || strings.TrimSpace(tag) != tag || strings.ContainsAny(tag, "\n\x00") {
		return "", invalid("tag %q: a tag is one line without spaces around it; a literal %% is written %%25", name)
	}
	return tag, nil
}

// mkdir makes a tag.
func (g *tagsDir) mkdir(ctx context.Context, name string) (entry, error) {
	tag, err := newTag(name)
	if err != nil {
		return entry{}, err
	}
	if _, err := g.find(ctx, name); err == nil {
		return entry{}, errExists
	}
	g.made.set(tag, true)
	return g.entry(tag), nil
}

// remove takes rmdir of a tag that only we hold: one without torrents.
func (g *tagsDir) remove(ctx context.Context, name string, dir bool) error {
	tag := unescapeName(name)
	if !dir || !g.made.has(tag) {
		return fmt.Errorf("%w: the torrents have this tag", errPerm)
	}
	used, err := g.used(ctx, tag)
	if err != nil {
		return err
	}
	if used {
		return fmt.Errorf("%w: the torrents have this tag", errNotEmpty)
	}
	g.made.set(tag, false)
	return nil
}

// rename renames a tag in all torrents that have it.
func (g *tagsDir) rename(ctx context.Context, name, newName string, _ bool) error {
	old := unescapeName(name)
	tag, err := newTag(newName)
	if err != nil {
		return fmt.Errorf("%w: %v", errPerm, err) // mv(1) takes EINVAL for a move into itself
	}
	if old == noTag {
		return fmt.Errorf("%w: %s is no tag", errPerm, noTag)
	}
	index, err := g.now(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, t := range index.members[old] {
		err := g.d.retag(ctx, t, old, tag)
		g.d.record(ctx, g.path+name+"/"+fileName(t.Name), old, tag, err)
		failed = cmp.Or(failed, err)
		if ctx.Err() != nil {
			break
		}
	}
	if failed != nil { // those that have the new one keep it
		return failed
	}
	if g.made.has(old) {
		g.made.set(old, false)
		g.made.set(tag, true)
	}
	return nil
}
