package fs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"rtfs/cache"
	"rtfs/fs/disk"
	"rtfs/rtorrent"
)

// A moveState is how far a move is. It is safe for concurrent use.
type moveState struct {
	mu      sync.Mutex // guards the fields below
	begun   time.Time  // the copy, zero before it
	total   int64      // bytes
	copied  int64
	outcome string // "" while it is under way
}

// String is what move reads as.
func (m *moveState) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.outcome != "" {
		return m.outcome
	}
	eta := int64(-1)
	if passed := time.Since(m.begun); m.copied > 0 && passed > 0 {
		eta = int64(float64(m.total-m.copied) / float64(m.copied) * passed.Seconds())
	}
	hundredths := int64(10_000)
	if m.total > 0 {
		hundredths = int64(float64(m.copied) / float64(m.total) * 10_000)
	}
	return fmt.Sprintf("copying %d.%02d eta %d", hundredths/100, hundredths%100, max(eta, -1))
}

// add counts bytes that were copied. Holes in files are not copied, so the
// total is passed at the end only by what grew.
func (m *moveState) add(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.begun.IsZero() {
		m.begun = time.Now()
	}
	m.copied = min(m.copied+n, m.total)
}

func (m *moveState) end(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.outcome = "done"
	if err != nil {
		m.outcome = "failed: " + oneLine(err.Error())
	}
}

// renderMove returns how far the torrent's move is.
func renderMove(_ context.Context, d *driver, t *rtorrent.Torrent) ([]byte, error) {
	d.jobs.mu.Lock()
	m := d.jobs.moves[t.Hash]
	d.jobs.mu.Unlock()
	if m == nil {
		return line("idle"), nil
	}
	return line(m.String()), nil
}

// setMove plans a write to move: a directory, absolute on rTorrent's side.
func setMove(t *rtorrent.Torrent, value string, _ bool) (action, error) {
	if word, _, _ := strings.Cut(value, " "); word == "idle" || word == "done" || word == "copying" || word == "failed:" {
		return nil, nil // what a read gives is taken
	}
	to, err := parseDirectory(value)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, d *driver) error { return d.startMove(ctx, t.Hash, to) }, nil
}

// startMove checks both ends of a move, and begins it.
func (d *driver) startMove(ctx context.Context, h rtorrent.Hash, to string) error {
	end, err := d.jobs.begin(h, "move")
	if err != nil {
		return err
	}
	begun := false
	defer func() {
		if !begun {
			end()
		}
	}()
	s, err := d.survey(ctx, h, true)
	if err != nil {
		return err
	}
	if s.torrent.Hashing != 0 {
		return fmt.Errorf("move: %w: a check is under way", errBusy)
	}
	move, err := d.checkMove(ctx, s, to)
	if errors.Is(err, disk.ErrHere) {
		return nil
	}
	if err != nil {
		return err
	}
	journal, err := d.journal(h)
	if err != nil {
		return err
	}
	state := &moveState{total: move.Needs()}
	d.jobs.mu.Lock()
	d.jobs.moves[h] = state
	d.jobs.mu.Unlock()
	begun = true
	go func() {
		defer end()
		err := d.runMove(s, move, journal, state, to)
		journal.Close()
		state.end(err)
		event := eventMoved
		if err != nil {
			event = eventMoveFailed
			d.health.note(fmt.Sprintf("torrents/%s/move: %v", h, err))
			d.logger.Warn("move", "hash", h, "error", err)
			d.findInterrupted()
		}
		d.events.write(time.Now(), s.torrent, event)
	}()
	return nil
}

