package fs

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"rtfs/rtorrent"
)

const (
	// dropKeep is how long a drop stays visible after it was loaded or
	// refused: file managers stat, chmod and utimens it after close(2).
	dropKeep = 10 * time.Second
	// dropWait is how long one waits that is not finished.
	dropWait = 10 * time.Minute
	// dropMax is how many bytes a drop can have: more than any rTorrent takes.
	dropMax = 64 << 20
	// dropsMax is how many bytes all drops can have together.
	dropsMax = 512 << 20
)

// drops are the two directories that take .torrent files. What they share is
// which torrents are being loaded. It is safe for concurrent use.
type drops struct {
	started, stopped *dropSet

	mu      sync.Mutex             // guards the fields below
	loading map[rtorrent.Hash]bool // by a drop under way
	partial map[rtorrent.Hash]bool // loaded, but not what follows the load
}

func newDrops(d *driver) *drops {
	return &drops{
		started: newDropSet(d, true),
		stopped: newDropSet(d, false),
		loading: map[rtorrent.Hash]bool{},
		partial: map[rtorrent.Hash]bool{},
	}
}

func (d *drops) set(start bool) *dropSet {
	if start {
		return d.started
	}
	return d.stopped
}

// begin reserves a torrent for one drop, and reports whether a drop before it
// was cut off behind its load.
func (d *drops) begin(h rtorrent.Hash) (partial bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.loading[h] {
		return false, fmt.Errorf("%w: another drop of it is under way", errExists)
	}
	d.loading[h] = true
	return d.partial[h], nil
}

// end gives the torrent free again.
func (d *drops) end(h rtorrent.Hash, partial bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.loading, h)
	delete(d.partial, h)
	if partial {
		d.partial[h] = true
	}
}

// forget forgets that a torrent was loaded in part, since it was erased.
func (d *drops) forget(h rtorrent.Hash) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.partial, h)
}

// A dropSet is the drops of one directory. It is safe for concurrent use.
type dropSet struct {
	start bool
	log   *logFile
	inos  *inos
	path  string

	mu     sync.Mutex // guards the fields below
	byName map[string]*drop
	made   int
}

func newDropSet(d *driver, start bool) *dropSet {
	return &dropSet{start: start, log: newLogFile(), inos: d.inos, path: fmt.Sprintf("drops %t", start), byName: map[string]*drop{}}
}

// all returns the visible drops by name.
func (s *dropSet) all() []*drop {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	all := make([]*drop, 0, len(s.byName))
	for _, d := range s.byName {
		all = append(all, d)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].label() < all[j].label() })
	return all
}

func (s *dropSet) get(name string) *drop {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	return s.byName[name]
}

// expire forgets drops whose time is over. The caller holds mu.
func (s *dropSet) expire() (bytes int) {
	now := time.Now()
	for name, d := range s.byName {
		size, over := d.expired(now)
		if over {
			delete(s.byName, name)
		}
		bytes += size
	}
	return bytes
}

func (s *dropSet) create(name string) (*drop, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.expire() > dropsMax {
		return nil, fmt.Errorf("%w: drops of %d bytes wait", errTooBig, dropsMax)
	}
	s.made++
	d := &drop{name: name, ino: s.inos.named(fmt.Sprint(s.path, s.made)), touched: time.Now()}
	s.byName[name] = d
	return d, nil
}

func (s *dropSet) remove(name string) *drop {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.byName[name]
	delete(s.byName, name)
	return d
}

func (s *dropSet) rename(name, newName string, replace bool) (*drop, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, there := s.byName[name], s.byName[newName] != nil
	switch {
	case d == nil:
		return nil, errNoEntry
	case there && !replace:
		return nil, errExists
	}
	delete(s.byName, name)
	s.byName[newName] = d
	d.rename(newName)
	return d, nil
}

// report adds a line to the directory's log.
func (s *dropSet) report(h rtorrent.Hash, name string, err error) {
	outcome, reason := "OK", ""
	if err != nil {
		outcome, reason = unix.ErrnoName(errnoOf(err, true)), redact(err.Error())
	}
	fields := []string{time.Now().UTC().Format(time.RFC3339), outcome, string(h), name, reason}
	for i, f := range fields {
		fields[i] = escapeTSV(f)
	}
	s.log.add(strings.Join(fields, "\t"))
}

// A drop is one file in a dropSet. It is safe for concurrent use.
type drop struct {
	ino uint64

	mu      sync.Mutex // guards the fields below
	name    string
	content []byte
	due     bool  // the content was not tried yet
	outcome error // of the last try
	settled bool  // it was tried
	told    bool  // that its end is missing is in the logs
	touched time.Time
}

func (d *drop) rename(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.name = name
	d.touched = time.Now()
}

func (d *drop) label() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.name
}

func (d *drop) expired(now time.Time) (size int, over bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	keep := dropWait
	if d.settled && !d.due {
		keep = dropKeep
	}
	return len(d.content), now.Sub(d.touched) > keep
}

// write puts bytes at an offset.
func (d *drop) write(data []byte, off int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	end := off + int64(len(data))
	if off < 0 || end > dropMax {
		return errTooBig
	}
	if grow := end - int64(len(d.content)); grow > 0 {
		d.content = append(d.content, make([]byte, grow)...)
	}
	copy(d.content[off:], data)
	d.due, d.touched = true, time.Now()
	return nil
}

func (d *drop) truncate(size int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if size > dropMax {
		return errTooBig
	}
	if size == int64(len(d.content)) {
		return nil // rsync and browsers set the size that is there
	}
	next := make([]byte, size)
	copy(next, d.content)
	d.content, d.due, d.touched = next, size > 0, time.Now()
	return nil
}

// read returns a copy of at most n bytes from off on.
func (d *drop) read(off int64, n int) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]byte(nil), window(d.content, off, n)...)
}

func (d *drop) stat() (size, mtime int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(len(d.content)), d.touched.Unix()
}

// take returns the content, and whether it is due to be tried: it is new, its
// name is not a temporary one, and it is no empty placeholder.
func (d *drop) take() (content []byte, name string, outcome error, due bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	due = d.due && len(d.content) > 0 && !isTemporary(d.name)
	if due {
		d.due, d.told = false, false
		content = append(content, d.content...)
	}
	return content, d.name, d.outcome, due
}

func (d *drop) settle(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.outcome, d.settled, d.touched = err, true, time.Now()
}

// untold reports whether the outcome has no line in the logs yet; the caller
// writes it.
func (d *drop) untold() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	untold := !d.told
	d.told = true
	return untold
}
