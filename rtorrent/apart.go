package rtorrent

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// libtorrent 0.14 to 0.16.18 ends rTorrent when a request to a tracker is given
// up before the thread that makes it has taken it over ("CurlGet::prepare_start(...)
// called on an object that was not started"): what gives it up resets it, and
// the call that is on its way to the thread finds it so. That takes it two things
// in a row that the trackers are told. A pause with a resume behind it in the same
// request ended one in 10 to 50 times, an erase of a torrent that had just been
// started one in 400.
const (
	// apartGap is how long after one the next may be: the thread wakes within
	// a millisecond, on a machine that does much else within some more.
	apartGap = 100 * time.Millisecond
	// apartSettle is how long an erase waits at least behind its stop, for what
	// rTorrent tells by itself at the end of a check.
	apartSettle = 10 * time.Millisecond
	apartPoll   = 2 * time.Millisecond
)

// givesUpUntaken tells the libtorrent that has to get what the trackers are
// told one by one.
func (c *Caps) givesUpUntaken() bool {
	var major, minor, patch int
	if _, err := fmt.Sscanf(c.Library, "%d.%d.%d", &major, &minor, &patch); err != nil {
		return false
	}
	return major == 0 && (minor == 14 || minor == 15 || minor == 16 && patch < 19)
}

// apart divides the commands on a torrent into those of one request each, which
// tell its trackers no more than one thing.
func (c *Caps) apart(commands []Command) [][]Command {
	if !c.givesUpUntaken() {
		return [][]Command{commands}
	}
	var parts [][]Command
	var part []Command
	told := ""
	for _, cmd := range commands {
		event := trackerEvents[cmd.method]
		if slices.Contains(cmd.unless, "d.is_active") {
			event = "" // it is left out where there is something to tell
		}
		if event != "" && told != "" && event != told {
			parts, part = append(parts, part), nil
		}
		if event != "" {
			told = event
		}
		part = append(part, cmd)
	}
	return append(parts, part)
}

// doApart is DoSeeing of commands that were divided. Once the first have
// happened the others are sent whatever the caller does: a torrent must not
// stay paused because its throttle was set.
func (c *Client) doApart(ctx context.Context, caps *Caps, h Hash, known *Torrent, columns Columns, parts [][]Command) (seen, row *Torrent, err error) {
	seen, row, err = c.doSeeing(ctx, caps, h, known, columns, parts[0])
	for _, part := range parts[1:] {
		if row == nil {
			return seen, nil, err // it is gone, or rTorrent is
		}
		var refusal error
		if known != nil {
			known = row
		}
		if _, row, refusal = c.doSeeing(context.WithoutCancel(ctx), caps, h, known, 0, part); err == nil {
			err = Afterwards(refusal)
		}
	}
	return seen, row, err
}

// quieten makes a torrent one that can be erased: a running one is stopped,
// which an erase would do itself, and its trackers are being told so.
func (c *Client) quieten(ctx context.Context, caps *Caps, h Hash) error {
	if !caps.givesUpUntaken() {
		return nil
	}
	rows, err := c.Rows(ctx, []*Torrent{{Hash: h}}, c.Columns("d.state d.is_active d.hashing"))
	switch {
	case err != nil:
		return err
	case rows[0] == nil:
		return fmt.Errorf("torrent %s: %w", h, ErrNotFound)
	case !rows[0].State && !rows[0].IsActive && rows[0].Hashing == 0:
		return nil
	}
	stop := Stop(h)
	if err := c.pacer.space(ctx, h, []call{stop.call}); err != nil {
		return err
	}
	if err := c.CallWrite(ctx, nil, stop.method, stop.args...); err != nil {
		return err
	}
	defer c.pacer.forget(h)
	deadline := time.After(apartGap)
	for wait := apartSettle; ; wait = apartPoll {
		select {
		case <-deadline:
			return nil
		case <-time.After(wait):
		}
		trackers, err := c.Trackers(context.WithoutCancel(ctx), h)
		if err != nil || !slices.ContainsFunc(trackers, (*Tracker).untold) {
			return err
		}
	}
}

// untold reports whether a tracker of a stopped torrent is yet to be told: one
// that never answered is not.
func (t *Tracker) untold() bool {
	return t.IsEnabled && t.Successes > 0 && t.Event != eventStopped
}
