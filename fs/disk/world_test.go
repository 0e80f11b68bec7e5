package disk

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A world is a directory with torrents that share files, hard links, symbolic
// links and directories with files that are nobody's. Equal seeds make equal
// worlds.
type world struct {
	dir      string
	rng      *rand.Rand
	torrents []*Torrent
}

// worldNames are few, so that torrents meet.
var worldNames = []string{"a", "b", "dir/a", "dir/b", "dir/sub/c", "x y/'q'", "new\nline"}

// fastDir returns a directory on a file system to which nothing must wait for
// a disk, if there is one: a journal is synced at each stage.
func fastDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "rtfs")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func newWorld(t *testing.T, dir string, seed uint64) *world {
	t.Helper()
	w := &world{dir: dir, rng: rand.New(rand.NewPCG(seed, 7))}
	for i := range 2 + w.rng.IntN(3) {
		w.torrents = append(w.torrents, w.torrent(i))
	}
	for _, torrent := range w.torrents {
		for i := range torrent.Files {
			w.must(t, w.place(torrent.local(&torrent.Files[i]), torrent.Files[i].Size))
		}
	}
	for range 3 + w.rng.IntN(6) {
		w.disturb(t)
	}
	return w
}

// torrent makes up one torrent, whose folder may be another's.
func (w *world) torrent(i int) *Torrent {
	t := &Torrent{Hash: fmt.Sprintf("%040X", i+1), Name: fmt.Sprint("T", w.rng.IntN(3))}
	folder := []string{"dl", "dl", "dl2"}[w.rng.IntN(3)]
	t.Base = filepath.Join(w.dir, folder, t.Name)
	if w.rng.IntN(4) == 0 {
		t.Base += ".bin"
		t.Files = []File{{Size: w.size(), Verified: w.rng.IntN(5) > 0}}
		return t
	}
	t.Multi, t.Own = true, true
	if w.rng.IntN(6) == 0 {
		t.Base, t.Own = filepath.Join(w.dir, folder), false
	}
	names := slices.Clone(worldNames)
	w.rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:1+w.rng.IntN(len(names))] {
		t.Files = append(t.Files, File{Path: name, Size: w.size(), Verified: w.rng.IntN(5) > 0, Elsewhere: w.rng.IntN(20) == 0})
	}
	return t
}

func (w *world) size() int64 { return []int64{0, 10, 10, 20, 5000}[w.rng.IntN(5)] }

// place writes a file of random bytes, if nothing is there.
func (w *world) place(path string, size int64) error {
	if _, err := os.Lstat(path); err == nil || w.rng.IntN(10) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(w.rng.Uint32())
	}
	if w.rng.IntN(8) == 0 { // sparse: created, and nothing in it
		clear(content)
	}
	return os.WriteFile(path, content, 0o644)
}

func (w *world) must(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
}

// file picks a path of some torrent's.
func (w *world) file() string {
	t := w.torrents[w.rng.IntN(len(w.torrents))]
	return t.local(&t.Files[w.rng.IntN(len(t.Files))])
}

