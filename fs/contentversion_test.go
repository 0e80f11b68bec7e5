package fs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent/rtorrenttest"
)

// TestReplacedData replaces the data of a whole file by as many other bytes:
// none of them is shown, before a check finds it and after it.
func TestReplacedData(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			p := newPayload(t, "p", piece, map[string]int{"a": 3 * piece, "b": 2 * piece})
			p.write(t, m.daemon.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			path, data := m.torrent(p.hash, "files", "a"), p.files[0].data
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			held, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer held.Close()

			// Else it could be rTorrent who wrote.
			read := time.Now()
			rtorrenttest.Eventually(t, time.Minute, "some time goes by", func() bool { return time.Since(read) > time.Second })
			onDisk := filepath.Join(m.daemon.Downloads(), "p", "a")
			other := bytes.Clone(data)
			other[piece+1] ^= 0xff
			later := time.Now().Add(time.Hour)
			for what, change := range map[string]func() error{
				"other bytes": func() error {
					return errors.Join(os.WriteFile(onDisk, other, 0o644), os.Chtimes(onDisk, later, later))
				},
				"another size": func() error { return os.WriteFile(onDisk, data[:piece], 0o644) },
				"deleted":      func() error { return os.Remove(onDisk) },
			} {
				if err := change(); err != nil {
					t.Fatal(err)
				}
				if got, err := os.ReadFile(path); !errors.Is(err, syscall.EIO) {
					t.Errorf("%s: %d bytes, %v, want %v", what, len(got), err, syscall.EIO)
				}
				if health := m.read(t, "health"); !strings.Contains(health, "behind rTorrent's back") {
					t.Errorf("%s: health does not tell it:\n%s", what, health)
				}
			}
			if err := os.WriteFile(onDisk, other, 0o644); err != nil {
				t.Fatal(err)
			}
			// Somebody else has it checked: what is right can be read again,
			// through a descriptor that was open all the time, too.
			if err := m.client.CallWrite(t.Context(), nil, "d.check_hash", p.hash); err != nil {
				t.Fatal(err)
			}
			again := fmt.Sprintf("/proc/self/fd/%d", held.Fd())
			for _, path := range []string{path, again} {
				rtorrenttest.Eventually(t, time.Minute, path+" shows what is verified", func() bool {
					got, err := readAt(path, 0, 3*piece)
					if err == nil && !bytes.Equal(got, data[:len(got)]) {
						t.Fatalf("%s: a wrong byte was served", path)
					}
					return err == nil && len(got) == piece
				})
				if got, err := readAt(path, piece, 10); !errors.Is(err, syscall.ENODATA) {
					t.Errorf("%s: the damaged piece: %q, %v, want %v", path, got, err, syscall.ENODATA)
				}
			}
			rtorrenttest.Eventually(t, time.Minute, "the file beside it is checked, too", func() bool {
				got, err := os.ReadFile(m.torrent(p.hash, "files", "b"))
				return err == nil && bytes.Equal(got, p.files[1].data)
			})
			// The same bytes are written again, and it is checked again.
			if err := os.WriteFile(onDisk, data, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := m.client.CallWrite(t.Context(), nil, "d.check_hash", p.hash); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{path, again} {
				rtorrenttest.Eventually(t, time.Minute, path+" is whole again", func() bool {
					got, err := os.ReadFile(path)
					return err == nil && bytes.Equal(got, data)
				})
			}
		})
	}
}

// mapped reads a file by mmap(2), in a program of its own: while a thread of
// ours waits for a page, the runtime of Go can wait for that thread, and so the
// mount, which is in the same process, for itself.
func mapped(path string) ([]byte, error) {
	const script = "import mmap,sys; f = open(sys.argv[1], 'rb'); sys.stdout.buffer.write(mmap.mmap(f.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ)[:])"
	return exec.Command("python3", "-c", script, path).Output()
}

