package fs

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtfs/cache"
)

// TestContentFacts reads what a mount tells of a file beside its bytes, and what
// keeps crawlers and backups out.
func TestContentFacts(t *testing.T) {
	m := mountDaemon(t, "0.16")
	elsewhere, err := os.MkdirTemp("/dev/shm", "rtfs-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(elsewhere) })
	for name, folder := range map[string]string{"here": m.daemon.Downloads(), "there": elsewhere} {
		p := newPayload(t, name, piece, map[string]int{"a": 2 * piece})
		p.write(t, folder)
		m.put(t, "directory: "+folder+"\n", "add", "defaults")
		m.add(t, "add", p)
		m.awaitState(t, p.hash, stateSeeding)
		path, onDisk := m.torrent(p.hash, "files", "a"), filepath.Join(folder, name, "a")

		var got, want unix.Statfs_t
		if err := unix.Statfs(path, &got); err != nil {
			t.Fatal(err)
		}
		if err := unix.Statfs(onDisk, &want); err != nil {
			t.Fatal(err)
		}
		if got.Blocks*uint64(got.Frsize) != want.Blocks*uint64(want.Frsize) || got.Files != want.Files || got.Bavail == 0 {
			t.Errorf("%s: statfs tells %+v, want what the data's file system has: %+v", name, got, want)
		}

		before := time.Now().Add(-time.Hour).Truncate(time.Second)
		if err := os.Chtimes(onDisk, before, before); err != nil {
			t.Fatal(err)
		}
		other := mountClient(t, m.client, cache.Options{}, Options{}) // no kernel cache of the old time
		info, err := os.Stat(other.torrent(p.hash, "files", "a"))
		if err != nil || !info.ModTime().Equal(before) || info.Mode() != 0o444 || info.Size() != 2*piece {
			t.Errorf("%s: %+v, %v, want the time %s of the data, mode 444, and the size", name, info, err, before)
		}
	}
	if tag := m.read(t, "CACHEDIR.TAG"); len(tag) < 43 || tag[:43] != "Signature: 8a477f597d28d172789f06886806bc55" {
		t.Errorf("CACHEDIR.TAG has %q", tag)
	}
	if out, status := m.sh(t, "tar --exclude-caches-all -cf - . | tar -tf -"); status != 0 || out != "" {
		t.Errorf("tar without caches: exit status %d, %q, want nothing in the archive", status, out)
	}
	if info, err := os.Stat(m.path(".nomedia")); err != nil || info.Size() != 0 {
		t.Errorf(".nomedia: %+v, %v", info, err)
	}
}
