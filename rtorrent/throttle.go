package rtorrent

import (
	"context"
	"fmt"
)

// A Throttle is a limit with a name, for the torrents that are given it.
// rTorrent forgets it when it ends, and has no list of their names.
type Throttle struct {
	Name string
	// UpLimit is in bytes/s: -1 where the throttle is not defined for uploads,
	// 0 for no limit. rTorrent also answers 0 as long as there is no limit for
	// all torrents, since the throttles have no effect then.
	UpLimit   int64 `rt:"throttle.up.max"`
	DownLimit int64 `rt:"throttle.down.max"`
	UpRate    int64 `rt:"throttle.up.rate"` // bytes/s
	DownRate  int64 `rt:"throttle.down.rate"`
}

// NoThrottle is the throttle of torrents for which also the limit for all does
// not hold.
const NoThrottle = "NULL"

// Defined reports whether rTorrent knows the throttle, and not only its name.
func (t *Throttle) Defined() bool { return t.UpLimit >= 0 || t.DownLimit >= 0 }

// Throttles asks for the throttles of the given names, in their order.
func (c *Client) Throttles(ctx context.Context, names []string) ([]*Throttle, error) {
	if len(names) == 0 {
		return nil, nil
	}
	caps, err := c.Caps(ctx)
	if err != nil {
		return nil, err
	}
	targets := make([][]any, len(names))
	for i, name := range names {
		targets[i] = []any{"", name}
	}
	throttles, err := askTargets(ctx, c, c.throttles.query(caps.Has), targets)
	if err != nil {
		return nil, fmt.Errorf("throttles: %w", err)
	}
	for i, t := range throttles {
		t.Name = names[i]
	}
	return throttles, nil
}
