package disk

import (
	"errors"
	"fmt"
)

// A Daemon is what a job asks of rTorrent about one torrent.
type Daemon interface {
	// Stop stops and closes the torrent, and sees that Created can be told.
	Stop() error
	// Restart brings it back to how it was before the first Stop.
	Restart() error
	// Created reports which of the torrent's files rTorrent sees on its disk.
	Created() ([]bool, error)
	// Erase removes the torrent. ErrUnknown says that nobody knows whether it
	// did.
	Erase() error
	// Torrents are all that are loaded, asked now.
	Torrents() ([]*Torrent, error)
	// Switch sets where the data is: at the new place or at the old one.
	Switch(moved bool) error
	// Check has the data checked, and fails if less of it is right than was.
	Check() error
}

// ErrUnseen says that rTorrent does not see what happens here: the path is
// that of another machine, or of a container.
// ErrUnknown says that an answer was lost.
var (
	ErrUnseen  = errors.New("rTorrent does not see the files that are here")
	ErrUnknown = errors.New("nobody knows whether it has happened")
)

// A DeleteJob carries out a plan.
type DeleteJob struct {
	Plan    *Plan
	Daemon  Daemon
	Journal *Journal
	Server  string
	Owner   int64 // of boxes; AnyOwner for this process's
	Keep    bool  // end before the unlink
	Hook    Hook
}

// Run does it. Up to the erase, a failure leaves the torrent and its data as
// they were. It returns what was given back, since another torrent claims it by
// now; on an error behind the erase what is left is in the journal.
func (j *DeleteJob) Run() (back []string, err error) {
	d := NewDelete(j.Plan, j.Owner, j.Hook)
	record := NewRecord(KindDelete, j.Server, j.Plan.Torrent, d.Files())
	if err := j.Journal.Write(record); err != nil {
		return nil, err
	}
	if err := j.Daemon.Stop(); err != nil {
		return nil, j.giveUp(d, err)
	}
	if err := d.stageSeen(j.Daemon); err != nil {
		return nil, j.giveUp(d, err)
	}
	if err := d.Overlap(); err != nil {
		return nil, j.giveUp(d, err)
	}
	switch err := j.Daemon.Erase(); {
	case errors.Is(err, ErrUnknown):
		return nil, fmt.Errorf("erase: %w; %d files are in %s", err, d.Left(), d.box)
	case err != nil:
		return nil, j.giveUp(d, err)
	}
	torrents, err := j.Daemon.Torrents()
	if err != nil {
		err = fmt.Errorf("the torrent is erased, and its data was put back: %w", err)
		if failed := d.Rollback(); failed != nil {
			return nil, errors.Join(err, failed)
		}
		return nil, errors.Join(err, j.Journal.Remove())
	}
	if j.Keep {
		record.Stage = StageKept
		return nil, j.Journal.Write(record)
	}
	if back, err = d.Commit(NewIndex(torrents)); err != nil {
		return back, err
	}
	return back, j.Journal.Remove()
}

// stageSeen puts all files into boxes, and has rTorrent see each go: the same
// path on another machine must not lose any.
func (d *Delete) stageSeen(daemon Daemon) error {
	if len(d.todo) == 0 {
		return nil
	}
	if err := d.seen(daemon); err != nil {
		return err
	}
	for _, n := range []int{1, len(d.todo)} {
		if err := d.Stage(n); err != nil {
			return err
		}
		if err := d.seen(daemon); err != nil {
			return err
		}
	}
	return nil
}

// seen fails unless rTorrent sees the files that are in place, and none of
// those in boxes.
func (d *Delete) seen(daemon Daemon) error {
	return seen(daemon, d.todo, d.in)
}

func seen(daemon Daemon, here, gone []*Item) error {
	created, err := daemon.Created()
	if err != nil {
		return err
	}
	for _, items := range []struct {
		all  []*Item
		want bool
	}{{here, true}, {gone, false}} {
		for _, item := range items.all {
			if item.file >= len(created) || created[item.file] != items.want {
				return fmt.Errorf("%s: %w", item.Path, ErrUnseen)
			}
		}
	}
	return nil
}

// giveUp puts everything back, and restarts the torrent.
func (j *DeleteJob) giveUp(d *Delete, why error) error {
	if err := d.Rollback(); err != nil {
		return errors.Join(why, err)
	}
	return errors.Join(why, j.Daemon.Restart(), j.Journal.Remove())
}
