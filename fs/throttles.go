package fs

import (
	"context"
	"fmt"
	"slices"

	"rtfs/rtorrent"
)

// A throttle is one named throttle.
type throttle struct {
	*rtorrent.Throttle
	server *rtorrent.Server
	made   madeThrottle
}

// throttleNodes is the table of a throttle's directory.
func throttleNodes() []Node[throttle] {
	type T = throttle
	return []Node[T]{
		writable(integer("up_limit", "upload limit of the torrents that have it together, in bytes/s, 0 for none; in force while rtorrent/up_limit is not 0", "throttle.up throttle.up.max", throttleUpLimit),
			setter[T]{plan: setThrottleLimit(throttleUp)}),
		writable(integer("down_limit", "the same for download", "throttle.down throttle.down.max", throttleDownLimit),
			setter[T]{plan: setThrottleLimit(throttleDown)}),
		integer("up_rate", "upload rate, in bytes/s; 0 while it is not in force", "throttle.up.rate", func(t *T) int64 { return t.UpRate }),
		integer("down_rate", "download rate, in bytes/s", "throttle.down.rate", func(t *T) int64 { return t.DownRate }),
	}
}

// throttleUpLimit is the limit that rTorrent has. It tells that only while
// there is a limit for all torrents; at other times it is what was written.
func throttleUpLimit(t *throttle) int64 {
	if t.UpLimit <= 0 && t.server.UpLimit == 0 {
		return t.made.Up
	}
	return max(t.UpLimit, 0)
}

func throttleDownLimit(t *throttle) int64 {
	if t.DownLimit <= 0 && t.server.DownLimit == 0 {
		return t.made.Down
	}
	return max(t.DownLimit, 0)
}

// A throttleSide is one of the two directions of a throttle.
type throttleSide struct {
	limit   func(*throttle) int64
	defined func(*throttle) bool
	command func(name string, bytes int64) rtorrent.ServerCommand
	keep    func(*madeThrottle, int64)
}

var (
	throttleUp = throttleSide{
		throttleUpLimit, func(t *throttle) bool { return t.UpLimit >= 0 },
		rtorrent.SetThrottleUpLimit, func(m *madeThrottle, n int64) { m.Up = n },
	}
	throttleDown = throttleSide{
		throttleDownLimit, func(t *throttle) bool { return t.DownLimit >= 0 },
		rtorrent.SetThrottleDownLimit, func(m *madeThrottle, n int64) { m.Down = n },
	}
)

// setThrottleLimit returns the plan of a write to a throttle's limit.
func setThrottleLimit(side throttleSide) func(*throttle, string, bool) (action, error) {
	return func(t *throttle, value string, _ bool) (action, error) {
		n, err := parseLimit(value, t.server.ThrottleMax)
		if err != nil {
			return nil, err
		}
		n = n / 1024 * 1024
		return func(ctx context.Context, d *driver) error {
			if err := d.cache.ApplyServer(ctx, side.command(t.Name, n)); err != nil {
				return err
			}
			d.keepThrottle(t.Name, func(m *madeThrottle) { side.keep(m, n) })
			if side.defined(t) || n == 0 {
				return nil
			}
			return d.attachThrottle(ctx, t.Name)
		}, nil
	}
}

// attachThrottle makes a throttle that has just been defined take hold of the
// torrents that have its name: rTorrent looks for it when the name is set.
func (d *driver) attachThrottle(ctx context.Context, name string) error {
	s, err := d.cache.Want(ctx, d.columns("d.throttle_name"))
	if err != nil {
		return err
	}
	var failed error
	other := func(now *rtorrent.Torrent) bool { return now.ThrottleName != name } // by now
	for _, t := range s.Torrents {
		if t.ThrottleName != name {
			continue
		}
		if err := d.whileInactive(ctx, t, "d.throttle_name", other, rtorrent.SetThrottle(t.Hash, name)); err != nil && failed == nil {
			failed = fmt.Errorf("throttle %q of %s: %w", name, t.Hash, err)
		}
	}
	return failed
}