// TestDamagedWhileOpen opens a file in which a check has found damage, by a name
// for which the kernel still has the inode of the whole file, which is open, too.
func TestDamagedWhileOpen(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			d := rtorrenttest.Start(t, version)
			m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{TTL: 10 * time.Millisecond}, Options{TTL: time.Hour})
			p := newPayload(t, "p", piece, map[string]int{"a": 3 * piece})
			p.write(t, d.Downloads())
			m.add(t, "add", p)
			rtorrenttest.Eventually(t, time.Minute, "it is whole", func() bool {
				pieces, err := m.client.Pieces(t.Context(), p.hash)
				return err == nil && pieces.Whole()
			})
			path, data := m.torrent(p.hash, "files", "a"), p.files[0].data
			held, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer held.Close()
			if got, err := mapped(path); err != nil || !bytes.Equal(got, data) {
				t.Fatalf("whole: %d bytes, %v", len(got), err)
			}
			damaged := bytes.Clone(data)
			damaged[piece] ^= 0xff
			if err := os.WriteFile(filepath.Join(d.Downloads(), "p", "a"), damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := m.client.CallWrite(t.Context(), nil, "d.check_hash", p.hash); err != nil {
				t.Fatal(err)
			}
			rtorrenttest.Eventually(t, time.Minute, "the damage is found", func() bool {
				pieces, err := m.cache.Pieces(t.Context(), p.hash)
				return err == nil && pieces.Hashing == 0 && pieces.Known() && !pieces.Has(1)
			})
			if got, err := mapped(path); err == nil {
				t.Errorf("mapped: %d bytes, the same as those of the file: %t; want a failure", len(got), bytes.Equal(got, data))
			}
			if got, err := readAt(path, 0, len(data)); err != nil || !bytes.Equal(got, data[:piece]) {
				t.Errorf("%d bytes, %v, want the %d of the first piece", len(got), err, piece)
			}
		})
	}
}

// TestFileMadeAnew holds a file open that is half there, while it is deleted on
// disk and comes again: what is verified is in the new one.
func TestFileMadeAnew(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m, p := halfThere(t, version, Options{})
			path, data := m.torrent(p.hash, "files", "a"), p.files[0].data
			held, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer held.Close()
			buf := make([]byte, len(data))
			if n, err := held.Read(buf); err != nil || !bytes.Equal(buf[:n], data[:piece]) {
				t.Fatalf("%d bytes, %v, want the first piece", n, err)
			}
			if err := os.Remove(filepath.Join(m.daemon.Downloads(), "p", "a")); err != nil {
				t.Fatal(err)
			}
			p.write(t, m.daemon.Downloads())
			if err := m.client.CallWrite(t.Context(), nil, "d.check_hash", p.hash); err != nil {
				t.Fatal(err)
			}
			m.awaitState(t, p.hash, stateSeeding)
			rtorrenttest.Eventually(t, time.Minute, "all of it can be read", func() bool {
				n, err := held.ReadAt(buf, 0)
				if !bytes.Equal(buf[:n], data[:n]) {
					t.Fatalf("%d bytes, %v, with a wrong one", n, err)
				}
				return err == nil
			})
		})
	}
}

// TestFinishedFileIsAnotherInode reads a file while it is not whole and after.
func TestFinishedFileIsAnotherInode(t *testing.T) {
	m, p := halfThere(t, "0.16", Options{})
	path, data := m.torrent(p.hash, "files", "a"), p.files[0].data
	before, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	p.write(t, m.daemon.Downloads())
	if err := m.client.CallWrite(t.Context(), nil, "d.check_hash", p.hash); err != nil {
		t.Fatal(err)
	}
	m.awaitState(t, p.hash, stateSeeding)
	rtorrenttest.Eventually(t, time.Minute, "it is whole", func() bool {
		info, err := os.Stat(path)
		return err == nil && info.Mode() == 0o444
	})
	after, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer after.Close()
	for what, f := range map[string]*os.File{"opened before": before, "opened after": after} {
		buf := make([]byte, len(data))
		if n, err := f.ReadAt(buf, 0); err != nil || !bytes.Equal(buf, data) {
			t.Errorf("%s: %d bytes, %v, want the %d of the file", what, n, err, len(data))
		}
	}
	one, _ := before.Stat()
	two, _ := after.Stat()
	if !os.SameFile(one, two) {
		t.Errorf("the inode's number changes: %v, %v", one.Sys(), two.Sys())
	}
}
