package cache

import (
	"context"
	"errors"
	"sync"
	"time"

	"rtfs/rtorrent"
)

// checkingWait is how long a write waits for the end of a hash check that it
// must not meet (rtorrent.ErrChecking), and checkingPoll how often it looks.
const (
	checkingWait = 5 * time.Second
	checkingPoll = 100 * time.Millisecond
)

// Apply carries out the commands on one torrent and puts what they can change of
// its row into the Snapshot before it returns; without commands it is the whole
// row. The row is nil if the torrent is gone. Writes to one torrent happen in the
// order in which they were let in.
func (c *Cache) Apply(ctx context.Context, h rtorrent.Hash, commands ...rtorrent.Command) (*rtorrent.Torrent, error) {
	leave, err := c.enter(ctx, h)
	if err != nil {
		return nil, err
	}
	defer leave()
	return c.apply(ctx, h, commands)
}

// enter waits for the torrent's writes that came before, no longer than one
// call may take.
func (c *Cache) enter(ctx context.Context, h rtorrent.Hash) (leave func(), err error) {
	bounded, cancel := context.WithTimeout(ctx, c.client.Timeout())
	defer cancel()
	return c.writes.enter(bounded, h)
}

func (c *Cache) apply(ctx context.Context, h rtorrent.Hash, commands []rtorrent.Command) (*rtorrent.Torrent, error) {
	var known *rtorrent.Torrent
	if len(commands) > 0 {
		known = c.known(h)
	}
	_, row, err := c.applySeeing(ctx, h, known, 0, commands)
	return row, err
}

// applySeeing is apply for commands that were decided by some columns of a
// known row, and tells what these were right before them: see
// rtorrent.Client.DoSeeing. Commands that were decided on something else do
// not wait for the end of a check.
func (c *Cache) applySeeing(ctx context.Context, h rtorrent.Hash, known *rtorrent.Torrent, columns rtorrent.Columns, commands []rtorrent.Command) (seen, row *rtorrent.Torrent, err error) {
	seen, p, err := c.do(ctx, h, known, columns, commands)
	if errors.Is(err, rtorrent.ErrChecking) && seen == known {
		p, err = c.applyAfterCheck(ctx, h, known, columns, commands, err)
	}
	switch {
	case p.row != nil || err == nil || isGone(err):
		row = c.patch(h, p)
	case len(commands) == 0:
	case errors.Is(err, rtorrent.ErrInterrupted), errors.Is(err, rtorrent.ErrUnknown):
		c.Drop() // it may have happened
	}
	if len(commands) > 0 {
		for _, values := range c.onDemand {
			values.drop(h)
		}
	}
	return seen, row, err
}

func (c *Cache) applyAfterCheck(ctx context.Context, h rtorrent.Hash, known *rtorrent.Torrent, columns rtorrent.Columns, commands []rtorrent.Command, busy error) (patch, error) {
	deadline := time.NewTimer(checkingWait)
	defer deadline.Stop()
	tick := time.NewTicker(checkingPoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return patch{}, ctx.Err()
		case <-deadline.C:
			return patch{}, busy
		case <-tick.C:
		}
		_, p, err := c.do(ctx, h, known, columns, commands)
		if !errors.Is(err, rtorrent.ErrChecking) {
			return p, err
		}
	}
}

// A patch is what a write has shown of one torrent: some columns of its row, or
// that it is gone, which is a nil row.
type patch struct {
	row     *rtorrent.Torrent
	columns rtorrent.Columns
}

// Patch puts a row into the Snapshot, new if it was not there; nil removes it.
func (c *Cache) Patch(h rtorrent.Hash, row *rtorrent.Torrent) {
	c.patch(h, patch{row, rtorrent.AllColumns})
}

// patch puts what a write has shown into the Snapshot, and returns the row with
// all else that is known of it by now.
func (c *Cache) patch(h rtorrent.Hash, p patch) *rtorrent.Torrent {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight != nil {
		c.flight.patches[h] = c.joined(c.flight.patches[h], p)
	}
	c.noteLook(h, p)
	if c.current != nil {
		c.current = c.patched(c.current, h, p)
		c.signal()
	}
	if now := c.current.row(h); now != nil && p.row != nil {
		return c.client.Merge(now, p.row, p.columns)
	}
	return p.row
}

// joined is two patches of one torrent, the later one second.
func (c *Cache) joined(first, second patch) patch {
	if first.row == nil || second.row == nil || second.columns == rtorrent.AllColumns {
		return second
	}
	return patch{c.client.Merge(first.row, second.row, second.columns), first.columns | second.columns}
}

// patched returns a Snapshot with a patch. Some columns alone make no row.
func (c *Cache) patched(s *Snapshot, h rtorrent.Hash, p patch) *Snapshot {
	if p.row == nil || p.columns == rtorrent.AllColumns {
		return s.with(h, p.row)
	}
	if now := s.row(h); now != nil {
		return s.with(h, c.client.Merge(now, p.row, p.columns))
	}
	return s
}

func isGone(err error) bool { return errors.Is(err, rtorrent.ErrNotFound) }

// A writeOrder lets the writes to one torrent in one at a time, so that their
// rows reach the Snapshot in the order of the writes. It is safe for concurrent
// use.
type writeOrder struct {
	mu    sync.Mutex // guards the fields below; never held while waiting
	turns map[rtorrent.Hash]*turn
	last  time.Time // when one was let in or asked to
}

// A turn is what the writes to one torrent wait for.
type turn struct {
	token chan struct{} // in it while a write is under way
	users int           // writes that are under way or wait
}

func newWriteOrder() *writeOrder { return &writeOrder{turns: map[rtorrent.Hash]*turn{}} }

func (w *writeOrder) enter(ctx context.Context, h rtorrent.Hash) (leave func(), err error) {
	w.mu.Lock()
	w.last = time.Now()
	t := w.turns[h]
	if t == nil {
		t = &turn{token: make(chan struct{}, 1)}
		w.turns[h] = t
	}
	t.users++
	w.mu.Unlock()
	done := func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(w.turns, h)
		}
	}
	select {
	case t.token <- struct{}{}:
		return func() { <-t.token; done() }, nil
	case <-ctx.Done():
		done()
		return nil, ctx.Err()
	}
}

// lately reports whether somebody writes: another write is to be expected.
func (w *writeOrder) lately(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.turns) > 0 || !w.last.IsZero() && now.Sub(w.last) < 2*time.Second
}