// throttleNames returns the throttles that are known: those that torrents have
// and those made here, sorted.
func (d *driver) throttleNames(ctx context.Context) ([]string, error) {
	s, err := d.cache.Want(ctx, d.columns("d.throttle_name"))
	if err != nil {
		return nil, err
	}
	names := d.throttles.names()
	for _, t := range s.Torrents {
		if t.ThrottleName != "" && t.ThrottleName != rtorrent.NoThrottle {
			names = append(names, t.ThrottleName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// knowsThrottle reports whether a throttle is known, to us or to rTorrent,
// which tells of none but those it is asked for.
func (d *driver) knowsThrottle(ctx context.Context, name string) (bool, error) {
	names, err := d.throttleNames(ctx)
	if err != nil || slices.Contains(names, name) {
		return err == nil, err
	}
	asked, err := d.cache.Throttles(ctx, name)
	if err != nil {
		return false, err
	}
	return asked[0].Defined(), nil
}

// findThrottle returns one throttle.
func (d *driver) findThrottle(ctx context.Context, name string) (*throttle, error) {
	names, err := d.throttleNames(ctx)
	if err != nil {
		return nil, err
	}
	at, known := slices.BinarySearch(names, name)
	if !known {
		names, at = []string{name}, 0
	}
	asked, err := d.cache.Throttles(ctx, names...)
	if err != nil {
		return nil, err
	}
	if !known && !asked[at].Defined() {
		return nil, fmt.Errorf("throttle %q: %w", name, errNoEntry)
	}
	server, err := d.cache.Server(ctx)
	if err != nil {
		return nil, err
	}
	return &throttle{asked[at], server, d.throttles.get(name)}, nil
}

// A throttlesDir is throttles/. A throttle that rTorrent has from its
// rtorrent.rc is found, and listed once a torrent has it.
type throttlesDir struct {
	d    *driver
	path string
}

var (
	_ maker   = (*throttlesDir)(nil)
	_ remover = (*throttlesDir)(nil)
)

func openThrottles(d *driver, s subject[rtorrent.Server]) directory { return &throttlesDir{d, s.path} }

func throttleReference(prefix string) []Line {
	return Dir[throttle]{Name: "<throttle>", Doc: "one throttle", Nodes: throttleNodes()}.reference(prefix)
}

func (t *throttlesDir) list(ctx context.Context) ([]entry, error) {
	names, err := t.d.throttleNames(ctx)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(names))
	for i, name := range names {
		entries[i] = t.entry(name)
	}
	return entries, nil
}

func (t *throttlesDir) find(ctx context.Context, name string) (entry, error) {
	names, err := t.d.throttleNames(ctx)
	if err != nil {
		return entry{}, err
	}
	for _, known := range names {
		if fileName(known) == name {
			return t.entry(known), nil
		}
	}
	throttle, err := plainName(name)
	if err != nil || throttle == "" || throttle == rtorrent.NoThrottle {
		return entry{}, errNoEntry
	}
	if known, err := t.d.knowsThrottle(ctx, throttle); err != nil || !known {
		return entry{}, errNoEntry
	}
	return t.entry(throttle), nil
}

func (t *throttlesDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, t.d.started, nil
}

// mkdir makes a throttle. rTorrent hears of it when it has a limit.
func (t *throttlesDir) mkdir(ctx context.Context, name string) (entry, error) {
	if _, err := t.find(ctx, name); err == nil {
		return entry{}, errExists
	}
	throttle, err := plainName(name)
	if err != nil {
		return entry{}, err
	}
	if throttle == "" || throttle == rtorrent.NoThrottle {
		return entry{}, invalid("throttle %q: rTorrent has a meaning of its own for it", throttle)
	}
	t.d.keepThrottle(throttle, func(*madeThrottle) {})
	t.d.record(ctx, t.path+name, "", "made", nil)
	return t.entry(throttle), nil
}

// remove takes rmdir of a throttle that is only a name: one that was made here,
// without a limit yet, and that no torrent has.
func (t *throttlesDir) remove(ctx context.Context, name string, dir bool) error {
	throttle := unescapeName(name)
	asked, err := t.d.cache.Throttles(ctx, throttle)
	if err != nil {
		return err
	}
	s, err := t.d.cache.Snapshot(ctx)
	if err != nil {
		return err
	}
	switch {
	case !dir || asked[0].Defined():
		return fmt.Errorf("%w: rTorrent has the throttle until it ends", errPerm)
	case slices.ContainsFunc(s.Torrents, func(of *rtorrent.Torrent) bool { return of.ThrottleName == throttle }):
		return fmt.Errorf("%w: torrents have this throttle", errNotEmpty)
	case !t.d.throttles.forget(throttle):
		return fmt.Errorf("%w: it was not made here, or has a limit", errPerm)
	}
	return nil
}

func (t *throttlesDir) entry(name string) entry {
	path := t.path + fileName(name) + "/"
	s := subject[throttle]{path: path, ino: t.d.inos.named(path)}
	s.find = func(ctx context.Context) (*throttle, error) { return t.d.findThrottle(ctx, name) }
	return t.d.dirEntry(fileName(name), path, s.ino, t.d.opts.TTL, newTableDir(t.d, s, throttleNodes()))
}
