//go:build bench

package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

const (
	contentSize  = 512 << 20
	contentTurns = 5
)

// A pattern is one way to read a file.
type pattern struct {
	random  bool
	block   int
	readers int
	reads   int // of each reader
}

func (p pattern) String() string {
	way := "sequential"
	if p.random {
		way = "random"
	}
	size := fmt.Sprintf("%d KiB", p.block>>10)
	if p.block >= 1<<20 {
		size = fmt.Sprintf("%d MiB", p.block>>20)
	}
	return fmt.Sprintf("%s %s, %d readers", way, size, p.readers)
}

func patterns() (all []pattern) {
	for _, readers := range []int{1, 4} {
		all = append(all, pattern{false, 1 << 20, readers, contentSize >> 20},
			pattern{true, 4 << 10, readers, 20_000}, pattern{true, 64 << 10, readers, 5_000})
	}
	return all
}

// content measures reading a whole file through the mount, beside reading it
// where rTorrent keeps it.
func content(r *report, binary string) {
	d := rtorrenttest.Start(r.t, "0.16")
	client := rtorrenttest.Dial(r.t, d.Endpoint())
	// One block over and over: it is the reading that counts, not the hashing.
	block := make([]byte, 1<<20)
	rand.Read(block)
	data := bytes.Repeat(block, contentSize>>20)
	native := filepath.Join(d.Downloads(), "content.bin")
	must(r.t, os.WriteFile(native, data, 0o644))
	torrent, err := rtorrent.MakeMetainfo("content.bin", []rtorrent.MakeFile{{Length: contentSize, Data: bytes.NewReader(data)}}, 1<<20, "http://127.0.0.1:9/announce")
	must(r.t, err)
	info, err := rtorrent.ParseMetainfo(torrent)
	must(r.t, err)
	must(r.t, client.LoadRaw(context.Background(), torrent))
	_, err = client.Do(context.Background(), info.Hash, rtorrent.Open(info.Hash), rtorrent.Start(info.Hash))
	must(r.t, err)
	rtorrenttest.Eventually(r.t, 5*time.Minute, "it is checked", func() bool {
		p, err := client.Pieces(context.Background(), info.Hash)
		return err == nil && p.Whole()
	})

	r.section("Reading a whole file of 512 MiB, as root (passthrough)")
	root := mount(r.t, binary, d.Endpoint())
	readings(r, native, root.path("torrents", string(info.Hash), "files", "content.bin"), 0)
	root.stop()

	r.section("Reading a whole file of 512 MiB, as an ordinary user")
	user := mountAsUser(r.t, binary, d.Endpoint())
	readings(r, native, user.path("torrents", string(info.Hash), "files", "content.bin"), user.pid)
	user.stop()
}

// readings measures all patterns, with what is read out of memory and in it.
// The user is the process in whose namespaces the mount is, 0 for root's own.
func readings(r *report, native, mounted string, user int) {
	reading(r.t, native, patterns()[0], false, user) // the disk may have a cache of its own
	for _, warm := range []bool{false, true} {
		for _, p := range patterns() {
			var here, there []time.Duration
			for range contentTurns {
				here = append(here, reading(r.t, mounted, p, warm, user))
				there = append(there, reading(r.t, native, p, warm, user))
			}
			slices.Sort(here)
			slices.Sort(there)
			f := figure{what: p.String() + map[bool]string{true: ", warm", false: ", cold"}[warm], least: true}
			mine, native := here[contentTurns/2], there[contentTurns/2]
			f.value, f.than = rate(p, mine), "native "+rate(p, native)
			f.ratio = float64(native) / float64(mine)
			switch {
			case user == 0:
				f.aim = 0.85
			case warm && !p.random:
				f.aim = 0.3
			case warm && p.block == 4<<10:
				f.aim = 0.8
			}
			r.add(f)
		}
	}
}

func rate(p pattern, took time.Duration) string {
	reads := float64(p.readers*p.reads) / took.Seconds()
	if p.block == 4<<10 {
		return fmt.Sprintf("%.0f k reads/s", reads/1e3)
	}
	return fmt.Sprintf("%.2f GB/s", reads*float64(p.block)/1e9)
}

// reading reads a file by a process of its own, and returns how long that read.
func reading(t testing.TB, path string, p pattern, warm bool, user int) time.Duration {
	t.Helper()
	if !warm {
		syscall.Sync()
		must(t, os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0))
	}
	binary, err := os.Executable()
	must(t, err)
	argv := []string{binary, "-test.run", "^TestReader$"}
	if user != 0 {
		argv = append([]string{"nsenter", "--target", strconv.Itoa(user), "--user", "--mount", "--preserve-credentials", "--"}, argv...)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("RTFS_READER=%s\t%t\t%d\t%d\t%d\t%t", path, p.random, p.block, p.readers, p.reads, warm))
	out, err := cmd.CombinedOutput()
	_, figure, found := strings.Cut(string(out), "took ")
	digits, _, _ := strings.Cut(figure, "\n")
	n, failed := strconv.ParseInt(digits, 10, 64)
	if err != nil || !found || failed != nil {
		t.Fatalf("reader of %s: %v: %s", path, err, out)
	}
	return time.Duration(n)
}

// TestReader is the process that reads.
func TestReader(t *testing.T) {
	fields := strings.Split(os.Getenv("RTFS_READER"), "\t")
	if len(fields) != 6 {
		return
	}
	number := func(i int) int { n, _ := strconv.Atoi(fields[i]); return n }
	p := pattern{fields[1] == "true", number(2), number(3), number(4)}
	if fields[5] == "true" {
		f, err := os.Open(fields[0])
		must(t, err)
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 1<<20))
		must(t, err)
		f.Close()
	}
	// Opening asks rTorrent what is verified, which is not reading.
	files := make([]*os.File, p.readers)
	for i := range files {
		var err error
		files[i], err = os.Open(fields[0])
		must(t, err)
		defer files[i].Close()
	}
	began := time.Now()
	var all sync.WaitGroup
	for _, f := range files {
		all.Go(func() { p.read(t, f) })
	}
	all.Wait()
	fmt.Printf("took %d\n", time.Since(began).Nanoseconds())
}

func (p pattern) read(t testing.TB, f *os.File) {
	buf := make([]byte, p.block)
	for i := range p.reads {
		off := int64(i) * int64(p.block)
		if p.random {
			off = mathrand.Int64N(contentSize/int64(p.block)) * int64(p.block)
		}
		if _, err := f.ReadAt(buf, off); err != nil {
			t.Error(err)
			return
		}
	}
}

// mountAsUser mounts in a user namespace of its own, where root has no more rights
// outside than any user.
func mountAsUser(t testing.TB, binary, server string) *mounted {
	t.Helper()
	m := &mounted{dir: rtorrenttest.ShortDir(t)}
	cmd := exec.Command(binary, "mount", server, m.dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	self := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, UidMappings: self, GidMappings: self}
	must(t, cmd.Start())
	m.pid = cmd.Process.Pid
	stopped := false
	m.stop = func() {
		if !stopped {
			stopped = true
			must(t, cmd.Process.Signal(syscall.SIGTERM))
			if err := cmd.Wait(); err != nil {
				t.Errorf("rtfs: %v: %s", err, said.String())
			}
		}
	}
	t.Cleanup(m.stop)
	rtorrenttest.Eventually(t, 10*time.Second, "it is mounted in the namespace", func() bool {
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", m.pid))
		return err == nil && strings.Contains(string(content), " "+m.dir+" ")
	})
	return m
}
