package fs

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"rtfs/rtorrent"
)

// streams raises the files that readers wait for, while they have them open,
// so that their pieces come before others'. It is safe for concurrent use.
type streams struct {
	d *driver

	mu      sync.Mutex // guards the fields below; never held during a call
	raised  map[fileKey]*raised
	ended   bool
	journal *streamJournal
	work    sync.WaitGroup // of the goroutines that change priorities
}

type fileKey struct {
	hash  rtorrent.Hash
	index int
}

// A raised file is one that readers have open who waited for it.
type raised struct {
	raise
	readers int
	edges   bool // the piece that is waited for is the file's first or last
	alone   bool // no other file of the torrent is wanted
	// chosen says that somebody has set the priority through this mount since:
	// it is no business of ours any more.
	chosen bool
	known  bool // Was is; Set is what rTorrent has
	busy   bool // a goroutine works on it
}

func newStreams(d *driver) *streams {
	return &streams{d: d, raised: map[fileKey]*raised{}, journal: newStreamJournal(d.opts.StateDir, d.opts.Server)}
}

// want is the order in which the pieces come soonest. The pieces of a file of
// high priority come before all others, in no order; so one that is first or
// last is got by itself, from a file of normal priority. Of a file that is a
// third of a torrent, at 250 KiB/s, both were there after 0.7 to 1.5 s and all of
// it after 11 to 24 s, as if nothing was raised; by high priority the last piece
// and all were after 7.5 to 9.4 s, with first and last asked for or not.
func (r *raised) want() rtorrent.FileOrder {
	if r.edges || r.alone {
		return rtorrent.FileOrder{Priority: 1, First: true, Last: true}
	}
	return rtorrent.FileOrder{Priority: 2, First: r.Was.First, Last: r.Was.Last}
}

// enter raises a file for a reader that begins to wait for one of its pieces.
// It waits for nothing itself. The reader leaves when it closes the file.
func (s *streams) enter(key fileKey, joins, edge, alone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	r := s.raised[key]
	if r == nil {
		r = &raised{raise: raise{Hash: key.hash, Index: key.index}}
		s.raised[key] = r
	}
	if joins {
		r.readers++
	}
	r.edges, r.alone = edge, alone
	s.begin(key, r)
}

// leave restores a file when its last reader is gone.
func (s *streams) leave(key fileKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.raised[key]; r != nil {
		r.readers--
		s.begin(key, r)
	}
}

// choose notes that somebody has set a file's priority through this mount.
func (s *streams) choose(key fileKey, priority int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.raised[key]; r != nil {
		r.chosen = true
		r.Was.Priority, r.Set.Priority = priority, priority
		s.save()
	}
}

// begin has a file brought to what it should be. The caller holds mu.
func (s *streams) begin(key fileKey, r *raised) {
	if r.busy {
		return
	}
	r.busy = true
	s.work.Go(func() {
		for s.step(key, r) {
		}
	})
}

// step makes one change, and reports whether there may be another.
func (s *streams) step(key fileKey, r *raised) (more bool) {
	s.mu.Lock()
	raising := r.readers > 0 && !s.ended
	if raising && r.known && s.target(r) == r.Set || !raising && !r.known {
		r.busy = false
		if !raising && r.readers <= 0 {
			delete(s.raised, key)
		}
		s.mu.Unlock()
		return false
	}
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.d.life), s.d.cache.Client().Timeout())
	defer cancel()
	err := s.change(ctx, r, raising)
	if err == nil {
		return true
	}
	if !errors.Is(err, rtorrent.ErrNotFound) {
		s.d.logger.Warn("priority of a file that is read", "torrent", key.hash, "file", key.index, "error", err)
		s.d.health.note(err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.busy = false // it is tried again by the next reader, or the next mount
	if errors.Is(err, rtorrent.ErrNotFound) {
		r.known = false
		s.save()
	}
	return false
}

// target is the order that a file with readers should have. The caller holds
// mu.
func (s *streams) target(r *raised) rtorrent.FileOrder {
	to := r.want()
	if r.chosen {
		to.Priority = r.Set.Priority
	}
	return to
}

// change raises a file or restores it. What is to happen is in the journal
// before it happens.
func (s *streams) change(ctx context.Context, r *raised, raising bool) error {
	now, err := s.d.cache.Client().FileOrder(ctx, r.Hash, r.Index)
	if err != nil {
		return err
	}
	s.mu.Lock()
	if !r.known {
		r.Was, r.known = now, true
	} else if now.Priority != r.Set.Priority {
		r.chosen = true // by somebody else
		r.Was.Priority, r.Set.Priority = now.Priority, now.Priority
	}
	to := r.back(now)
	if raising {
		to = s.target(r)
		if now.Priority == 0 {
			to = now // nobody waits for a file that is off
			r.chosen = true
		}
		r.Set = to
	}
	failed := s.save()
	s.mu.Unlock()
	if failed != nil {
		return fmt.Errorf("note which priorities are raised: %w", failed)
	}
	if commands := rtorrent.SetFileOrder(r.Hash, r.Index, now, to); len(commands) > 0 {
		_, err = s.d.cache.Apply(ctx, r.Hash, append(commands, rtorrent.UpdatePriorities(r.Hash))...)
		s.d.record(context.Background(), fmt.Sprintf("torrents/%s/files/#%d", r.Hash, r.Index), orderText(now), orderText(to), err)
		if err != nil {
			return err
		}
	}
	if !raising {
		s.mu.Lock()
		defer s.mu.Unlock()
		r.known, r.chosen = false, false
		return s.save()
	}
	return nil
}

// save writes the journal. The caller holds mu.
func (s *streams) save() error {
	var raises []raise
	for _, r := range s.raised {
		if r.known {
			raises = append(raises, r.raise)
		}
	}
	return s.journal.save(raises)
}

// close restores every file, before the mount ends.
func (s *streams) close() {
	s.mu.Lock()
	s.ended = true
	for key, r := range s.raised {
		s.begin(key, r)
	}
	s.mu.Unlock()
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	restored := true
	for _, r := range s.raised {
		restored = restored && !r.known
	}
	s.journal.close(restored)
}

// recover restores what mounts that crashed have left raised, when rTorrent
// answers for the first time, and again after each restart of it.
func (s *streams) recover() {
	if s.d.opts.ReadOnly {
		return
	}
	s.mu.Lock()
	for key, r := range s.raised {
		s.begin(key, r) // what failed while rTorrent was gone
	}
	s.mu.Unlock()
	err := s.journal.orphans(func(raises []raise) error {
		var failed error
		for _, r := range raises {
			now, err := s.d.cache.Client().FileOrder(s.d.life, r.Hash, r.Index)
			if err == nil {
				commands := rtorrent.SetFileOrder(r.Hash, r.Index, now, r.back(now))
				if len(commands) > 0 {
					_, err = s.d.cache.Apply(s.d.life, r.Hash, append(commands, rtorrent.UpdatePriorities(r.Hash))...)
					s.d.record(context.Background(), fmt.Sprintf("torrents/%s/files/#%d", r.Hash, r.Index), orderText(now), orderText(r.back(now)), err)
				}
			}
			if err != nil && !errors.Is(err, rtorrent.ErrNotFound) {
				failed = errors.Join(failed, err)
			}
		}
		return failed
	})
	if err != nil {
		s.d.logger.Warn("priorities raised before a crash", "error", err)
		s.d.health.note(err.Error())
	}
}

func orderText(o rtorrent.FileOrder) string {
	return fmt.Sprintf("priority %d, first piece %s, last piece %s", o.Priority, oneZero(o.First), oneZero(o.Last))
}
