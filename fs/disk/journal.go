package disk

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A Record is what a journal keeps of one delete or move, so that the next
// mount can tell what a crash has left.
type Record struct {
	Kind   string   `json:"kind"` // KindDelete, KindMove or KindCopy
	Stage  string   `json:"stage"`
	Server string   `json:"server"`
	Hash   string   `json:"hash"`
	Name   path     `json:"name"`
	Files  []Change `json:"files"`
	// Probe is a file that is renamed and renamed back.
	Probe []Change `json:"probe,omitempty"`
	// Staging is the directory of unfinished copies.
	Staging path `json:"staging,omitempty"`
	// OldDirectory and NewDirectory are what a move writes to directory.
	OldDirectory path `json:"old_directory,omitempty"`
	NewDirectory path `json:"new_directory,omitempty"`
}

// A Change is a file's path before and after, from here.
type Change struct {
	From path `json:"from"`
	To   path `json:"to"`
}

// A path is bytes that need not be UTF-8, which JSON would replace.
type path []byte

// The kinds of records, and the stages that matter behind a crash.
const (
	KindDelete = "delete"
	KindMove   = "move" // by renames
	KindCopy   = "copy" // a move to another file system

	StageBegun    = "begun"
	StageKept     = "kept"     // a delete that ends in its boxes
	StageSwitched = "switched" // rTorrent was told the new directory
)

// NewRecord returns a record at its first stage.
func NewRecord(kind, server string, t *Torrent, files []Moved) Record {
	r := Record{Kind: kind, Stage: StageBegun, Server: server, Hash: t.Hash, Name: path(t.Name)}
	for _, f := range files {
		r.Files = append(r.Files, Change{path(f.From), path(f.To)})
	}
	return r
}

// A Journal is the record of one job, in a file, that is locked while the job
// is under way.
type Journal struct {
	path string // without its ending
	lock *os.File
	hook Hook

	closed bool
}

// ErrRunning says that a job about the torrent is under way, here or in
// another mount; ErrInterrupted that one was interrupted and left something.
var (
	ErrRunning     = errors.New("another delete or move of this torrent is under way")
	ErrInterrupted = errors.New("a delete or move of this torrent was interrupted")
)

// OpenJournal begins the journal of a job on a torrent.
func OpenJournal(dir, server, hash string, hook Hook) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	j, err := lockJournal(filepath.Join(dir, journalName(server, hash)), hook)
	if err != nil {
		return nil, err
	}
	if old, err := j.read(); err == nil {
		if l := old.leftover(j.path); l != nil {
			j.Close()
			return nil, fmt.Errorf("%w: %s", ErrInterrupted, l.Text)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		j.Close()
		return nil, err
	}
	return j, nil
}

// journalName keeps apart the torrents of several servers.
func journalName(server, hash string) string {
	return fmt.Sprintf("%s-%x", hash, sha256.Sum256([]byte(server)))[:40+9]
}

func lockJournal(path string, hook Hook) (*Journal, error) {
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		if err == unix.EWOULDBLOCK {
			err = ErrRunning
		}
		return nil, err
	}
	// Whoever had it may have removed it meanwhile.
	here, err := os.Stat(path + ".lock")
	if held, failed := lock.Stat(); err != nil || failed != nil || !os.SameFile(here, held) {
		lock.Close()
		return nil, ErrRunning
	}
	return &Journal{path: path, lock: lock, hook: hook}, nil
}

func (j *Journal) read() (*Record, error) {
	content, err := os.ReadFile(j.path + ".json")
	if err != nil {
		return nil, err
	}
	r := &Record{}
	if err := json.Unmarshal(content, r); err != nil {
		return nil, fmt.Errorf("%s.json: %w", j.path, err)
	}
	return r, nil
}

// Write puts the record on the disk, in the place of the one before.
func (j *Journal) Write(r Record) error {
	content, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if j.hook != nil {
		if err := j.hook("journal", j.path); err != nil {
			return err
		}
	}
	if err := writeSynced(j.path+".tmp", content, 0o600); err != nil {
		return err
	}
	if err := os.Rename(j.path+".tmp", j.path+".json"); err != nil {
		return err
	}
	return syncDir(filepath.Dir(j.path))
}

// Remove removes the record: nothing is left of the job.
func (j *Journal) Remove() error {
	if j.hook != nil {
		if err := j.hook("journal end", j.path); err != nil {
			return err
		}
	}
	for _, ending := range []string{".undo.sh", ".finish.sh", ".json"} {
		if err := os.Remove(j.path + ending); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Close ends the lock. The record stays, if Remove was not called.
func (j *Journal) Close() {
	if _, err := os.Lstat(j.path + ".json"); errors.Is(err, fs.ErrNotExist) && !j.closed {
		os.Remove(j.path + ".lock")
	}
	j.closed = true
	j.lock.Close()
}

func writeSynced(path string, content []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

func syncDir(path string) error {
	d, err := openTop(path, nil)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.sync()
}
