package fs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"rtfs/rtorrent"
)

// A raise is the order of one file's pieces before readers of it made us
// change it, and as we left it.
type raise struct {
	Hash  rtorrent.Hash      `json:"hash"`
	Index int                `json:"index"`
	Was   rtorrent.FileOrder `json:"was"`
	Set   rtorrent.FileOrder `json:"set"`
}

// back returns the order to restore: what is not as we left it has been
// changed by somebody, and stays.
func (r raise) back(now rtorrent.FileOrder) rtorrent.FileOrder {
	if now.Priority == r.Set.Priority {
		now.Priority = r.Was.Priority
	}
	if now.First == r.Set.First {
		now.First = r.Was.First
	}
	if now.Last == r.Set.Last {
		now.Last = r.Was.Last
	}
	return now
}

// A streamJournal keeps the raises of one mount in a file, for the next mount
// after a crash. The file counts as long as nobody holds the lock beside it.
// It is used by one goroutine at a time.
type streamJournal struct {
	dir  string // "" keeps none
	path string // "" before the first raise
	lock *os.File
}

func newStreamJournal(stateDir, server string) *streamJournal {
	if stateDir == "" {
		return &streamJournal{}
	}
	return &streamJournal{dir: filepath.Join(stateDir, "streams", fileName(server))}
}

const (
	journalEnd = ".json"
	lockEnd    = ".lock"
)

// save writes the raises, which take the place of those of before.
func (j *streamJournal) save(raises []raise) error {
	if j.dir == "" || j.path == "" && len(raises) == 0 {
		return nil
	}
	if err := j.open(); err != nil {
		return err
	}
	content, err := json.Marshal(raises)
	if err != nil {
		return err
	}
	return replaceFile(j.path, content)
}

// open takes a name of its own, and its lock.
func (j *streamJournal) open() error {
	if j.path != "" {
		return nil
	}
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return err
	}
	lock, err := os.CreateTemp(j.dir, "*"+lockEnd)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		return err
	}
	j.lock, j.path = lock, strings.TrimSuffix(lock.Name(), lockEnd)+journalEnd
	return nil
}

// close removes the journal of raises that are restored.
func (j *streamJournal) close(restored bool) {
	if j.path == "" {
		return
	}
	if restored {
		os.Remove(j.path)
		os.Remove(j.lock.Name())
	}
	j.lock.Close()
	j.path = ""
}

// orphans calls restore with the raises of each mount that has crashed, and
// forgets those that it restores.
func (j *streamJournal) orphans(restore func([]raise) error) error {
	if j.dir == "" {
		return nil
	}
	locks, err := filepath.Glob(filepath.Join(globEscape(j.dir), "*"+lockEnd))
	if err != nil {
		return err
	}
	var failed error
	for _, path := range locks {
		if err := orphan(path, restore); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", path, err))
		}
	}
	return failed
}

func orphan(path string, restore func([]raise) error) error {
	lock, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil // another mount was quicker
	}
	defer lock.Close()
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return nil // its mount lives
	}
	journal := strings.TrimSuffix(path, lockEnd) + journalEnd
	content, err := os.ReadFile(journal)
	var raises []raise
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(content, &raises); err != nil {
			return err
		}
	}
	if err := restore(raises); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(journal), os.Remove(path))
}

// globEscape makes a path a pattern of itself.
func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
