package rtorrent

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// adoptBound is how long AdoptOrStart waits for an rTorrent that holds the
// session but does not answer: it is starting, or shutting down. 0.16.17 with
// 10,000 torrents closes its socket 31 seconds before its end.
const adoptBound = time.Minute

// AdoptOrStart returns the rTorrent that already runs on the session in o.Dir,
// as a crash of the program that started it leaves it, or starts one as
// StartDaemon does. Of two programs that call it at once, one starts and the
// other adopts.
func AdoptOrStart(ctx context.Context, o DaemonOptions) (*Daemon, error) {
	d, err := newDaemon(o)
	if err != nil {
		return nil, fmt.Errorf("starting rTorrent: %w", err)
	}
	if o.Profile != User {
		return nil, errors.New("adopting rTorrent: a private one has no second user")
	}
	unlock, err := lockDir(ctx, d.o.Dir)
	if err != nil {
		return nil, fmt.Errorf("starting rTorrent: %w", err)
	}
	defer unlock()
	adopted, err := d.adopt(ctx)
	if err != nil {
		return nil, fmt.Errorf("adopting rTorrent: %w", err)
	}
	if adopted {
		return d, nil
	}
	if err := d.start(ctx); err != nil {
		return nil, fmt.Errorf("starting rTorrent: %w", err)
	}
	return d, nil
}

// adopt takes over the rTorrent that holds the session, and reports false if
// there is none. The caller holds the lock of the directory.
func (d *Daemon) adopt(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, adoptBound)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		holder, err := sessionHolder(d.Session())
		if err != nil || holder == 0 {
			return false, err
		}
		pid, peerPort, err := d.ping(ctx)
		if err == nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.pid, d.peerPort = pid, peerPort
			d.o.Log.Info("rTorrent adopted", "pid", pid, "endpoint", d.endpoint)
			return true, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false, fmt.Errorf("process %d holds the session %s but does not answer on %s (%w): stop it, or wait until it has ended",
				holder, d.Session(), d.endpoint, err)
		}
	}
}