// disturb does to the disk what users do.
func (w *world) disturb(t *testing.T) {
	t.Helper()
	one, other := w.file(), w.file()
	switch w.rng.IntN(6) {
	case 0: // a hard link to a torrent's file, in nobody's or another's name
		name := filepath.Join(w.dir, "kept", fmt.Sprint(w.rng.IntN(1000)))
		if w.rng.IntN(2) == 0 {
			name = other
			os.Remove(name)
		}
		os.MkdirAll(filepath.Dir(name), 0o755)
		os.Link(one, name)
	case 1: // a symbolic link in the place of a file
		if one != other && os.Remove(one) == nil {
			w.must(t, os.Symlink(other, one))
		}
	case 2: // a folder moved away, and a link in its place
		folder := filepath.Dir(one)
		if away := filepath.Join(w.dir, fmt.Sprint("away", w.rng.IntN(1000))); filepath.Base(folder) != filepath.Base(w.dir) && os.Rename(folder, away) == nil {
			w.must(t, os.Symlink(away, folder))
		}
	case 3: // a file of nobody's
		if info, err := os.Lstat(filepath.Dir(one)); err == nil && info.IsDir() {
			w.must(t, os.WriteFile(filepath.Join(filepath.Dir(one), "foreign"), []byte("foreign"), 0o644))
		}
	case 4: // another size
		if info, err := os.Lstat(one); err == nil && info.Mode().IsRegular() {
			w.must(t, os.Truncate(one, info.Size()+1))
		}
	case 5: // another folder's name for the same folder
		w.must(t, os.MkdirAll(w.dir, 0o755))
		w.must(t, os.Symlink(filepath.Join(w.dir, "dl"), filepath.Join(w.dir, "dl3")))
		if next := *w.torrents[0]; strings.HasPrefix(next.Base, filepath.Join(w.dir, "dl/")) {
			next.Hash = fmt.Sprintf("%040X", 100+len(w.torrents))
			next.Base = filepath.Join(w.dir, "dl3", strings.TrimPrefix(next.Base, filepath.Join(w.dir, "dl")))
			w.torrents = append(w.torrents, &next)
		}
	}
}

// snapshot returns all that is on the disk, by path.
func (w *world) snapshot(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(w.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case e.IsDir():
			all[path] = "dir"
		case e.Type() == fs.ModeSymlink:
			all[path], err = os.Readlink(path)
		default:
			var content []byte
			content, err = os.ReadFile(path)
			all[path] = fmt.Sprintf("file %x", sha1.Sum(content))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// others returns what the torrents but one read, through links as rTorrent
// does.
func (w *world) others(but *Torrent) map[string]string {
	all := map[string]string{}
	for _, t := range w.torrents {
		for i := range t.Files {
			path := t.local(&t.Files[i])
			if content, err := os.ReadFile(path); err == nil && t != but {
				all[t.Hash+path] = string(content)
			}
		}
	}
	return all
}

// difference returns the paths that are gone, changed or new.
func difference(before, after map[string]string) (gone, other []string) {
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if now, ok := after[path]; !ok {
			gone = append(gone, path)
		} else if now != before[path] {
			other = append(other, path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[path]; !ok {
			other = append(other, path)
		}
	}
	return gone, other
}

// A fakeDaemon is rTorrent as far as a job sees it.
type fakeDaemon struct {
	world   *world
	torrent *Torrent
	moved   string // the new base
	base    string
	erased  bool
	blind   bool // it sees another machine's disk
	fail    string
	running bool
}

func newFakeDaemon(w *world, t *Torrent) *fakeDaemon {
	return &fakeDaemon{world: w, torrent: t, base: t.Base, running: true}
}

var errFake = errors.New("refused by the fake")

func (f *fakeDaemon) failing(call string) error {
	if f.fail == call {
		return errFake
	}
	return nil
}

func (f *fakeDaemon) Stop() error {
	f.running = false
	return f.failing("stop")
}

func (f *fakeDaemon) Restart() error {
	f.running = true
	return nil
}

func (f *fakeDaemon) Created() ([]bool, error) {
	t := *f.torrent
	t.Base = f.base
	created := make([]bool, len(t.Files))
	for i := range t.Files {
		info, err := os.Stat(t.local(&t.Files[i]))
		created[i] = f.blind || err == nil && info.Mode().IsRegular()
	}
	return created, f.failing("created")
}

func (f *fakeDaemon) Erase() error {
	if err := f.failing("erase"); err != nil {
		return err
	}
	f.erased = true
	return nil
}

func (f *fakeDaemon) Torrents() ([]*Torrent, error) {
	var all []*Torrent
	for _, t := range f.world.torrents {
		switch {
		case t != f.torrent:
			all = append(all, t)
		case !f.erased:
			now := *t
			now.Base = f.base
			all = append(all, &now)
		}
	}
	return all, f.failing("torrents")
}

func (f *fakeDaemon) Switch(moved bool) error {
	f.base = f.torrent.Base
	if moved {
		f.base = f.moved
		return f.failing("switch")
	}
	return nil
}

func (f *fakeDaemon) Check() error { return f.failing("check") }
