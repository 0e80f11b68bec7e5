package rtorrent

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

const (
	// savedWait is how long a write waits until 0.16 has it on disk. It saves
	// 5 ms after its answer; a kill -9 at the answer lost 3 writes of 3, and a
	// SIGTERM within 20 ms of a load lost 5 torrents of 80.
	savedWait = 250 * time.Millisecond
	savedPoll = 2 * time.Millisecond
)

// saveCommand is the command that saves a torrent after a write. On 0.16
// d.save_resume drops the save of the .torrent that a load has begun: of 200
// torrents that were loaded and then saved at once, 4 to 17 never got theirs,
// and were gone after the next start, a clean one included. The full save does
// not lose it.
func (c *Caps) saveCommand(h Hash) string {
	if c.hangsOnStop() || c.LocalSession == "" {
		return "d.save_resume"
	}
	// Where the session cannot be seen from here nothing is known of it.
	if _, err := os.Stat(filepath.Join(c.LocalSession, string(h)+".torrent")); err != nil {
		return "d.save_full_session"
	}
	return "d.save_resume"
}

// A saved is one session file as it was before a write.
type saved struct {
	path   string
	before os.FileInfo // nil: it was not there
}

// beforeSave notes the session file that a write to a torrent will replace, or
// nil where there is nothing to wait for: rTorrent saves before it answers, or
// its session cannot be seen from here.
func (c *Caps) beforeSave(h Hash, suffix string) *saved {
	if c.LocalSession == "" || c.hangsOnStop() {
		return nil
	}
	if _, err := os.Stat(c.LocalSession); err != nil {
		return nil
	}
	path := filepath.Join(c.LocalSession, string(h)+suffix)
	info, err := os.Stat(path)
	if err != nil {
		info = nil
	}
	return &saved{path, info}
}

// wait returns when the file has been replaced, or after savedWait.
func (s *saved) wait(ctx context.Context) {
	if s == nil {
		return
	}
	deadline := time.NewTimer(savedWait)
	defer deadline.Stop()
	tick := time.NewTicker(savedPoll)
	defer tick.Stop()
	for {
		now, err := os.Stat(s.path)
		if err == nil && (s.before == nil || !os.SameFile(now, s.before) || now.ModTime() != s.before.ModTime()) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-deadline.C:
			return
		case <-tick.C:
		}
	}
}

// AwaitSaved returns when a torrent that was just loaded is in the session, or
// after a short while.
func (c *Client) AwaitSaved(ctx context.Context, h Hash) {
	if caps := c.KnownCaps(); caps != nil {
		s := caps.beforeSave(h, ".torrent")
		if s != nil && s.before == nil {
			s.wait(ctx)
		}
	}
}
