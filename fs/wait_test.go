package fs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// halfThere mounts an rTorrent with a torrent of two files, of which the even
// pieces are there and the others do not come, since it has no peers.
func halfThere(t *testing.T, version string, o Options) (*mounted, *payload) {
	t.Helper()
	d := rtorrenttest.Start(t, version)
	m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{}, o)
	m.daemon = d
	p := newPayload(t, "p", piece, map[string]int{"a": 6 * piece, "b": 6 * piece})
	half := &payload{name: p.name}
	for _, f := range p.files {
		data := bytes.Clone(f.data)
		for at := piece; at < len(data); at += 2 * piece {
			clear(data[at : at+piece])
		}
		half.files = append(half.files, payloadFile{f.path, data})
	}
	half.write(t, d.Downloads())
	m.add(t, "add", p)
	m.awaitState(t, p.hash, stateDownloading)
	return m, p
}

// A waiter is a program that waits for content.
type waiter struct {
	cmd   *exec.Cmd
	out   bytes.Buffer
	ended chan struct{}
}

// startWaiter starts a program, and returns when it waits.
func startWaiter(t *testing.T, argv ...string) *waiter {
	t.Helper()
	w := &waiter{cmd: exec.Command(argv[0], argv[1:]...), ended: make(chan struct{})}
	w.cmd.Stderr = &w.out
	w.cmd.Env = append(os.Environ(), "LC_ALL=C")
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		w.cmd.Wait()
		close(w.ended)
	}()
	t.Cleanup(func() { w.cmd.Process.Kill() })
	asleep := 0
	rtorrenttest.Eventually(t, time.Minute, strings.Join(argv, " ")+" waits", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.cmd.Process.Pid))
		_, state, _ := strings.Cut(string(stat), ") ")
		if asleep++; !strings.HasPrefix(state, "S ") {
			asleep = 0
		}
		return err != nil || asleep == 30
	})
	return w
}

// end waits until the program has ended and returns what it said.
func (w *waiter) end(t *testing.T) string {
	t.Helper()
	select {
	case <-w.ended:
	case <-time.After(time.Minute):
		t.Fatalf("%q still waits", w.cmd.Args)
	}
	return w.out.String()
}

// TestWaitsEnd lets programs wait for a piece that does not come, and ends the
// wait in each of the ways there are.
func TestWaitsEnd(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m, p := halfThere(t, version, Options{Wait: 2 * time.Minute})
			a, b := m.torrent(p.hash, "files", "a"), m.torrent(p.hash, "files", "b")
			state := func(word string) { m.put(t, word+"\n", "torrents", string(p.hash), "state") }

			for word, want := range map[string]string{"stop": "No data available", "pause": "No data available"} {
				w := startWaiter(t, "cat", a)
				state(word)
				if said := w.end(t); !strings.Contains(said, want) {
					t.Errorf("%s while cat waits: %q, want %q", word, said, want)
				}
				state("start")
				m.awaitState(t, p.hash, stateDownloading)
			}

			// A file of priority off is not waited for, nor while one waits.
			w := startWaiter(t, "cat", b)
			m.put(t, "off\n", "torrents", string(p.hash), "file_priority", "b")
			for range 2 {
				if said := w.end(t); !strings.Contains(said, "No data available") {
					t.Errorf("priority off: cat says %q", said)
				}
				w = startWaiter(t, "cat", b)
			}

			// Signals, also to programs with a handler of their own, and to
			// one that reads through the page cache.
			sendfile := "import os,sys; f=os.open(sys.argv[1],0); o=os.open('/dev/null',1)\nwhile os.sendfile(o,f,None,1<<20): pass"
			for _, argv := range [][]string{{"cat", a}, {"python3", "-c", "import sys; open(sys.argv[1],'rb').read()", a}, {"python3", "-c", sendfile, a}, {"dd", "of=/dev/null", "bs=1M", "if=" + a}} {
				for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
					w := startWaiter(t, argv...)
					sent := time.Now()
					w.cmd.Process.Signal(signal)
					w.end(t)
					t.Logf("%s of %s: gone after %s", signal, argv[0], time.Since(sent).Round(time.Millisecond))
				}
			}

			w = startWaiter(t, "cat", a)
			if _, err := m.cache.Apply(t.Context(), p.hash, rtorrent.Erase(p.hash)); err != nil {
				t.Fatal(err)
			}
			// Where a running torrent is stopped before it is erased, the wait
			// can end by that.
			if said := w.end(t); !strings.Contains(said, "No such file") && !strings.Contains(said, "No data available") {
				t.Errorf("erase while cat waits: %q, want no such file", said)
			}
		})
	}
}

