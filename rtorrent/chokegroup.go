package rtorrent

import (
	"context"
	"fmt"
	"strconv"
	"sync"
)

// A ChokeGroup is a group of torrents that share slots for unchoked peers.
// rTorrent forgets all but the first, default, when it ends.
type ChokeGroup struct {
	Name           string
	Index          int64
	UpMax          int64  `rt:"choke_group.up.max"` // unchoked peers, -1 no limit
	DownMax        int64  `rt:"choke_group.down.max"`
	UpHeuristics   string `rt:"choke_group.up.heuristics"`
	DownHeuristics string `rt:"choke_group.down.heuristics"`
	TrackerMode    string `rt:"choke_group.tracker.mode"`
	UpRate         int64  `rt:"choke_group.up.rate"` // bytes/s
	DownRate       int64  `rt:"choke_group.down.rate"`
	UpUnchoked     int64  `rt:"choke_group.up.unchoked"` // peers
	DownUnchoked   int64  `rt:"choke_group.down.unchoked"`
	UpQueued       int64  `rt:"choke_group.up.queued"` // peers that wait for a slot
	DownQueued     int64  `rt:"choke_group.down.queued"`
}

// UpHeuristics are the words for how uploads are unchoked.
func UpHeuristics() []string {
	return []string{"upload_leech", "upload_leech_experimental", "upload_seed"}
}

// DownHeuristics are the words for how downloads are unchoked.
func DownHeuristics() []string { return []string{"download_leech"} }

// TrackerModes are the words for how eagerly trackers are asked.
func TrackerModes() []string { return []string{"normal", "aggressive"} }

// ChokeGroups asks for all choke groups, in the order of their index.
func (c *Client) ChokeGroups(ctx context.Context) ([]*ChokeGroup, error) {
	caps, err := c.Caps(ctx)
	if err != nil {
		return nil, err
	}
	names, err := c.groups.load(ctx, c)
	if err != nil {
		return nil, err
	}
	targets := make([][]any, len(names))
	for i := range names {
		targets[i] = []any{"", i}
	}
	groups, err := askTargets(ctx, c, c.chokeGroups.query(caps.Has), targets)
	if err != nil {
		return nil, fmt.Errorf("choke groups: %w", err)
	}
	for i, g := range groups {
		g.Name, g.Index = names[i], int64(i)
	}
	return groups, nil
}

// groupNames keeps the names of the choke groups by their index, since 0.9.8
// tells a torrent's group by that alone. Groups are only ever added. It is
// safe for concurrent use.
type groupNames struct {
	mu    sync.Mutex // guards names
	names []string
}

// defaultGroup is the name of the group that is always there, at index 0.
const defaultGroup = "default"

func newGroupNames() *groupNames { return &groupNames{names: []string{defaultGroup}} }

func (g *groupNames) forget() { g.set([]string{defaultGroup}) }

func (g *groupNames) set(names []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.names = names
}

func (g *groupNames) all() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.names
}

// load asks for the names.
func (g *groupNames) load(ctx context.Context, c *Client) ([]string, error) {
	var names []string
	if err := c.Call(ctx, &names, "choke_group.list"); err != nil {
		return nil, err
	}
	g.set(names)
	return names, nil
}

// nameGroups puts the names of their choke groups into rows. A row that has
// it stays the same row; others are replaced by a copy, since they may be
// published.
func (c *Client) nameGroups(ctx context.Context, rows ...*Torrent) []*Torrent {
	names := c.groups.all()
	for _, t := range rows {
		if t.Group < int64(len(names)) {
			continue
		}
		loaded, err := c.groups.load(ctx, c)
		if err != nil {
			c.log.Warn("names of the choke groups", "error", err)
			break
		}
		names = loaded
		break
	}
	for i, t := range rows {
		name := strconv.FormatInt(t.Group, 10)
		if t.Group >= 0 && t.Group < int64(len(names)) {
			name = names[t.Group]
		}
		if t.ChokeGroup != name {
			right := *t
			right.ChokeGroup = name
			rows[i] = &right
		}
	}
	return rows
}
