package main

import (
	"context"
	"log/slog"
	"os/exec"
	"os/signal"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"rtfs/rtorrent"
)

// installHint is what to do where rTorrent is missing.
const installHint = "install the package rtorrent, or run make deps"

// A spawned is the rTorrent of mount --spawn.
type spawned struct {
	*rtorrent.Daemon
	unsupervise context.CancelFunc
	supervised  chan struct{} // closed when nobody restarts it any more
}

// spawn starts the user's own rTorrent, or adopts the one that a crash of rtfs
// left running.
func spawn(c *cli.Context, log *slog.Logger) (*spawned, error) {
	state := stateDir()
	if state == "" {
		return nil, fail(exitRTorrent, "set $XDG_STATE_HOME or $HOME", "--spawn: no directory for the session of rTorrent")
	}
	binary, err := anyBinary(c.Context)
	if err != nil {
		return nil, err
	}
	d, err := rtorrent.AdoptOrStart(c.Context, rtorrent.DaemonOptions{
		Binary:      []string{binary},
		Dir:         filepath.Join(state, "rtorrent"),
		DownloadDir: c.String("download-dir"),
		Profile:     rtorrent.User,
		Log:         log,
	})
	if err != nil {
		return nil, &failure{code: exitRTorrent, err: err}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &spawned{Daemon: d, unsupervise: cancel, supervised: make(chan struct{})}
	go func() {
		d.Supervise(ctx)
		close(s.supervised)
	}()
	return s, nil
}

// end stops rTorrent if we started it. A signal ends the wait, not rTorrent.
func (s *spawned) end() error {
	s.unsupervise()
	<-s.supervised
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	defer stop()
	if err := s.Stop(ctx); err != nil {
		return &failure{code: exitRTorrent, err: err}
	}
	return nil
}

// anyBinary is the rTorrent in PATH, else one that make deps has unpacked.
func anyBinary(ctx context.Context) (string, error) {
	if path, err := exec.LookPath("rtorrent"); err == nil {
		return path, nil
	}
	if found := rtorrent.FindBinaries(ctx); len(found) > 0 {
		return found[0].Path, nil
	}
	return "", fail(exitRTorrent, installHint, "no rtorrent is installed")
}
