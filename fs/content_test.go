package fs

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent/rtorrenttest"
)

// piece is the piece length of the torrents in these tests, in bytes.
const piece = 32768

// readAt reads n bytes of a file from off on, in one read(2).
func readAt(path string, off int64, n int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	buf := make([]byte, n)
	for {
		got, err := syscall.Pread(int(f.Fd()), buf, off)
		if err != syscall.EINTR { // a signal of the runtime's
			return buf[:max(got, 0)], err
		}
	}
}

// TestPartialContent has a torrent of which some pieces are right on disk, one
// is corrupt and one is zeros.
func TestPartialContent(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			p := newPayload(t, "p", piece, map[string]int{"": 5*piece - 1000})
			p.write(t, m.daemon.Downloads())
			onDisk := filepath.Join(m.daemon.Downloads(), "p")
			data := p.files[0].data
			damaged := bytes.Clone(data)
			damaged[piece+7] ^= 0xff
			clear(damaged[3*piece : 4*piece])
			if err := os.WriteFile(onDisk, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateDownloading)
			file := m.torrent(p.hash, "files", "p")

			for i := range int64(5) {
				end := min((i+1)*piece, int64(len(data)))
				got, err := readAt(file, i*piece, int(end-i*piece))
				switch {
				case i == 1 || i == 3:
					if !errors.Is(err, syscall.ENODATA) {
						t.Errorf("piece %d: %d bytes, %v, want %v", i, len(got), err, syscall.ENODATA)
					}
				case err != nil || !bytes.Equal(got, data[i*piece:end]):
					t.Errorf("piece %d: %d bytes, %v, want it right", i, len(got), err)
				}
			}
			// A read that begins in a verified piece ends where that does.
			for _, off := range []int64{0, 100, piece - 1, 2 * piece, 3*piece - 1} {
				want := data[off : (off/piece+1)*piece]
				if got, err := readAt(file, off, 2*piece); err != nil || !bytes.Equal(got, want) {
					t.Errorf("2 pieces from %d on: %d bytes, %v, want the %d up to the piece's end", off, len(got), err, len(want))
				}
			}
			if got, err := readAt(file, 5*piece, 10); err != nil || len(got) != 0 {
				t.Errorf("behind the end: %d bytes, %v, want none", len(got), err)
			}
			if out, status := m.sh(t, "cat "+file+" | cmp -n 32768 - "+onDisk); status != 0 {
				t.Errorf("cat of a file that is not whole brings other bytes: %s", out)
			}
			m.wantBlocks(t, file, int64(len(data)), (3*piece)/512)

			// Closed, nothing is known of it.
			m.put(t, "stop\n", "torrents", string(p.hash), "state")
			if got, err := readAt(file, 0, 10); !errors.Is(err, syscall.ENODATA) {
				t.Errorf("closed and not complete: %q, %v, want %v", got, err, syscall.ENODATA)
			}
		})
	}
}

// wantBlocks fails unless a file shows that size, and that many blocks of 512
// bytes, to a piece's precision.
func (m *mounted) wantBlocks(t *testing.T, path string, size, blocks int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	stat, _ := info.Sys().(*syscall.Stat_t)
	if info.Size() != size || stat.Blocks > blocks || stat.Blocks < blocks-piece/512 {
		t.Errorf("size %d and %d blocks, want %d and %d", info.Size(), stat.Blocks, size, blocks)
	}
}

