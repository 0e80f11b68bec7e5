package disk

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// A MoveJob carries out a move.
type MoveJob struct {
	Move    *Move
	Daemon  Daemon
	Journal *Journal
	Server  string
	// OldDirectory and NewDirectory are what rTorrent's directory is before
	// and after, for the record.
	OldDirectory, NewDirectory string
	// Complete torrents go on while they are copied: nothing is written to
	// their files.
	Complete bool
	Progress func(n int64)
	Hook     Hook
}

// Run does it. A failure leaves the torrent and its data where they were, and
// so does the end of ctx, which ends a copy. It returns what was left at the
// old place, since another torrent claims it by now.
func (j *MoveJob) Run(ctx context.Context) (left []string, err error) {
	record := j.record()
	if err := j.Journal.Write(record); err != nil {
		return nil, err
	}
	err = j.bring(ctx)
	if !j.Move.Copies && errors.Is(err, unix.EXDEV) {
		// One device, and yet no renames: a bind mount, or a subvolume.
		if err := j.Move.Undo(); err != nil {
			return nil, err
		}
		if err = j.Move.copyInstead(); err == nil {
			record = j.record()
			if err = j.Journal.Write(record); err == nil {
				err = j.bring(ctx)
			}
		}
	}
	if err != nil {
		return nil, j.giveUp(err)
	}
	record.Stage = StageSwitched
	if err := j.Journal.Write(record); err != nil {
		return nil, j.giveUp(err)
	}
	if err := j.arrive(); err != nil {
		if failed := j.Daemon.Switch(false); failed != nil {
			return nil, errors.Join(err, fmt.Errorf("and it does not go back: %w", failed))
		}
		return nil, j.giveUp(err)
	}
	return j.finish()
}

func (j *MoveJob) record() Record {
	kind := KindMove
	if j.Move.Copies {
		kind = KindCopy
	}
	r := NewRecord(kind, j.Server, j.Move.plan.Torrent, j.Move.Files())
	r.OldDirectory, r.NewDirectory = path(j.OldDirectory), path(j.NewDirectory)
	if j.Move.Copies {
		r.Staging = path(j.Move.Staging())
	}
	return r
}

// bring brings the data to the new place, and has rTorrent see it go.
func (j *MoveJob) bring(ctx context.Context) error {
	if !j.Move.Copies {
		if err := j.Daemon.Stop(); err != nil {
			return err
		}
		if err := seen(j.Daemon, j.Move.items, nil); err != nil {
			return err
		}
		if err := j.Move.Place(); err != nil {
			return err
		}
		return seen(j.Daemon, nil, j.Move.items)
	}
	if !j.Complete {
		if err := j.Daemon.Stop(); err != nil {
			return err
		}
	}
	if err := j.Move.Copy(ctx, j.Progress); err != nil {
		return err
	}
	if err := j.Daemon.Stop(); err != nil {
		return err
	}
	if err := j.Move.Unchanged(); err != nil {
		return err
	}
	if err := j.probe(); err != nil {
		return err
	}
	return j.Move.Place()
}

// probe has rTorrent see one of the originals go and come.
func (j *MoveJob) probe() error {
	if len(j.Move.items) == 0 {
		return nil
	}
	one := *j.Move.plan
	one.Items = []Item{*j.Move.items[0]}
	one.Items[0].Verdict = Goes
	d := NewDelete(&one, j.Move.owner, j.Hook)
	record := j.record()
	record.Probe = NewRecord(KindDelete, "", one.Torrent, d.Files()).Files
	if err := j.Journal.Write(record); err != nil {
		return err
	}
	err := d.stageSeen(j.Daemon)
	failed := d.Rollback()
	if failed != nil {
		failed = d.Rollback() // nothing but this file is away: once more
	}
	if failed != nil {
		return errors.Join(err, failed)
	}
	if err != nil {
		return err
	}
	return j.Journal.Write(j.record())
}

// arrive makes rTorrent look at the new place.
func (j *MoveJob) arrive() error {
	if err := j.Daemon.Switch(true); err != nil {
		return err
	}
	if j.Move.Copies {
		return j.Daemon.Check()
	}
	return seen(j.Daemon, j.Move.items, nil)
}

// giveUp takes back what was done, and restarts the torrent.
func (j *MoveJob) giveUp(why error) error {
	if err := j.Move.Undo(); err != nil {
		return errors.Join(why, err)
	}
	return errors.Join(why, j.Daemon.Restart(), j.Journal.Remove())
}

// finish lets the torrent go on, and removes what is left at the old place.
func (j *MoveJob) finish() ([]string, error) {
	restarted := j.Daemon.Restart()
	torrents, err := j.Daemon.Torrents()
	if err != nil {
		return nil, errors.Join(restarted, fmt.Errorf("the copies are in use, and the originals are still there: %w", err))
	}
	left, err := j.Move.Finish(NewIndex(torrents))
	if err != nil {
		return left, errors.Join(restarted, err)
	}
	return left, errors.Join(restarted, j.Journal.Remove())
}

// copyInstead makes copies of what cannot be renamed.
func (m *Move) copyInstead() error {
	m.Copies = true
	top, err := m.openTo()
	if err != nil {
		return err
	}
	defer top.Close()
	if err := m.checkItems(top); err != nil {
		return err
	}
	m.Copies = true
	return m.checkSpace(top)
}