// checkMove checks both ends of a move.
func (d *driver) checkMove(ctx context.Context, s *survey, to string) (*disk.Move, error) {
	if !d.sameDisk(to) {
		return nil, fmt.Errorf("%w: rTorrent is on another host; if %s is the same place here, mount with --map %[2]s=%[2]s", errNoSupport, to)
	}
	if _, err := s.newDirectory(to); err != nil {
		return nil, err
	}
	return aside(ctx, func() (*disk.Move, error) {
		plan, err := disk.NewPlan(s.claims, disk.NewIndex(s.all), d.opts.DataUID)
		if err != nil {
			return nil, err
		}
		move, err := disk.NewMove(plan, d.local(to), d.opts.DataUID, nil)
		if errors.Is(err, fs.ErrNotExist) || isNever(err) {
			err = noDirectory(to, err)
		}
		return move, err
	})
}

// newDirectory is what rTorrent's directory will be.
func (s *survey) newDirectory(to string) (string, error) {
	if s.torrent.IsMulti {
		to = path.Join(to, path.Base(contentPath(s.torrent)))
	}
	if !rtorrent.XMLSafe(to) {
		return "", errEncoding
	}
	return to, nil
}

// runMove carries a move out, when its turn on the file system comes.
func (d *driver) runMove(s *survey, move *disk.Move, journal *disk.Journal, state *moveState, to string) error {
	leave, err := d.jobs.target(d.jobs.ctx, move.Device())
	if err != nil {
		return fmt.Errorf("the mount ended before it began: %w", errors.Join(err, journal.Remove()))
	}
	defer leave()
	h := s.torrent.Hash
	newDir, err := s.newDirectory(to)
	if err != nil {
		return err
	}
	was, err := d.cache.Apply(context.Background(), h)
	if err != nil {
		return err
	}
	if was.Directory != s.torrent.Directory {
		return fmt.Errorf("move: %w: its directory is another one by now", errBusy)
	}
	daemon := &torrentDaemon{d: d, h: h, was: was, files: s.files, oldDir: s.torrent.Directory, newDir: newDir, ctx: d.jobs.ctx,
		do: cache.Do(func(commands ...rtorrent.Command) (*rtorrent.Torrent, error) {
			return d.cache.Apply(context.Background(), h, commands...)
		})}
	job := &disk.MoveJob{
		Move: move, Daemon: daemon, Journal: journal, Server: d.opts.Server, OldDirectory: s.torrent.Directory,
		NewDirectory: newDir, Complete: was.IsComplete && was.Hashing == 0, Progress: state.add,
	}
	left, err := job.Run(d.jobs.ctx)
	for _, what := range left {
		d.logger.Warn("move: the original stays", "hash", h, "file", what)
	}
	return err
}

// Switch implements disk.Daemon.
func (t *torrentDaemon) Switch(moved bool) error {
	dir := t.oldDir
	if moved {
		dir = t.newDir
	}
	if _, err := t.do(moveStop.commands(t.h)...); err != nil {
		return err
	}
	if _, err := t.do(rtorrent.SetDirectory(t.h, dir)); err != nil {
		return err
	}
	if t.switched = !moved; t.switched {
		return nil // the files are not back yet
	}
	return t.openOnce(dir)
}

// checkLost is how long rTorrent may not answer while it checks.
const checkLost = 2 * time.Minute

// Check implements disk.Daemon.
func (t *torrentDaemon) Check() error {
	if _, err := t.do(rtorrent.CheckHash(t.h)); err != nil {
		return err
	}
	tick := time.NewTicker(checkPoll)
	defer tick.Stop()
	answered := time.Now()
	for {
		select {
		case <-t.ctx.Done():
			return t.ctx.Err()
		case <-tick.C:
		}
		now, err := t.do()
		switch {
		case errors.Is(err, rtorrent.ErrNotFound), err != nil && time.Since(answered) > checkLost:
			return err
		case err != nil:
			continue
		}
		answered = time.Now()
		switch {
		case now.Hashing != 0:
		case now.HashingFailed || now.CompletedBytes < t.was.CompletedBytes:
			return fmt.Errorf("the check found %d bytes right where there were %d", now.CompletedBytes, t.was.CompletedBytes)
		default:
			return nil
		}
	}
}
