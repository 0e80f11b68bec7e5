package fs

import (
	"fmt"
	"regexp"
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
	// dropsMax is how many bytes all drops of a tree can have together.
	dropsMax = 512 << 20
	// dropDirs is how many folders can be made below the tags of a tree.
	dropDirs = 10_000
	// dropSweep is how often drops whose time is over are looked for.
	dropSweep = 100 * time.Millisecond
	// dropLines is how many drops add/log tells of at least.
	dropLines = 1000
	// dropReason is how many bytes of a reason it has at most.
	dropReason = 1024
	// dropNumbers is how many inode numbers the drops of a tree have.
	dropNumbers = 1 << 16
)

// A dropTree is the drops of add/ or of add-stopped/, by their path below it,
// and the folders below its tags. It is safe for concurrent use.
type dropTree struct {
	start bool
	path  string // below the root of the mount
	log   *logFile
	inos  *inos

	mu     sync.Mutex // guards the fields below
	byPath map[string]*drop
	dirs   map[string]bool // made below a tag, each with a slash at its end
	known  map[string]*dropDir
	made   int
	bytes  int // of all drops, at the last sweep
	swept  time.Time
}

func newDropTree(d *driver, path string, start bool) *dropTree {
	return &dropTree{start: start, path: path, log: newLogFile(dropLines), inos: d.inos, byPath: map[string]*drop{}, dirs: map[string]bool{}, known: map[string]*dropDir{}}
}

// dir returns the one directory at a path below the tree.
func (t *dropTree) dir(d *driver, below, tag string) *dropDir {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.known[below]
	if a == nil {
		a = &dropDir{d: d, tree: t, path: t.path + below, below: below, tag: tag, ino: d.inos.named(t.path + below)}
		t.known[below] = a
	}
	return a
}

// in returns the drops and the folders of one directory, by name.
func (t *dropTree) in(below string) (drops map[string]*drop, names, dirs []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweep()
	drops = map[string]*drop{}
	for path, d := range t.byPath {
		if name, ok := strings.CutPrefix(path, below); ok && !strings.Contains(name, "/") {
			drops[name] = d
			names = append(names, name)
		}
	}
	for path := range t.dirs {
		name, ok := strings.CutPrefix(path, below)
		if name = strings.TrimSuffix(name, "/"); ok && name != "" && !strings.Contains(name, "/") {
			dirs = append(dirs, name)
		}
	}
	sort.Strings(names)
	sort.Strings(dirs)
	return drops, names, dirs
}

func (t *dropTree) get(path string) *drop {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweep()
	return t.byPath[path]
}

// sweep forgets drops whose time is over. The caller holds mu.
func (t *dropTree) sweep() {
	now := time.Now()
	if now.Sub(t.swept) < dropSweep {
		return
	}
	t.swept, t.bytes = now, 0
	for path, d := range t.byPath {
		size, over := d.expired(now)
		if over {
			delete(t.byPath, path)
			continue
		}
		t.bytes += size
	}
}

func (t *dropTree) create(dir *dropDir, name string) (*drop, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sweep(); t.bytes > dropsMax {
		return nil, fmt.Errorf("%w: drops of %d bytes wait", errTooBig, dropsMax)
	}
	t.made++
	// Numbers come back, each time for another inode.
	ino := t.inos.named(fmt.Sprint(t.path, " drop ", t.made%dropNumbers))
	if t.made >= dropNumbers {
		t.inos.renew(ino)
	}
	d := &drop{dir: dir, name: name, ino: ino, touched: time.Now()}
	t.byPath[dir.below+name] = d
	return d, nil
}

// remove takes a drop out of the tree, nil if there is none.
func (t *dropTree) remove(path string) *drop {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.byPath[path]
	delete(t.byPath, path)
	return d
}

// put gives a drop its place in the tree.
func (t *dropTree) put(d *drop, dir *dropDir, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byPath[dir.below+name] = d
	d.move(dir, name)
}

func (t *dropTree) hasDir(path string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dirs[path]
}

func (t *dropTree) makeDir(path string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.dirs[path]:
		return errExists
	case len(t.dirs) >= dropDirs:
		return fmt.Errorf("%w: %d folders were made, remove some", errTooBig, dropDirs)
	}
	t.dirs[path] = true
	return nil
}

// empty forgets the folders below a directory, and the directory if it was
// made here; it fails while a drop is in it.
func (t *dropTree) empty(path string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p := range t.byPath {
		if strings.HasPrefix(p, path) {
			return fmt.Errorf("%w: %s is there still", errNotEmpty, p)
		}
	}
	for p := range t.dirs {
		if p != path && strings.HasPrefix(p, path) {
			return fmt.Errorf("%w: %s is there still", errNotEmpty, p)
		}
	}
	delete(t.dirs, path)
	delete(t.known, path)
	return nil
}

// report adds a line to the tree's log.
func (t *dropTree) report(h rtorrent.Hash, name string, err error) {
	outcome, reason := "OK", ""
	if err != nil {
		outcome, reason = unix.ErrnoName(errnoOf(err, true)), redact(err.Error())
	}
	if len(reason) > dropReason {
		reason = strings.ToValidUTF8(reason[:dropReason], "") + "…"
	}
	fields := []string{time.Now().UTC().Format(time.RFC3339), outcome, string(h), redact(name), reason}
	for i, f := range fields {
		fields[i] = escapeTSV(f)
	}
	t.log.add(strings.Join(fields, "\t"))
}

// besideName is how sed -i and perl -i call what they write beside a file.
var besideName = regexp.MustCompile(`^(sed|XX)[A-Za-z0-9]{6}$`)

// isTemporary reports whether a name is one under which programs write what
// they rename when it is whole: dot files (rsync, gio), browsers' parts; or
// what editors keep beside a file.
func isTemporary(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") || strings.HasSuffix(name, "~") || besideName.MatchString(name) {
		return true
	}
	for _, suffix := range []string{".part", ".crdownload", ".tmp", ".partial", ".filepart", ".download", ".opdownload"} {
		if strings.HasSuffix(strings.ToLower(name), suffix) {
			return true
		}
	}
	return false
}