// TestWaitIsBounded lets a program wait longer than it may.
func TestWaitIsBounded(t *testing.T) {
	m, p := halfThere(t, "0.16", Options{Wait: time.Second})
	if out, status := m.sh(t, "LC_ALL=C cat torrents/"+string(p.hash)+"/files/a"); status == 0 || !strings.HasSuffix(out, "Connection timed out\n") {
		t.Errorf("cat: exit status %d, %q", status, out[max(0, len(out)-200):])
	}
}

// TestCopiesOfWhatIsMissing copies a file that is half there in several ways:
// none may take holes for zeros.
func TestCopiesOfWhatIsMissing(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m, p := halfThere(t, version, Options{})
			a, data := m.torrent(p.hash, "files", "a"), p.files[0].data
			if out, _ := m.sh(t, "stat -c '%s %b %a' "+a); out != fmt.Sprintf("%d %d 400\n", len(data), 3*piece/512) {
				t.Errorf("size, blocks and mode: %s", out)
			}
			to := filepath.Join(t.TempDir(), "copy")
			for _, script := range []string{
				"cp %s %s", "cp --sparse=always %s %s", "cat %s > %s", "dd if=%s of=%s bs=1M", "rsync %s %s",
				"python3 -c 'import shutil,sys; shutil.copyfile(*sys.argv[1:])' %s %s",
				"python3 -c 'import mmap,sys; open(sys.argv[2],\"wb\").write(mmap.mmap(open(sys.argv[1],\"rb\").fileno(),0,access=mmap.ACCESS_COPY))' %s %s",
				"tar -C $(dirname %s) -cf - a | tar -xOf - > %s; exit $((PIPESTATUS[0]|PIPESTATUS[1]))",
			} {
				os.Remove(to)
				out, status := m.sh(t, fmt.Sprintf(script, a, to))
				got, _ := os.ReadFile(to)
				if status == 0 || len(got) > 0 && !strings.HasPrefix(script, "tar") && !bytes.HasPrefix(data, got) {
					t.Errorf("%s: exit status %d, %d bytes, %s, want a failure and no wrong byte", script, status, len(got), out)
				}
			}
			// All that is verified can be read, a page at a time through the
			// page cache, too; and it is what SEEK_DATA finds.
			script := `
import os,sys
f=os.open(sys.argv[1],os.O_RDONLY); at=0; found=[]
while True:
    try: at=os.lseek(f,at,os.SEEK_DATA)
    except OSError as e: found.append(e.errno); break
    end=os.lseek(f,at,os.SEEK_HOLE); found.append((at,end)); at=end
print(found)`
			want := fmt.Sprintf("[(0, %d), (%d, %d), (%d, %d), 6]\n", piece, 2*piece, 3*piece, 4*piece, 5*piece)
			if got, _ := m.sh(t, "python3 -c '"+script+"' "+a); got != want {
				t.Errorf("SEEK_DATA and SEEK_HOLE: %s, want %s", got, want)
			}
		})
	}
}

// TestUnmountWhileProgramsWait unmounts with readers in their wait.
func TestUnmountWhileProgramsWait(t *testing.T) {
	m, p := halfThere(t, "0.16", Options{Wait: 10 * time.Minute})
	w := startWaiter(t, "cat", m.torrent(p.hash, "files", "a"))
	m.tree.Wake()
	if said := w.end(t); !strings.Contains(said, "No data available") {
		t.Errorf("cat says %q", said)
	}
	rtorrenttest.Eventually(t, time.Minute, "it is unmounted", func() bool {
		return exec.Command("fusermount3", "-u", m.dir).Run() == nil
	})
}
