package fs

import (
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"context"

	"rtfs/fs/disk"
	"rtfs/rtorrent"
)

// jobs are the deletes and moves of this mount. It is safe for concurrent use.
type jobs struct {
	ctx  context.Context // ends when they have to
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	busy    map[rtorrent.Hash]string
	moves   map[rtorrent.Hash]*moveState
	targets map[uint64]chan struct{} // one move per file system
	left    []*disk.Leftover
	closed  bool
}

func newJobs() *jobs {
	j := &jobs{busy: map[rtorrent.Hash]string{}, moves: map[rtorrent.Hash]*moveState{}, targets: map[uint64]chan struct{}{}}
	j.ctx, j.stop = context.WithCancel(context.Background())
	return j
}

// begin lets a job on a torrent's data in, unless there is one.
func (j *jobs) begin(h rtorrent.Hash, what string) (end func(), err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if now, ok := j.busy[h]; ok {
		return nil, fmt.Errorf("%s: %w: a %s of this torrent is under way", what, errBusy, now)
	}
	if j.closed {
		return nil, fmt.Errorf("%s: %w: the mount ends", what, errBusy)
	}
	j.busy[h] = what
	j.wg.Add(1)
	return func() {
		j.mu.Lock()
		delete(j.busy, h)
		j.mu.Unlock()
		j.wg.Done()
	}, nil
}

// refuse fails while a job needs a torrent to stay as the job has put it.
func (j *jobs) refuse(h rtorrent.Hash, what string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if now, ok := j.busy[h]; ok {
		return fmt.Errorf("%s: %w: a %s of this torrent is under way", what, errBusy, now)
	}
	return nil
}

// jobsEnd is how long the end of a mount waits for jobs. One that is not done
// by then is told by the next mount.
const jobsEnd = time.Minute

// close ends copies, which are undone, and waits for the jobs.
func (j *jobs) close() {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.stop()
	done := make(chan struct{})
	go func() { j.wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(jobsEnd):
	}
}

// target waits for its turn to write to a file system.
func (j *jobs) target(ctx context.Context, device uint64) (leave func(), err error) {
	j.mu.Lock()
	turn := j.targets[device]
	if turn == nil {
		turn = make(chan struct{}, 1)
		j.targets[device] = turn
	}
	j.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// interrupted returns what was left by jobs of mounts before this one, and has
// not been seen to.
func (j *jobs) interrupted() []string {
	j.mu.Lock()
	left := j.left
	j.mu.Unlock()
	var texts []string
	for _, l := range left {
		if !l.Gone() {
			texts = append(texts, l.Text)
		}
	}
	return texts
}

// journals is where the records of jobs are, "" nowhere.
func (d *driver) journals() string {
	if d.opts.StateDir == "" {
		return ""
	}
	return filepath.Join(d.opts.StateDir, "jobs")
}

// findInterrupted looks for what jobs of earlier mounts have left, and says so
// in the log; health tells it, too.
func (d *driver) findInterrupted() {
	if d.journals() == "" {
		return
	}
	left, err := disk.Leftovers(d.journals(), d.opts.Server)
	if err != nil {
		d.logger.Warn("interrupted jobs", "error", err)
	}
	for _, l := range left {
		d.logger.Warn("interrupted", "left", l.Text)
	}
	d.jobs.mu.Lock()
	d.jobs.left = left
	d.jobs.mu.Unlock()
}

// journal opens the record of a job on a torrent.
func (d *driver) journal(h rtorrent.Hash) (*disk.Journal, error) {
	if d.journals() == "" {
		return nil, fmt.Errorf("%w: there is no place for a record of it: set $XDG_STATE_HOME or $HOME", errNoSupport)
	}
	return disk.OpenJournal(d.journals(), d.opts.Server, string(h), nil)
}
