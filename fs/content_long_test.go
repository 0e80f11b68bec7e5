//go:build long

package fs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestRacingADownload reads at random for ten minutes while it is downloaded.
func TestRacingADownload(t *testing.T) {
	const rate, minutes = 100, 10
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			p := newPayload(t, "p", piece, map[string]int{"": rate << 10 * 60 * minutes})
			m := startDownload(t, version, p, rate, Options{Wait: time.Second})
			served, refused := race(t, m.torrent(p.hash, "files", "p"), p.files[0].data, func() bool {
				time.Sleep(10 * time.Millisecond)
				row, err := m.client.Torrent(t.Context(), p.hash)
				return err == nil && row.IsComplete
			})
			t.Logf("%d reads served, %d refused, none with a wrong byte", served, refused)
		})
	}
}

// TestWaitersGoAtOnce ends programs that wait, and unmounts under them.
func TestWaitersGoAtOnce(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		m, p := halfThere(t, version, Options{Wait: 10 * time.Minute})
		a := m.torrent(p.hash, "files", "a")
		for _, argv := range [][]string{{"cat", a}, {"python3", "-c", "import sys; open(sys.argv[1],'rb').read()", a}, {"dd", "of=/dev/null", "bs=1M", "if=" + a}} {
			for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
				w := startWaiter(t, argv...)
				within(t, time.Second, fmt.Sprintf("%s after %s", argv[0], signal), func() error {
					w.cmd.Process.Signal(signal)
					w.end(t)
					return nil
				})
			}
		}
		w := startWaiter(t, "cat", a)
		within(t, 5*time.Second, "unmounting", func() error {
			m.tree.Wake()
			w.end(t)
			return exec.Command("fusermount3", "-u", m.dir).Run()
		})
	}
}

// residentNow is the memory of this process, in bytes.
func residentNow(t *testing.T) int64 {
	t.Helper()
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "RssAnon:")
	kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// TestThousandWaiters lets a thousand readers wait, each with a megabyte.
func TestThousandWaiters(t *testing.T) {
	const readers = 1000
	for _, version := range rtorrenttest.Versions() {
		m, p := halfThere(t, version, Options{Wait: 10 * time.Minute})
		before := residentNow(t)
		script := `
import os, sys, threading
threading.stack_size(65536)
f = os.open(sys.argv[1], os.O_RDONLY)
for i in range(` + strconv.Itoa(readers) + `):
    threading.Thread(target=lambda: os.pread(f, 1 << 20, 32768), daemon=True).start()
threading.Event().wait()`
		w := startWaiter(t, "python3", "-c", script, m.torrent(p.hash, "files", "a"))
		rtorrenttest.Eventually(t, time.Minute, "all wait", func() bool {
			tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", w.cmd.Process.Pid))
			return err == nil && len(tasks) == readers+1
		})
		within(t, 10*time.Second, "reading another file", func() error {
			if _, err := readAt(m.torrent(p.hash, "files", "b"), 0, piece); err != nil {
				return err
			}
			_, err := os.ReadFile(m.path("list.tsv"))
			return err
		})
		grown := residentNow(t) - before
		t.Logf("%s: %d waiting readers take %.1f MB", version, readers, float64(grown)/1e6)
		if grown > 64<<20 {
			t.Errorf("%d waiting readers take %d bytes", readers, grown)
		}
		w.cmd.Process.Kill()
		w.end(t)
	}
}

// TestPlayingADownload plays a film while it is downloaded.
func TestPlayingADownload(t *testing.T) {
	film := filepath.Join(t.TempDir(), "film.mkv")
	if out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=25:duration=30", "-f", "lavfi", "-i", "sine=duration=30",
		"-c:v", "mpeg4", "-b:v", "600k", "-c:a", "aac", film).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	data, err := os.ReadFile(film)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			p := newPayload(t, "p", piece, map[string]int{"film.mkv": len(data), "other": 2 * len(data)})
			p.files[0].data = data
			files := []rtorrent.MakeFile{}
			for _, f := range p.files {
				files = append(files, rtorrent.MakeFile{Path: f.path, Length: int64(len(f.data)), Data: bytes.NewReader(f.data)})
			}
			if p.torrent, err = rtorrent.MakeMetainfo("p", files, piece, "http://127.0.0.1:9/announce"); err != nil {
				t.Fatal(err)
			}
			info, err := rtorrent.ParseMetainfo(p.torrent)
			if err != nil {
				t.Fatal(err)
			}
			p.hash = info.Hash
			m := startDownload(t, version, p, 250, Options{Wait: 5 * time.Minute, Stream: true})
			path := m.torrent(p.hash, "files", "film.mkv")
			begun := time.Now()
			out, status := m.sh(t, "ffprobe -v error -show_entries stream=codec_name -of csv=p=0 "+path)
			if status != 0 || !strings.Contains(out, "mpeg4") || !strings.Contains(out, "aac") {
				t.Errorf("ffprobe: exit status %d, %s", status, out)
			}
			probed, row := time.Since(begun), func() *rtorrent.Torrent { r, _ := m.client.Torrent(t.Context(), p.hash); return r }
			t.Logf("ffprobe ended after %s, with %d of %d bytes there", probed.Round(time.Millisecond), row().CompletedBytes, row().Size)
			out, status = m.sh(t, "ffmpeg -v error -i "+path+" -f null - ; echo played")
			if status != 0 || out != "played\n" {
				t.Errorf("ffmpeg: exit status %d, %s", status, out)
			}
			t.Logf("played after %s, with %d of %d bytes there", time.Since(begun).Round(time.Millisecond), row().CompletedBytes, row().Size)
			if row().IsComplete {
				t.Error("it played when everything was there")
			}
		})
	}
}
