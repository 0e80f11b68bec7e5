package cache

import (
	"context"
	"errors"
	"hash/maphash"
	"time"

	"rtfs/rtorrent"
)

// checkingWait is how long a write waits for the end of a hash check that it
// must not meet (rtorrent.ErrChecking), and checkingPoll how often it looks.
const (
	checkingWait = 5 * time.Second
	checkingPoll = 100 * time.Millisecond
)

// Apply carries out the commands on one torrent and puts its new row into the
// Snapshot before it returns. The row is nil if the torrent is gone. Writes to
// one torrent happen in the order in which they were let in.
func (c *Cache) Apply(ctx context.Context, h rtorrent.Hash, commands ...rtorrent.Command) (*rtorrent.Torrent, error) {
	leave, err := c.writes.enter(ctx, h)
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := c.client.Pace(ctx, h, commands...); err != nil {
		return nil, err
	}
	row, err := c.client.Do(ctx, h, commands...)
	if errors.Is(err, rtorrent.ErrChecking) {
		row, err = c.applyAfterCheck(ctx, h, commands, err)
	}
	switch {
	case row != nil || err == nil || isGone(err):
		c.Patch(h, row)
	case errors.Is(err, rtorrent.ErrInterrupted), errors.Is(err, rtorrent.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		c.Drop() // it may have happened
	}
	for _, values := range c.onDemand {
		values.drop(h)
	}
	return row, err
}

func (c *Cache) applyAfterCheck(ctx context.Context, h rtorrent.Hash, commands []rtorrent.Command, busy error) (*rtorrent.Torrent, error) {
	deadline := time.NewTimer(checkingWait)
	defer deadline.Stop()
	tick := time.NewTicker(checkingPoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline.C:
			return nil, busy
		case <-tick.C:
		}
		row, err := c.client.Do(ctx, h, commands...)
		if !errors.Is(err, rtorrent.ErrChecking) {
			return row, err
		}
	}
}

// Refresh fetches one torrent's row anew and puts it into the Snapshot.
func (c *Cache) Refresh(ctx context.Context, h rtorrent.Hash) (*rtorrent.Torrent, error) {
	return c.Apply(ctx, h)
}

// Patch puts a row into the Snapshot, new if it was not there; nil removes it.
func (c *Cache) Patch(h rtorrent.Hash, row *rtorrent.Torrent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight != nil {
		c.flight.patches[h] = row
	}
	if c.current != nil {
		c.current = c.current.with(h, row)
		c.signal()
	}
}

func isGone(err error) bool { return errors.Is(err, rtorrent.ErrNotFound) }

// A writeOrder lets the writes to one torrent in one at a time, so that their
// rows reach the Snapshot in the order of the writes. Torrents share the
// stripes by their hash. Its zero value is not usable.
type writeOrder struct {
	seed    maphash.Seed
	stripes [64]chan struct{} // a token while a write is in
}

func newWriteOrder() writeOrder {
	w := writeOrder{seed: maphash.MakeSeed()}
	for i := range w.stripes {
		w.stripes[i] = make(chan struct{}, 1)
	}
	return w
}

func (w *writeOrder) enter(ctx context.Context, h rtorrent.Hash) (leave func(), err error) {
	stripe := w.stripes[maphash.String(w.seed, string(h))%uint64(len(w.stripes))]
	select {
	case stripe <- struct{}{}:
		return func() { <-stripe }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
