package fs

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// A mounted is a tree on a mount point of its own, and what is behind it.
type mounted struct {
	dir    string
	client *rtorrent.Client
	cache  *cache.Cache
	daemon *rtorrent.Daemon // nil where a fake is behind it
	tree   *Tree
	ops    *ops
	env    []string // of the shells that sh runs
}

// mountDaemon mounts a new private rTorrent.
func mountDaemon(t *testing.T, version string, daemonOpts ...func(*rtorrent.DaemonOptions)) *mounted {
	t.Helper()
	d := rtorrenttest.Start(t, version, daemonOpts...)
	m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{}, Options{})
	m.daemon = d
	return m
}

// mountClient mounts what a client talks to.
func mountClient(t *testing.T, client *rtorrent.Client, co cache.Options, o Options) *mounted {
	t.Helper()
	return mountKernel(t, client, co, o, MountOptions{})
}

// mountKernel is mountClient with options for the kernel.
func mountKernel(t *testing.T, client *rtorrent.Client, co cache.Options, o Options, kernel MountOptions) *mounted {
	t.Helper()
	dir := rtorrenttest.ShortDir(t)
	c := cache.New(client, co)
	if o.DataUID == 0 {
		o.DataUID = -1
	}
	o.Server, o.Version = "test", "test"
	kernel.Source, kernel.Direct = "test", os.Geteuid() == 0
	tree := New(c, o)
	asked := &ops{counts: map[string]int64{}}
	tree.wrap = func(raw fuse.RawFileSystem) fuse.RawFileSystem {
		asked.RawFileSystem = raw
		return asked
	}
	server, err := tree.Mount(dir, kernel)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if server.Unmount() != nil {
			// Somebody holds it: it must not hold the test run.
			if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
				exec.Command("fusermount3", "-uz", dir).Run()
			}
		}
		tree.Close()
	})
	return &mounted{dir: dir, client: client, cache: c, tree: tree, ops: asked}
}

// path returns a path below the mount point.
func (m *mounted) path(elem ...string) string {
	return filepath.Join(append([]string{m.dir}, elem...)...)
}

// torrent returns a path in a torrent's directory.
func (m *mounted) torrent(h rtorrent.Hash, elem ...string) string {
	return m.path(append([]string{"torrents", string(h)}, elem...)...)
}

// read returns a file's text.
func (m *mounted) read(t *testing.T, elem ...string) string {
	t.Helper()
	b, err := os.ReadFile(m.path(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// setenv sets a variable of the shells that sh runs: not of the test's own
// environment, which the tests that run beside it share.
func (m *mounted) setenv(key, value string) { m.env = append(m.env, key+"="+value) }

// sh runs a shell script in the mount point, and returns what it printed and
// its exit status.
func (m *mounted) sh(t *testing.T, script string) (output string, status int) {
	t.Helper()
	// The shell changes to the mount by itself: a child that does so between
	// fork and exec waits for us, while the Go runtime waits for its exec.
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "cd "+m.dir+"; "+script)
	cmd.Env = append(os.Environ(), m.env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatalf("%s: %v", script, err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// writeFile writes a file of a mount. No program is started meanwhile: its
// copy of the descriptor is closed between fork and exec, which waits for us to
// answer, while the Go runtime waits for that exec.
func writeFile(path string, content []byte) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, content, 0o644)
}

// A payload is a torrent of random bytes, and those bytes.
type payload struct {
	name    string
	files   []payloadFile
	torrent []byte
	hash    rtorrent.Hash
}

// A payloadFile is one file of a payload.
type payloadFile struct {
	path []string
	data []byte
}

// newPayload makes a torrent with files of the given sizes; one file of no
// path makes a torrent of a single file. Its tracker refuses connections.
func newPayload(t *testing.T, name string, pieceLength int64, sizes map[string]int) *payload {
	t.Helper()
	p := &payload{name: name}
	var files []rtorrent.MakeFile
	for _, path := range slices.Sorted(maps.Keys(sizes)) {
		data := make([]byte, sizes[path])
		rand.Read(data)
		var components []string
		if path != "" {
			components = strings.Split(path, "/")
		}
		p.files = append(p.files, payloadFile{components, data})
		files = append(files, rtorrent.MakeFile{Path: components, Length: int64(len(data)), Data: bytes.NewReader(data)})
	}
	var err error
	p.torrent, err = rtorrent.MakeMetainfo(name, files, pieceLength, "http://127.0.0.1:9/announce")
	if err != nil {
		t.Fatal(err)
	}
	m, err := rtorrent.ParseMetainfo(p.torrent)
	if err != nil {
		t.Fatal(err)
	}
	p.hash = m.Hash
	return p
}

// write puts the data where rTorrent looks for it.
func (p *payload) write(t *testing.T, downloads string) {
	t.Helper()
	for _, f := range p.files {
		path := filepath.Join(append([]string{downloads, p.name}, f.path...)...)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// file writes the .torrent to a file outside the mount and returns its path.
func (p *payload) file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), fmt.Sprintf("%.40q.torrent", p.name))
	if err := os.WriteFile(path, p.torrent, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// add drops the .torrent into add/ or add-stopped/.
func (m *mounted) add(t *testing.T, dir string, p *payload) {
	t.Helper()
	if err := writeFile(m.path(dir, string(p.hash)+".torrent"), p.torrent); err != nil {
		t.Fatalf("%v\n%s", err, m.read(t, dir, "log"))
	}
}

// awaitState waits until a torrent is in a state.
func (m *mounted) awaitState(t *testing.T, h rtorrent.Hash, want string) {
	t.Helper()
	rtorrenttest.Eventually(t, 15*time.Second, string(h)+" is "+want, func() bool {
		b, err := os.ReadFile(m.torrent(h, "state"))
		return err == nil && strings.TrimSpace(string(b)) == want
	})
}