// TestCompleteContent serves a complete torrent, open and closed, and tells
// what was done to its data behind rTorrent's back.
func TestCompleteContent(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			var said rtorrenttest.Output
			d := rtorrenttest.Start(t, version)
			m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{}, Options{Log: slog.New(slog.NewTextHandler(&said, nil))})
			p := newPayload(t, "p", piece, map[string]int{"a": 3 * piece, "sub/b": 70_000, "sub/empty": 0})
			p.write(t, d.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			right := func() {
				t.Helper()
				for _, f := range p.files {
					path := m.torrent(p.hash, append([]string{"files"}, f.path...)...)
					if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, f.data) {
						t.Errorf("%s: %d bytes, %v, want the %d of the torrent", path, len(got), err, len(f.data))
					}
				}
			}
			right()
			m.wantBlocks(t, m.torrent(p.hash, "files", "a"), 3*piece, 3*piece/512)
			m.put(t, "stop\n", "torrents", string(p.hash), "state")
			right()

			// As root, only files of rTorrent's user are shown.
			other := mountClient(t, m.client, cache.Options{}, Options{DataUID: int64(os.Getuid()) + 4242})
			if got, err := os.ReadFile(other.torrent(p.hash, "files", "a")); !errors.Is(err, syscall.EPERM) {
				t.Errorf("a file of another user: %d bytes, %v, want %v", len(got), err, syscall.EPERM)
			}
			// Where rTorrent sees other paths, they are mapped.
			elsewhere := filepath.Join(t.TempDir(), "elsewhere")
			if err := os.Rename(d.Downloads(), elsewhere); err != nil {
				t.Fatal(err)
			}
			path := m.torrent(p.hash, "files", "a")
			if _, err := os.ReadFile(path); !errors.Is(err, syscall.EREMOTE) {
				t.Errorf("data that is not here: %v, want %v", err, syscall.EREMOTE)
			}
			if health := m.read(t, "health"); !strings.Contains(health, "--map") {
				t.Errorf("health gives no hint:\n%s", health)
			}
			mapped := mountClient(t, m.client, cache.Options{}, Options{Maps: []PathMap{{Remote: d.Downloads(), Local: elsewhere}}})
			if got, err := os.ReadFile(mapped.torrent(p.hash, "files", "a")); err != nil || !bytes.Equal(got, p.files[0].data) {
				t.Errorf("mapped: %d bytes, %v, want those of the torrent", len(got), err)
			}
			if err := os.Rename(elsewhere, d.Downloads()); err != nil {
				t.Fatal(err)
			}

			// A folder that is gone is no matter of maps alone.
			if err := os.Rename(filepath.Join(d.Downloads(), "p"), elsewhere); err != nil {
				t.Fatal(err)
			}
			if _, err := os.ReadFile(path); !errors.Is(err, syscall.EIO) {
				t.Errorf("a folder that is gone: %v, want %v", err, syscall.EIO)
			}
			if health := m.read(t, "health"); !strings.Contains(health, "it was deleted") {
				t.Errorf("health does not say what is wrong:\n%s", health)
			}
			if err := os.Rename(elsewhere, filepath.Join(d.Downloads(), "p")); err != nil {
				t.Fatal(err)
			}

			if err := os.Truncate(filepath.Join(d.Downloads(), "p", "a"), piece); err != nil {
				t.Fatal(err)
			}
			if got, err := readAt(path, 0, 3*piece); !errors.Is(err, syscall.EIO) {
				t.Errorf("cut behind rTorrent's back: %d bytes, %v, want %v", len(got), err, syscall.EIO)
			}
			if !strings.Contains(said.String(), "level=ERROR") || !strings.Contains(said.String(), "behind rTorrent's back") {
				t.Errorf("the log has no line about it:\n%s", said.String())
			}
			if health := m.read(t, "health"); !strings.Contains(health, "behind rTorrent's back") {
				t.Errorf("health does not tell it:\n%s", health)
			}
		})
	}
}

// TestContentIsNeverFromOutside replaces the files of a complete torrent by
// ways out of it, and by what blocks or never ends.
func TestContentIsNeverFromOutside(t *testing.T) {
	const size = 1000
	ways := map[string]func(path string) error{
		"passwd":   func(path string) error { return os.Symlink("/etc/passwd", path) },
		"up":       func(path string) error { return os.Symlink("..", path) },
		"relative": func(path string) error { return os.Symlink("../secret", path) },
		"dir/file": func(path string) error { return replaceFolder(path, "/etc") },
		"sib/file": func(path string) error { return replaceFolder(path, "../other") },
		"fifo":     func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"folder":   func(path string) error { return os.Mkdir(path, 0o755) },
	}
	if os.Geteuid() == 0 {
		ways["zero"] = func(path string) error { return syscall.Mknod(path, syscall.S_IFCHR|0o666, 1<<8|5) }
	}
	sizes := map[string]int{"real": size}
	for name := range ways {
		sizes[name] = size
	}
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			downloads := m.daemon.Downloads()
			p := newPayload(t, "p", piece, sizes)
			p.write(t, downloads)
			secret := bytes.Repeat([]byte("secret "), 200)
			for _, path := range []string{"secret", "other/file"} {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(downloads, path)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(downloads, path), secret, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			m.put(t, "stop\n", "torrents", string(p.hash), "state")
			for name, way := range ways {
				path := filepath.Join(downloads, "p", name)
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				if err := way(path); err != nil {
					t.Fatal(err)
				}
			}
			for name := range ways {
				path := m.torrent(p.hash, "files", name)
				out, status := m.bounded(t, 5*time.Second, fmt.Sprintf("stat -c %%s '%s' && head -c 100 '%s'", path, path))
				if status == 0 || strings.TrimSpace(strings.SplitN(out, "\n", 2)[0]) != fmt.Sprint(size) ||
					!strings.Contains(out, "Operation not permitted") || strings.Contains(out, "secret ") || strings.Contains(out, "root:") {
					t.Errorf("%s: exit status %d, %q, want the torrent's size and Operation not permitted", name, status, out)
				}
			}
			if got, err := os.ReadFile(m.torrent(p.hash, "files", "real")); err != nil || len(got) != size {
				t.Errorf("the file beside them: %d bytes, %v", len(got), err)
			}
		})
	}
}

// replaceFolder puts a link in the place of the folder that path is in.
func replaceFolder(path, target string) error {
	folder := filepath.Dir(path)
	if err := os.Remove(folder); err != nil {
		return err
	}
	return os.Symlink(target, folder)
}
