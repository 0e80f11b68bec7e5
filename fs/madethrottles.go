package fs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"rtfs/rtorrent"
)

// A madeThrottle is the limits that were written to a throttle here, in
// bytes/s, 0 none.
type madeThrottle struct {
	Up   int64 `json:"up"`
	Down int64 `json:"down"`
}

// madeThrottles are the throttles that were made or limited here. rTorrent
// forgets them when it ends, so they are kept in a file and defined again. It
// is safe for concurrent use.
type madeThrottles struct {
	path string // "" keeps them in memory only

	mu   sync.Mutex // guards kept; held while the file is written
	kept keptThrottles
}

// keptThrottles is what the file holds.
type keptThrottles struct {
	// PID is the rTorrent in which they were defined last.
	PID       int64                   `json:"pid"`
	Throttles map[string]madeThrottle `json:"throttles"`
}

// newMadeThrottles reads the throttles that were made for a server. Those
// without a limit are only names, and end with the mount.
func newMadeThrottles(stateDir, server string) (*madeThrottles, error) {
	m := &madeThrottles{kept: keptThrottles{Throttles: map[string]madeThrottle{}}}
	if stateDir == "" {
		return m, nil
	}
	m.path = filepath.Join(stateDir, "throttles", fileName(server)+".json")
	content, err := os.ReadFile(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	var kept keptThrottles
	if err == nil {
		err = json.Unmarshal(content, &kept)
	}
	if err != nil {
		return m, fmt.Errorf("throttles made before: %w", err)
	}
	m.kept.PID = kept.PID
	for name, made := range kept.Throttles {
		if made != (madeThrottle{}) {
			m.kept.Throttles[name] = made
		}
	}
	return m, nil
}

// names returns the names of all of them.
func (m *madeThrottles) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.kept.Throttles))
}

func (m *madeThrottles) get(name string) madeThrottle {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept.Throttles[name]
}

// change changes a throttle, made if it is not there. The error is that of
// the file; the change has happened then, too.
func (m *madeThrottles) change(name string, change func(*madeThrottle)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	made := m.kept.Throttles[name]
	change(&made)
	m.kept.Throttles[name] = made
	return m.save()
}

// forget takes back that a throttle was made, and reports whether it could: it
// had no limit. The file needs no change, for it is read without those.
func (m *madeThrottles) forget(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	made, ok := m.kept.Throttles[name]
	if !ok || made != (madeThrottle{}) {
		return false
	}
	delete(m.kept.Throttles, name)
	return true
}

// due returns the throttles to define in the rTorrent of that pid: none if it
// is the one that has them.
func (m *madeThrottles) due(pid int64) map[string]madeThrottle {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept.PID == pid {
		return nil
	}
	return maps.Clone(m.kept.Throttles)
}

// defined notes that the rTorrent of that pid has the throttles.
func (m *madeThrottles) defined(pid int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept.PID = pid
	if len(m.kept.Throttles) == 0 {
		return nil
	}
	return m.save()
}

// save writes the file. The caller holds mu.
func (m *madeThrottles) save() error {
	if m.path == "" {
		return nil
	}
	content, err := json.Marshal(m.kept)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(m.path), 0o700)
	}
	if err == nil {
		err = replaceFile(m.path, content)
	}
	if err != nil {
		return fmt.Errorf("keep the throttles for rTorrent's next start: %w", err)
	}
	return nil
}

// replaceFile gives a file a new content, all of it or none.
func replaceFile(path string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(content)
	if closed := temporary.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// keepThrottle changes what is kept of a throttle. That it cannot be kept is
// no reason to fail what has happened already.
func (d *driver) keepThrottle(name string, change func(*madeThrottle)) {
	if err := d.throttles.change(name, change); err != nil {
		d.logger.Warn("throttle is forgotten when rTorrent ends", "name", name, "error", err)
		d.health.note(err.Error())
	}
}

// redefineThrottles defines the throttles made here in an rTorrent that was
// started anew, which has forgotten them.
func (d *driver) redefineThrottles(pid int64) {
	due := d.throttles.due(pid)
	if d.opts.ReadOnly {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(due)) {
		var commands []rtorrent.ServerCommand
		if made := due[name]; made.Up > 0 {
			commands = append(commands, rtorrent.SetThrottleUpLimit(name, made.Up))
		}
		if made := due[name]; made.Down > 0 {
			commands = append(commands, rtorrent.SetThrottleDownLimit(name, made.Down))
		}
		if len(commands) == 0 {
			continue
		}
		err := d.cache.ApplyServer(d.life, commands...)
		if err == nil {
			err = d.attachThrottle(d.life, name)
		}
		d.record(context.Background(), "rtorrent/throttles/"+fileName(name), "", "defined again", err)
		if err != nil {
			d.logger.Warn("throttle after a restart of rTorrent", "name", name, "error", err)
			d.health.note(err.Error())
			return // it is tried again at the next start
		}
	}
	if err := d.throttles.defined(pid); err != nil {
		d.logger.Warn("throttles", "error", err)
	}
}
