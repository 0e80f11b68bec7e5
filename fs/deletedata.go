package fs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"

	"rtfs/cache"
	"rtfs/fs/disk"
	"rtfs/rtorrent"
)

// deleteData carries out the plan of an order, if it was read last and still is
// the plan.
func (d *driver) deleteData(ctx context.Context, h rtorrent.Hash, order string, keep bool) error {
	if err := d.plans.check(h, order); err != nil {
		return err // before anything is asked of rTorrent
	}
	if err := d.mayErase(ctx); err != nil {
		return err
	}
	end, err := d.jobs.begin(h, "delete")
	if err != nil {
		return err
	}
	defer end()
	s, err := d.survey(ctx, h, true)
	if err != nil {
		return err
	}
	plan, err := disk.NewPlan(s.claims, disk.NewIndex(s.all), d.opts.DataUID)
	if err != nil {
		return err
	}
	if err := d.plans.checkNow(h, order, plan); err != nil {
		return err
	}
	if plan.Denied != "" {
		return fmt.Errorf("%w: %s", errPerm, plan.Denied)
	}
	journal, err := d.journal(h)
	if err != nil {
		return err
	}
	defer journal.Close()
	var back []string
	err = d.cache.Update(ctx, h, rtorrent.AllColumns, func(now *rtorrent.Torrent, do cache.Do) error {
		job := &disk.DeleteJob{
			Plan: plan, Journal: journal, Server: d.opts.Server, Owner: d.opts.DataUID, Keep: keep,
			Daemon: &torrentDaemon{d: d, h: h, was: now, files: s.files, do: do},
		}
		var err error
		back, err = job.Run()
		return err
	})
	for _, what := range back {
		d.logger.Warn("delete_data: stays after all", "hash", h, "file", what)
	}
	journal.Close()
	if err != nil || keep {
		d.findInterrupted() // it is told like those, with how to undo and finish
	}
	return err
}

// A torrentDaemon is rTorrent for a job on one torrent.
type torrentDaemon struct {
	d     *driver
	h     rtorrent.Hash
	was   *rtorrent.Torrent // before the job
	files []*rtorrent.File
	do    cache.Do
	// oldDir and newDir are the directories of a move.
	oldDir, newDir string
	ctx            context.Context // of a move: ends the wait for a check
	opened         bool            // by openOnce
	switched       bool            // to newDir and back
}

var _ disk.Daemon = (*torrentDaemon)(nil)

// Stop implements disk.Daemon.
func (t *torrentDaemon) Stop() error {
	now, err := t.do(moveStop.commands(t.h)...)
	if err == nil && (now.Hashing != 0 || now.IsOpen) {
		err = fmt.Errorf("stop: %w: somebody else opened the torrent", errBusy)
	}
	return err
}

// openOnce has rTorrent look where the files are, which it does on opening
// them. 0.9.8 creates the first one if it is not there; so it has to be.
func (t *torrentDaemon) openOnce(dir string) error {
	if len(t.files) > 0 {
		first := path.Base(contentPath(t.was))
		if t.was.IsMulti {
			first = t.files[0].Path
		}
		if at := t.d.local(dir + "/" + first); !exists(at) {
			return fmt.Errorf("%w: %s is not there, and would be made; start the torrent first", errBusy, at)
		}
	}
	now, err := t.do(rtorrent.Open(t.h))
	if err == nil && !now.IsOpen {
		err = fmt.Errorf("open: rTorrent cannot open it in %s", now.Directory)
	}
	if err != nil {
		return err
	}
	_, err = t.do(rtorrent.Close(t.h))
	t.opened = err == nil
	return err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Restart implements disk.Daemon.
func (t *torrentDaemon) Restart() error {
	var commands []rtorrent.Command
	switch {
	case !t.was.State && t.was.IsOpen:
		commands = []rtorrent.Command{rtorrent.Open(t.h)}
	case !t.was.State:
		commands = moveStop.commands(t.h)
	default:
		commands = moveStart.commands(t.h)
	}
	_, err := t.do(commands...)
	if err == nil && t.switched && !t.was.State && !t.was.IsOpen {
		_ = t.openOnce(t.oldDir) // so that it does not tell of another place
	}
	if err == nil && stateOf(t.was) == statePaused {
		_, err = t.do(rtorrent.Pause(t.h)) // behind the check that a start begins with
	}
	if err != nil {
		err = fmt.Errorf("the torrent could not be brought back to %s: %w", stateOf(t.was), err)
	}
	return err
}

// Created implements disk.Daemon.
func (t *torrentDaemon) Created() ([]bool, error) {
	if t.was.BasePath == "" && !t.opened {
		if err := t.openOnce(t.was.Directory); err != nil {
			return nil, err
		}
	}
	return t.d.cache.Client().Created(context.Background(), t.h)
}

// Erase implements disk.Daemon.
func (t *torrentDaemon) Erase() error {
	if err := t.d.keepMetainfo(t.h); err != nil {
		return err
	}
	_, err := t.do(rtorrent.Erase(t.h))
	if err != nil && !errors.Is(err, rtorrent.ErrNotFound) {
		_, now := t.d.cache.Client().Torrent(context.Background(), t.h)
		switch {
		case errors.Is(now, rtorrent.ErrNotFound):
		case now != nil:
			return fmt.Errorf("%w: %w", disk.ErrUnknown, err)
		default:
			return err
		}
	}
	t.d.loadings.forget(t.h)
	return nil
}

// Torrents implements disk.Daemon.
func (t *torrentDaemon) Torrents() ([]*disk.Torrent, error) {
	return t.d.allClaims(context.Background(), "", true)
}
