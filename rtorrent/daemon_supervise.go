package rtorrent

import (
	"context"
	"time"
)

// The waits of Supervise before a restart: the first, and the longest it
// doubles to. A run longer than the longest begins anew with the first.
const (
	firstWait   = time.Second
	longestWait = time.Minute
)

// Supervise restarts rTorrent when it was killed or crashed. It returns when
// ctx ends, or when rTorrent was shut down properly, by Stop or by anybody: that
// was meant. It returns at once for an adopted one, whose end it could not tell
// from a shutdown. End it before Stop, else a crash at that moment is answered
// by a restart.
func (d *Daemon) Supervise(ctx context.Context) {
	wait := firstWait
	for {
		p, started := d.process(), time.Now()
		if p == nil {
			return
		}
		select {
		case <-p.done:
		case <-ctx.Done():
			return
		}
		if p.err == nil {
			d.o.Log.Info("rTorrent was shut down", "pid", p.pid())
			return
		}
		if time.Since(started) > longestWait {
			wait = firstWait
		}
		d.o.Log.Warn("rTorrent ended: restarting it", "pid", p.pid(), "outcome", p.outcome(), "wait", wait, "said", d.lastWords())
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		wait = min(2*wait, longestWait)
		if err := d.Restart(ctx); err != nil {
			d.o.Log.Error("rTorrent cannot be restarted", "err", err)
		}
	}
}
