package fs

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"rtfs/rtorrent"
)

// A chokeGroup is one choke group and how many torrents are in it, which
// rTorrent itself always takes for 0.
type chokeGroup struct {
	*rtorrent.ChokeGroup
	size int64
}

// chokeGroupNodes is the table of a choke group's directory.
func chokeGroupNodes() []Node[chokeGroup] {
	type T = chokeGroup
	return []Node[T]{
		integer("index", "its place among the groups", "choke_group.list", func(t *T) int64 { return t.Index }),
		integer("size", "how many torrents are in it", "d.group", func(t *T) int64 { return t.size }),
		writable(integer("up_max", "peers unchoked for upload at most, 0 for no limit, -1 for none at all", "choke_group.up.max", upMax),
			setter[T]{plan: setMax(rtorrent.SetChokeGroupUpMax)}),
		writable(integer("down_max", "the same for download", "choke_group.down.max", downMax),
			setter[T]{plan: setMax(rtorrent.SetChokeGroupDownMax)}),
		writable(text("up_heuristics", "by what peers are unchoked for upload: upload_leech, upload_leech_experimental, upload_seed", "choke_group.up.heuristics", func(t *T) string { return t.UpHeuristics }),
			oneOf(rtorrent.UpHeuristics(), rtorrent.SetChokeGroupUpHeuristics)),
		writable(text("down_heuristics", "the same for download: download_leech", "choke_group.down.heuristics", func(t *T) string { return t.DownHeuristics }),
			oneOf(rtorrent.DownHeuristics(), rtorrent.SetChokeGroupDownHeuristics)),
		writable(text("tracker_mode", "how trackers are asked: normal, aggressive", "choke_group.tracker.mode", func(t *T) string { return t.TrackerMode }),
			oneOf(rtorrent.TrackerModes(), rtorrent.SetChokeGroupTrackerMode)),
		integer("up_rate", "upload rate, in bytes/s", "choke_group.up.rate", func(t *T) int64 { return t.UpRate }),
		integer("down_rate", "download rate, in bytes/s", "choke_group.down.rate", func(t *T) int64 { return t.DownRate }),
		integer("up_unchoked", "peers unchoked for upload", "choke_group.up.unchoked", func(t *T) int64 { return t.UpUnchoked }),
		integer("down_unchoked", "peers unchoked for download", "choke_group.down.unchoked", func(t *T) int64 { return t.DownUnchoked }),
		integer("up_queued", "peers that wait for an upload", "choke_group.up.queued", func(t *T) int64 { return t.UpQueued }),
		integer("down_queued", "peers that wait for a download", "choke_group.down.queued", func(t *T) int64 { return t.DownQueued }),
	}
}

// A limit of 0 is none everywhere in the tree; to rTorrent that is -1 here,
// and 0 no peer at all.
func slots(n int64) int64 {
	switch {
	case n < 0:
		return 0
	case n == 0:
		return -1
	}
	return n
}

func upMax(t *chokeGroup) int64   { return slots(t.UpMax) }
func downMax(t *chokeGroup) int64 { return slots(t.DownMax) }

// setMax returns the plan of a write to up_max or down_max.
func setMax(command func(string, int64) rtorrent.ServerCommand) func(*chokeGroup, string, bool) (action, error) {
	return func(t *chokeGroup, value string, _ bool) (action, error) {
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil || n < -1 || n > math.MaxInt32 {
			return nil, invalid("%q, want 0 for no limit, -1 for none at all, or a number up to %d", value, math.MaxInt32)
		}
		if n <= 0 {
			n = -1 - n
		}
		return applyServer(command(t.Name, n)), nil
	}
}

// oneOf takes one of the words.
func oneOf(words []string, command func(group, word string) rtorrent.ServerCommand) setter[chokeGroup] {
	return setter[chokeGroup]{words: words, plan: func(t *chokeGroup, word string, _ bool) (action, error) {
		if !slices.Contains(words, word) {
			return nil, invalid("%q, want one of %v", word, words)
		}
		return applyServer(command(t.Name, word)), nil
	}}
}

// A chokeGroupsDir is choke_groups/.
type chokeGroupsDir struct {
	d    *driver
	path string
}

var _ maker = (*chokeGroupsDir)(nil)

func openChokeGroups(d *driver, s subject[rtorrent.Server]) directory {
	return &chokeGroupsDir{d, s.path}
}

func chokeGroupReference(prefix string) []Line {
	return Dir[chokeGroup]{Name: "<group>", Doc: "one choke group", Nodes: chokeGroupNodes()}.reference(prefix)
}

func (c *chokeGroupsDir) list(ctx context.Context) ([]entry, error) {
	groups, err := c.d.cache.ChokeGroups(ctx)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(groups))
	for i, g := range groups {
		entries[i] = c.entry(g.Name)
	}
	return entries, nil
}

func (c *chokeGroupsDir) find(ctx context.Context, name string) (entry, error) {
	groups, err := c.d.cache.ChokeGroups(ctx)
	if err != nil {
		return entry{}, err
	}
	for _, g := range groups {
		if fileName(g.Name) == name {
			return c.entry(g.Name), nil
		}
	}
	return entry{}, errNoEntry
}

func (c *chokeGroupsDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, c.d.started, nil
}

// mkdir makes a group. rTorrent refuses names that are numbers.
func (c *chokeGroupsDir) mkdir(ctx context.Context, name string) (entry, error) {
	if _, err := c.find(ctx, name); err == nil {
		return entry{}, errExists
	}
	group, err := plainName(name)
	if err != nil {
		return entry{}, err
	}
	err = c.d.cache.ApplyServer(ctx, rtorrent.InsertChokeGroup(group))
	c.d.record(ctx, c.path+name, "", "made", err)
	if err != nil {
		return entry{}, refused(err)
	}
	return c.entry(group), nil
}

func (c *chokeGroupsDir) entry(name string) entry {
	path := c.path + fileName(name) + "/"
	s := subject[chokeGroup]{path: path, ino: c.d.inos.named(path)}
	s.find = func(ctx context.Context) (*chokeGroup, error) {
		groups, err := c.d.cache.ChokeGroups(ctx)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(groups, func(g *rtorrent.ChokeGroup) bool { return g.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("choke group %q: %w", name, errNoEntry)
		}
		snapshot, err := c.d.cache.Want(ctx, c.d.columns("d.group"))
		if err != nil {
			return nil, err
		}
		found := &chokeGroup{ChokeGroup: groups[at]}
		for _, t := range snapshot.Torrents {
			if t.Group == found.Index {
				found.size++
			}
		}
		return found, nil
	}
	return c.d.dirEntry(fileName(name), path, s.ino, c.d.opts.TTL, newTableDir(c.d, s, chokeGroupNodes()))
}

// plainName returns the text of which a name in a directory is made, if
// rTorrent can be given it and gives it back.
func plainName(name string) (string, error) {
	plain := unescapeName(name)
	if fileName(plain) != name {
		return "", invalid("name %q: a literal %% is written %%25", name)
	}
	if strings.Contains(plain, "\n") {
		return "", invalid("name %q: a name is one line", plain)
	}
	if !rtorrent.XMLSafe(plain) {
		return "", errEncoding
	}
	return plain, nil
}

// refused gives a refusal of rTorrent's that has no kind that of a bad value,
// as it has on a write.
func refused(err error) error {
	if errnoOf(err, false) != errnoOf(err, true) {
		return fmt.Errorf("%w: %w", errInvalid, err)
	}
	return err
}
