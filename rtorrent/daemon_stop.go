package rtorrent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// The bounds of a stop: then a Private is killed, and a User is left alone.
const (
	privateStop = 10 * time.Second
	userStop    = 60 * time.Second
)

// errAdopted is the answer to what only the starter of an rTorrent may do.
var errAdopted = errors.New("this rTorrent was running before and is not ours to stop")

// Stop asks rTorrent to shut down, which saves the session, and waits for its
// end: at most a minute, or until ctx ends. A Private is killed then. A User
// never is: it goes on shutting down, and the error says so. An adopted
// rTorrent is left running, without error.
func (d *Daemon) Stop(ctx context.Context) error {
	p := d.process()
	if p == nil {
		return nil
	}
	return d.stop(ctx, p)
}

func (d *Daemon) stop(ctx context.Context, p *process) error {
	bound := userStop
	if d.o.Profile == Private {
		bound = privateStop
	}
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	// SIGCONT, since one that was paused would not notice. Errors mean that it
	// has ended.
	_ = p.signal(syscall.SIGTERM)
	_ = p.signal(syscall.SIGCONT)
	select {
	case <-p.done:
		d.o.Log.Info("rTorrent stopped", "pid", p.pid(), "outcome", p.outcome())
		return nil
	case <-ctx.Done():
	}
	if d.o.Profile == Private {
		return kill(p)
	}
	return fmt.Errorf("stopping rTorrent: process %d is still shutting down: %w", p.pid(), ctx.Err())
}

// end puts an end to a start that failed, whatever became of its context.
func (d *Daemon) end(p *process) {
	if d.o.Profile == Private {
		_ = kill(p)
		return
	}
	if err := d.stop(context.Background(), p); err != nil {
		d.o.Log.Warn("rTorrent is left running", "err", err)
	}
}

// Kill ends rTorrent by SIGKILL, as a power cut would: what it had not saved is
// lost. It returns when the process is gone. It is for tests.
func (d *Daemon) Kill() error {
	p := d.process()
	if p == nil {
		return errAdopted
	}
	return kill(p)
}

func kill(p *process) error {
	if err := p.signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("killing rTorrent: %w", err)
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(privateStop):
		return fmt.Errorf("killing rTorrent: process %d does not end: its disk may be stuck", p.pid())
	}
}

// Pause stops the process by SIGSTOP, and returns when all its threads have
// stopped. The kernel then still takes connections for it, but nothing answers.
// It is for tests.
func (d *Daemon) Pause() error {
	p := d.process()
	if p == nil {
		return errAdopted
	}
	if err := p.pause(); err != nil {
		return fmt.Errorf("pausing rTorrent: %w", err)
	}
	return nil
}

// Continue undoes Pause.
func (d *Daemon) Continue() error {
	p := d.process()
	if p == nil {
		return errAdopted
	}
	return p.signal(syscall.SIGCONT)
}

// Restart stops rTorrent, unless it has ended, and starts it on the same
// session, endpoint and ports.
func (d *Daemon) Restart(ctx context.Context) error {
	p := d.process()
	if p == nil {
		return fmt.Errorf("restarting rTorrent: %w", errAdopted)
	}
	if err := d.stop(ctx, p); err != nil {
		return fmt.Errorf("restarting rTorrent: %w", err)
	}
	if err := d.startExclusive(ctx); err != nil {
		return fmt.Errorf("restarting rTorrent: %w", err)
	}
	return nil
}
