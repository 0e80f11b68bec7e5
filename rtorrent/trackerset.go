package rtorrent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

const (
	// lastGroup is the highest group that d.tracker.insert takes.
	lastGroup = 32
	// enableTries is how often a switch is put right that hit another tracker
	// because the list had changed; once is rare.
	enableTries = 5
)

func insertTracker(h Hash, group int64, url string) call {
	return call{"d.tracker.insert", []any{h, group, url}}
}

func enableTracker(h Hash, index int, on bool) call {
	return call{"t.is_enabled.set", []any{string(h) + ":t" + strconv.Itoa(index), on}}
}

// EnableTracker enables or disables a tracker that Trackers returned. The
// error is ErrNotFound when the torrent has it no more.
func (c *Client) EnableTracker(ctx context.Context, h Hash, t *Tracker, on bool) error {
	list, err := c.Trackers(ctx, h)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, t.same) {
		return fmt.Errorf("tracker of %s: %w", t.Host(), ErrNotFound)
	}
	return c.switchTrackers(ctx, h, list, []trackerSwitch{{t, on}})
}

// AddTracker gives a torrent one more tracker, in the given group or, with -1,
// in a group behind all others. One that it has already is enabled. The error
// is ErrTooLarge when it has as many as rTorrent can bear.
func (c *Client) AddTracker(ctx context.Context, h Hash, group int64, url string) error {
	list, err := c.Trackers(ctx, h)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(list, func(t *Tracker) bool { return t.URL == url }); i >= 0 {
		return c.switchTrackers(ctx, h, list, []trackerSwitch{{list[i], true}})
	}
	if group < 0 {
		for _, t := range list {
			group = max(group, t.Group)
		}
		group = min(group+1, lastGroup)
	}
	_, err = c.insert(ctx, h, group, url, list)
	return err
}

// ReplaceTracker puts a tracker with another URL into the group of t, which
// Trackers returned, disables t, and announces. A tracker that has the URL
// already is enabled instead.
func (c *Client) ReplaceTracker(ctx context.Context, h Hash, t *Tracker, url string) error {
	list, err := c.Trackers(ctx, h)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, t.same) {
		return fmt.Errorf("tracker of %s: %w", t.Host(), ErrNotFound)
	}
	has := func(t *Tracker) bool { return t.URL == url }
	at := slices.IndexFunc(list, has)
	if at < 0 {
		if list, err = c.insert(ctx, h, t.Group, url, list); err != nil {
			return err
		}
		if at = slices.IndexFunc(list, has); at < 0 {
			return fmt.Errorf("%w: d.tracker.insert of %s has no effect", ErrProtocol, TrackerHost(url))
		}
	}
	if err := c.switchTrackers(ctx, h, list, []trackerSwitch{{list[at], true}, {t, false}}); err != nil {
		return Afterwards(err)
	}
	_, err = c.Do(ctx, h, Announce(h))
	if errors.Is(err, ErrTooOften) {
		return nil // it is replaced, and will be asked when its time comes
	}
	return Afterwards(err)
}

// insert gives a torrent one more tracker and returns the list it then has.
func (c *Client) insert(ctx context.Context, h Hash, group int64, url string, list []*Tracker) ([]*Tracker, error) {
	if len(list) >= maxTrackers {
		return nil, fmt.Errorf("%d trackers, of which rTorrent can remove none: %w", len(list), ErrTooLarge)
	}
	return c.trackersAfter(ctx, h, []call{insertTracker(h, group, url)})
}

// A trackerSwitch says what a tracker is to be.
type trackerSwitch struct {
	tracker *Tracker
	on      bool
}

// switchTrackers enables and disables trackers of a list that was just read.
// rTorrent addresses trackers by their place, which may have changed meanwhile:
// so each request reads back the list, and what it did to another tracker is
// undone in the next one.
func (c *Client) switchTrackers(ctx context.Context, h Hash, list []*Tracker, switches []trackerSwitch) error {
	want := func(t *Tracker) bool {
		for _, s := range switches {
			if s.tracker.same(t) {
				return s.on
			}
		}
		if i := slices.IndexFunc(list, t.same); i >= 0 {
			return list[i].IsEnabled
		}
		return t.IsEnabled
	}
	written := map[int]bool{} // places
	now := list
	for try := range enableTries {
		var calls []call
		for _, t := range now {
			targeted := slices.ContainsFunc(switches, func(s trackerSwitch) bool { return s.tracker.same(t) })
			if (targeted || written[t.Index]) && t.IsEnabled != want(t) {
				calls = append(calls, enableTracker(h, t.Index, want(t)))
				written[t.Index] = true
			}
		}
		if len(calls) == 0 {
			return nil
		}
		var err error
		if now, err = c.trackersAfter(ctx, h, calls); err != nil {
			if try > 0 {
				err = Afterwards(err)
			}
			return err
		}
	}
	return fmt.Errorf("trackers of %s: their order changes too often to address one", h)
}
