package cache

import (
	"context"
	"fmt"
	"time"

	"rtfs/rtorrent"
)

type loaded struct {
	snapshot *Snapshot
	pid      int64
}

// aloneAtMost is how many new torrents are asked by themselves; more make one
// table of all columns cheaper (a value by hash costs a linear search).
const aloneAtMost = 20

// load asks rTorrent for what has become too old in the snapshot of before.
func (c *Cache) load(ctx context.Context, old *Snapshot, pid int64, contact time.Time) (loaded, error) {
	began := time.Now()
	slow := old == nil || began.Sub(old.SlowTaken) >= c.opts.Slow
	r := loaded{pid: pid}
	if slow || began.Sub(contact) > 2*c.opts.TTL {
		if err := c.client.Call(ctx, &r.pid, "system.pid"); err != nil {
			return r, err
		}
	}
	restarted := r.pid != pid
	if restarted && pid != 0 {
		c.opts.Log.Info("rTorrent was restarted", "pid", r.pid)
		c.client.Forget()
	}
	speeds := []rtorrent.Speed{rtorrent.Tick}
	switch {
	case old == nil || restarted:
		speeds = []rtorrent.Speed{rtorrent.Static, rtorrent.Tick, rtorrent.Slow}
		slow = true
	case slow:
		speeds = []rtorrent.Speed{rtorrent.Tick, rtorrent.Slow}
	}
	rows, err := c.client.Torrents(ctx, old.rowOf, speeds...)
	if err != nil {
		return r, err
	}
	if len(rows) == 0 && (old == nil || len(old.Torrents) > 0) {
		// 0.16 answers one empty list while it still loads its session; the
		// call after that waits until it has.
		if rows, err = c.client.Torrents(ctx, old.rowOf, speeds...); err != nil {
			return r, err
		}
	}
	if speeds[0] != rtorrent.Static {
		if rows, err = c.complete(ctx, old, rows); err != nil {
			return r, err
		}
	}
	slowTaken := began
	if !slow {
		slowTaken = old.SlowTaken
	}
	r.snapshot = newSnapshot(began, slowTaken, rows)
	return r, nil
}

// complete fetches whole rows for the torrents that old lacks, and for
// magnets whose metadata has arrived: only some of their columns were asked.
func (c *Cache) complete(ctx context.Context, old *Snapshot, rows []*rtorrent.Torrent) ([]*rtorrent.Torrent, error) {
	var partial []int
	for i, t := range rows {
		before := old.row(t.Hash)
		if before == nil || before.IsMeta != t.IsMeta {
			partial = append(partial, i)
		}
	}
	if len(partial) > aloneAtMost {
		return c.client.Torrents(ctx, old.rowOf, rtorrent.Static, rtorrent.Tick, rtorrent.Slow)
	}
	gone := 0
	for _, i := range partial {
		t, err := c.client.Torrent(ctx, rows[i].Hash)
		switch {
		case isGone(err):
			rows[i] = nil
			gone++
		case err != nil:
			return nil, fmt.Errorf("new torrent %s: %w", rows[i].Hash, err)
		default:
			rows[i] = t
		}
	}
	if gone == 0 {
		return rows, nil
	}
	kept := rows[:0]
	for _, t := range rows {
		if t != nil {
			kept = append(kept, t)
		}
	}
	return kept, nil
}
