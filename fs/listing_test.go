package fs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// mountFake mounts a fake with that many torrents.
func mountFake(t *testing.T, n int) (*mounted, []rtorrent.Hash) {
	t.Helper()
	s := rtorrenttest.NewServer(t, rtorrenttest.ServerOptions{})
	s.Fill(n)
	m := mountClient(t, rtorrenttest.Dial(t, s.Endpoint()), cache.Options{}, Options{})
	rows, err := m.client.Torrents(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	hashes := make([]rtorrent.Hash, len(rows))
	for i, row := range rows {
		hashes[i] = row.Hash
	}
	return m, hashes
}

// known returns the inodes in a torrent's directory that the kernel knows.
func (m *mounted) known(h rtorrent.Hash) map[string]*fusefs.Inode {
	torrents := m.tree.root.GetChild("torrents")
	if torrents == nil {
		return nil
	}
	if dir := torrents.GetChild(string(h)); dir != nil {
		return dir.Children()
	}
	return nil
}

// TestListingMakesNoInodes lists torrents' directories by name and type alone,
// and finds a file's attributes when it is looked at.
func TestListingMakesNoInodes(t *testing.T) {
	m, hashes := mountFake(t, 3)
	for _, h := range hashes {
		names := m.controlFiles(t, h)
		if known := m.known(h); len(known) > 0 {
			t.Errorf("after a listing the kernel knows %d of its %d files", len(known), len(names))
		}
		if info, err := os.Stat(m.torrent(h, "priority")); err != nil || info.Size() != 2 {
			t.Errorf("stat of priority: %v, %v", info, err)
		}
		if known := m.known(h); len(known) != 1 {
			t.Errorf("after one stat the kernel knows %d files", len(known))
		}
	}
}

// TestFindMakesNoInodesOfFiles walks a torrent's whole directory by names and
// types: the kernel then knows the directories that it has read, and no file.
func TestFindMakesNoInodesOfFiles(t *testing.T) {
	m, hashes := mountFake(t, 1)
	out, status := m.sh(t, "find torrents/"+string(hashes[0])+" -type f")
	if status != 0 {
		t.Fatal(out)
	}
	walked := map[string]bool{}
	for name, dir := range m.known(hashes[0]) {
		walked[name] = true
		for _, inode := range append(below(nil, dir), dir) {
			if !inode.IsDir() {
				t.Errorf("of %s the kernel knows the file %s", name, inode.Path(nil))
			}
		}
	}
	for _, want := range []string{"files", "file_priority", "file_progress", "file_chunks", "trackers", "peers", "custom"} {
		if !walked[want] || !strings.Contains(out, "/"+want+"/") {
			t.Errorf("find has not been in %s: %s", want, out)
		}
	}
}

// TestListingIsNeverOld lists a directory again and again while files come to
// it and go, with an old listing of it open: the kernel may keep what it has
// read only as long as it is true.
func TestListingIsNeverOld(t *testing.T) {
	m, hashes := mountFake(t, 1)
	dir := m.torrent(hashes[0])
	before := m.listed(t, dir)
	for range 3 {
		old, err := os.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := writeFile(m.torrent(hashes[0], ".swp"), []byte("x")); err != nil {
			t.Fatal(err)
		}
		if got := m.listed(t, dir); !slices.Contains(got, ".swp") || len(got) != len(before)+1 {
			t.Errorf("with a new file in it: %q", got)
		}
		// What the mount does by itself, the kernel knows nothing of.
		m.tree.d.scratches.remove("torrents/" + string(hashes[0]) + "/.swp")
		if names, err := old.Readdirnames(-1); err != nil || len(names) < len(before) {
			t.Errorf("the open listing: %q, %v", names, err)
		}
		if got := m.listed(t, dir); !slices.Equal(got, before) {
			t.Errorf("after it is gone: %q, want %q", got, before)
		}
		old.Close()
		if got := m.listed(t, dir); !slices.Equal(got, before) {
			t.Errorf("once more: %q, want %q", got, before)
		}
	}
	rtorrenttest.Eventually(t, 10*time.Second, "the kernel lists by what it keeps", func() bool {
		asked := m.ops.of("READDIR")
		return slices.Equal(m.listed(t, dir), before) && m.ops.of("READDIR") == asked
	})
}

// listed returns the sorted names in a directory.
func (m *mounted) listed(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// TestKeptNamesAreOfOneListing plays what the kernel may do with open listings.
func TestKeptNamesAreOfOneListing(t *testing.T) {
	const cached, kept = 1 << 3, 1<<3 | 1<<1 // FOPEN_CACHE_DIR, and FOPEN_KEEP_CACHE
	one, two := []entry{{name: "a"}}, []entry{{name: "a"}, {name: "b"}}
	var k keptNames
	open := func(entries []entry, want uint32) {
		t.Helper()
		if flags, keeps := k.open(entries); flags != want || keeps != (want != 0) {
			t.Errorf("flags %#x, keeps %t, want %#x", flags, keeps, want)
		}
	}
	open(one, cached)
	open(one, kept)
	open(two, 0) // the others may still put their names there
	k.release()
	open(two, 0)
	open(one, kept)
	k.release()
	k.release()
	open(two, cached)
	open(two, kept)
}

// TestAbsentNamesAreKept looks for what is never there as shells and file
// managers do: the mount is asked once. What can come is looked for each time.
func TestAbsentNamesAreKept(t *testing.T) {
	m, hashes := mountFake(t, 1)
	for _, c := range []struct {
		path    string
		lookups int64
	}{
		{m.torrent(hashes[0], ".git"), 1},
		{m.path(".hidden"), 1},
		{m.path("torrents", "desktop.ini"), 1},
		{m.path("torrents", strings.Repeat("0", 40)), 10},
		{m.path("by-name", ".git"), 10},
	} {
		var st syscall.Stat_t
		if err := syscall.Lstat(filepath.Dir(c.path), &st); err != nil {
			t.Fatal(err)
		}
		before := m.ops.of("LOOKUP")
		for range 10 {
			if err := syscall.Lstat(c.path, &st); err != syscall.ENOENT {
				t.Errorf("%s: %v", c.path, err)
			}
		}
		// One of the directory too, if the machine was slow.
		if got := m.ops.of("LOOKUP") - before; got < c.lookups || got > c.lookups+3 {
			t.Errorf("%s was looked up %d times for 10 questions, want %d", c.path, got, c.lookups)
		}
	}
	if err := writeFile(m.torrent(hashes[0], ".git"), nil); err != nil {
		t.Errorf("a file of a name that was absent: %v", err)
	}
	if names := m.listed(t, m.torrent(hashes[0])); !slices.Contains(names, ".git") {
		t.Errorf("it is not listed: %q", names)
	}
}

// ops counts what the kernel asks of a mount. It is safe for concurrent use.
type ops struct {
	fuse.RawFileSystem
	mu     sync.Mutex
	counts map[string]int64
}

func (o *ops) count(op string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counts[op]++
}

func (o *ops) of(op string) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts[op]
}

func (o *ops) Lookup(cancel <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	o.count("LOOKUP")
	return o.RawFileSystem.Lookup(cancel, h, name, out)
}

func (o *ops) GetAttr(cancel <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	o.count("GETATTR")
	return o.RawFileSystem.GetAttr(cancel, in, out)
}

func (o *ops) Open(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	o.count("OPEN")
	return o.RawFileSystem.Open(cancel, in, out)
}

func (o *ops) Read(cancel <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	o.count("READ")
	return o.RawFileSystem.Read(cancel, in, buf)
}

func (o *ops) ReadDir(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	o.count("READDIR")
	return o.RawFileSystem.ReadDir(cancel, in, out)
}

func (o *ops) ReadDirPlus(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	o.count("READDIR")
	return o.RawFileSystem.ReadDirPlus(cancel, in, out)
}
