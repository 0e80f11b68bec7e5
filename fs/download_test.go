package fs

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// A download is a torrent that one rTorrent downloads from another, slowly.
type download struct {
	*mounted
	payload *payload
	peer    string // address of the other
}

// startDownload begins the download of a payload at so many KiB/s.
func startDownload(t *testing.T, version string, p *payload, rate int, o Options) *download {
	t.Helper()
	seed := mountDaemon(t, "0.9.8")
	p.write(t, seed.daemon.Downloads())
	seed.add(t, "add", p)
	seed.awaitState(t, p.hash, stateSeeding)
	d := rtorrenttest.Start(t, version, func(o *rtorrent.DaemonOptions) { o.DownRateKB = rate })
	m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{}, o)
	m.daemon = d
	m.add(t, "add", p)
	m.awaitState(t, p.hash, stateDownloading)
	down := &download{m, p, fmt.Sprintf("127.0.0.1:%d", seed.daemon.PeerPort())}
	down.connect(t)
	return down
}

func (d *download) connect(t *testing.T) {
	t.Helper()
	if err := d.client.CallWrite(t.Context(), nil, "add_peer", d.payload.hash, d.peer); err != nil {
		t.Fatal(err)
	}
}

// awaitProgress waits until a part of the torrent is there.
func (d *download) awaitProgress(t *testing.T, percent int64) {
	t.Helper()
	rtorrenttest.Eventually(t, time.Minute, fmt.Sprintf("%d %% are downloaded", percent), func() bool {
		row, err := d.client.Torrent(t.Context(), d.payload.hash)
		return err == nil && row.CompletedBytes*100 >= percent*row.Size
	})
}

// race reads a file at random offsets until over, and returns how many reads
// were served and refused. A byte that is not the final file's fails the test.
func race(t *testing.T, path string, want []byte, over func() bool) (served, refused int) {
	t.Helper()
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	buf := make([]byte, 3*piece)
	for !over() {
		for range 50 {
			off := rand.IntN(len(want))
			got, err := syscall.Pread(fd, buf[:1+rand.IntN(len(buf))], int64(off))
			switch {
			case errors.Is(err, syscall.EAGAIN):
				refused++
			case errors.Is(err, syscall.EINTR):
			case err != nil || got == 0 || !bytes.Equal(buf[:got], want[off:off+got]):
				t.Fatalf("%d bytes at %d, %v, which are not the file's", got, off, err)
			default:
				served++
			}
		}
	}
	return served, refused
}

// TestReadingADownload reads a file all the time while it is downloaded from
// another rTorrent: a reader that may wait gets all of it, as soon as it is
// there; one that races the download gets no wrong byte, in 15 s on each version.
func TestReadingADownload(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			p := newPayload(t, "p", piece, map[string]int{"": 48*piece + 5})
			m := startDownload(t, version, p, 100, Options{Wait: time.Minute})
			file, data := m.torrent(p.hash, "files", "p"), p.files[0].data
			m.awaitProgress(t, 10)
			var out bytes.Buffer
			sum := exec.Command("sha256sum", file)
			sum.Stdout, sum.Stderr = &out, &out
			if err := sum.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- sum.Wait() }()
			var failed error
			served, refused := race(t, file, data, func() bool {
				select {
				case failed = <-ended:
					return true
				default:
					return false
				}
			})
			if want := fmt.Sprintf("%x", sha256.Sum256(data)); failed != nil || !strings.HasPrefix(out.String(), want) {
				t.Errorf("sha256sum: %v, %q, want %s", failed, out.String(), want)
			}
			row, err := m.client.Torrent(t.Context(), p.hash)
			if err != nil || !row.IsComplete {
				t.Errorf("sha256sum ended before the download did (%v)", err)
			}
			t.Logf("%d reads served, %d refused", served, refused)
			if served == 0 || refused == 0 {
				t.Errorf("%d reads were served and %d refused, want some of each", served, refused)
			}
			if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, data) {
				t.Errorf("the whole file: %d bytes, %v, want the %d of the torrent", len(got), err, len(data))
			}
		})
	}
}
