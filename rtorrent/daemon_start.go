package rtorrent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// The bounds of a start. A User may have 10,000 torrents, which took rTorrent
// 0.16.17 74 seconds on two slow cores.
const (
	privateStart = 30 * time.Second
	userStart    = 10 * time.Minute
)

// startTries is how often a Private is started when another program took one
// of the ports between their choice and their use.
const startTries = 3

// startExclusive starts rTorrent unless one runs on the session. Two programs
// that do this at once take turns.
func (d *Daemon) startExclusive(ctx context.Context) error {
	unlock, err := lockDir(ctx, d.o.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	if pid, err := sessionHolder(d.Session()); err != nil {
		return err
	} else if pid != 0 {
		return fmt.Errorf("the session %s is in use by the rTorrent with process id %d", d.Session(), pid)
	}
	return d.start(ctx)
}

// start starts rTorrent, on the ports of before if there are some. The caller
// holds the lock of the directory.
func (d *Daemon) start(ctx context.Context) error {
	if d.o.Profile != Private || d.ports.peer != 0 {
		return d.startOnce(ctx)
	}
	for try := 1; ; try++ {
		p, err := freePorts()
		if err != nil {
			return err
		}
		if d.o.Listen == "tcp" {
			if err := d.listenAt(fmt.Sprintf("scgi://127.0.0.1:%d", p.rpc)); err != nil {
				return err
			}
		}
		d.ports = p
		if err = d.startOnce(ctx); err == nil {
			return nil
		}
		d.ports = ports{}
		if try == startTries || ctx.Err() != nil || p.free() {
			return err
		}
	}
}

func (d *Daemon) startOnce(ctx context.Context) error {
	rc := filepath.Join(d.o.Dir, rcFile)
	if err := os.WriteFile(rc, []byte(d.o.rc(d.Session(), d.endpoint, d.ports)), 0o600); err != nil {
		return err
	}
	output, err := os.OpenFile(filepath.Join(d.o.Dir, outputFile), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer output.Close()

	// The rc is named relative to Dir, since -o splits its argument at commas.
	argv := append(slices.Clone(d.o.Binary), "-n", "-o", "import="+rcFile)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = d.o.Dir
	cmd.Stdout, cmd.Stderr = output, output
	if d.o.Profile == Private {
		cmd.Env = append(os.Environ(), "HOME="+d.o.Dir)
	}
	p, err := startProcess(cmd, d.o.Profile == Private)
	if err != nil {
		return err
	}
	peerPort, err := d.awaitReady(ctx, p)
	if err != nil {
		d.end(p)
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.proc, d.pid, d.peerPort = p, p.pid(), peerPort
	d.o.Log.Info("rTorrent started", "pid", d.pid, "endpoint", d.endpoint, "session", d.Session())
	return nil
}

// awaitReady waits until the process answers, and returns its peer port. A call
// that rTorrent took but has not answered ends with the process.
func (d *Daemon) awaitReady(ctx context.Context, p *process) (peerPort int, err error) {
	bound := privateStart
	if d.o.Profile == User {
		bound = userStart
	}
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	go func() {
		select {
		case <-p.done:
			cancel()
		case <-ctx.Done():
		}
	}()

	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		pid, peerPort, err := d.ping(ctx)
		switch {
		case err == nil && pid != p.pid():
			return 0, fmt.Errorf("process %d answers on %s, not the one just started, %d", pid, d.endpoint, p.pid())
		case err == nil:
			return peerPort, nil
		}
		select {
		case <-tick.C:
			continue
		case <-p.done:
		case <-ctx.Done():
		}
		if p.ended() {
			return 0, fmt.Errorf("%s ended before it answered (%s): %s", d.o.Binary[0], p.outcome(), d.lastWords())
		}
		return 0, fmt.Errorf("%s does not answer on %s: %w: %s", d.o.Binary[0], d.endpoint, errors.Join(ctx.Err(), err), d.lastWords())
	}
}

// ping asks rTorrent for its process id and its peer port.
func (d *Daemon) ping(ctx context.Context) (pid, peerPort int, err error) {
	var id, port int64
	if err := d.client.Call(ctx, &id, "system.pid"); err != nil {
		return 0, 0, err
	}
	if err := d.client.Call(ctx, &port, "network.listen.port"); err != nil {
		return 0, 0, err
	}
	return int(id), int(port), nil
}
