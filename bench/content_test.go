//go:build bench

package bench

import (
	"bufio"
	"bytes"
	"cmp"
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
	contentSize = 512 << 20
	warmTurns   = 15
	coldTurns   = 7
)

// A pattern is one way to read a file.
type pattern struct {
	random  bool
	block   int
	readers int
	reads   int // of each reader, at a time
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

// patterns are read in slices of some 100 ms: so many of them are taken in turns
// that what else the machine does meets the mount and what stands beside it alike.
func patterns(warm bool) (all []pattern) {
	for _, readers := range []int{1, 4} {
		if warm {
			all = append(all, pattern{false, 1 << 20, readers, 512}, pattern{true, 4 << 10, readers, 40_000}, pattern{true, 64 << 10, readers, 8_000})
		} else {
			all = append(all, pattern{false, 1 << 20, readers, 128 / readers}, pattern{true, 4 << 10, readers, 1_000 / readers}, pattern{true, 64 << 10, readers, 400 / readers})
		}
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

// readings measures all patterns, with what is read out of memory and in it. The
// ratio is the median of those of pairs: one slice of each, next to each other.
// The user is the process in whose namespaces the mount is, 0 for root's own.
func readings(r *report, native, mounted string, user int) {
	syscall.Sync() // what is not written cannot be forgotten
	dropCaches(r.t)
	sh(r.t, `cat "$1" >/dev/null`, native)() // the disk may have a cache of its own
	for _, warm := range []bool{false, true} {
		for _, p := range patterns(warm) {
			reader := startReader(r.t, mounted, native, p, user)
			turns := coldTurns
			if warm {
				turns = warmTurns
				reader.read(r.t, "warm", 0)
			}
			took := map[string][]time.Duration{}
			ratios := middleOf(turns, func(turn int) float64 {
				order := []string{"mounted", "native"}
				if turn%2 == 1 {
					slices.Reverse(order)
				}
				for _, which := range order {
					if !warm {
						dropCaches(r.t)
					}
					took[which] = append(took[which], reader.read(r.t, which, turn))
				}
				return float64(took["native"][turn]) / float64(took["mounted"][turn])
			})
			reader.end(r.t)
			slices.Sort(took["mounted"])
			slices.Sort(took["native"])
			f := figure{what: p.String() + map[bool]string{true: ", warm", false: ", cold"}[warm], least: true, ratio: ratios}
			f.value, f.than = rate(p, took["mounted"][turns/2]), "native "+rate(p, took["native"][turns/2])
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

func dropCaches(t testing.TB) {
	t.Helper()
	must(t, os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0))
}

// middleOf returns the middle one of the results of n turns.
func middleOf[V cmp.Ordered](n int, f func(turn int) V) V {
	turn := -1
	return middle(n, func() V {
		turn++
		return f(turn)
	})
}

func rate(p pattern, took time.Duration) string {
	reads := float64(p.readers*p.reads) / took.Seconds()
	if p.block == 4<<10 {
		return fmt.Sprintf("%.0f k reads/s", reads/1e3)
	}
	return fmt.Sprintf("%.2f GB/s", reads*float64(p.block)/1e9)
}

// A reader is a process that reads a file through the mount, and beside it.
type reader struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func startReader(t testing.TB, mounted, native string, p pattern, user int) *reader {
	t.Helper()
	binary, err := os.Executable()
	must(t, err)
	argv := []string{binary, "-test.run", "^TestReader$"}
	if user != 0 {
		argv = append([]string{"nsenter", "--target", strconv.Itoa(user), "--user", "--mount", "--preserve-credentials", "--"}, argv...)
	}
	r := &reader{cmd: exec.Command(argv[0], argv[1:]...)}
	r.cmd.Env = append(os.Environ(), fmt.Sprintf("RTFS_READER=%s\t%s\t%t\t%d\t%d\t%d", mounted, native, p.random, p.block, p.readers, p.reads))
	r.cmd.Stderr = os.Stderr
	r.in, err = r.cmd.StdinPipe()
	must(t, err)
	out, err := r.cmd.StdoutPipe()
	must(t, err)
	r.out = bufio.NewScanner(out)
	must(t, r.cmd.Start())
	t.Cleanup(func() { _ = r.cmd.Process.Kill() })
	return r
}

// read has it read one slice, and returns how long that took.
func (r *reader) read(t testing.TB, which string, turn int) time.Duration {
	t.Helper()
	_, err := fmt.Fprintf(r.in, "%s %d\n", which, turn)
	must(t, err)
	defer time.AfterFunc(atMost, func() { _ = r.cmd.Process.Kill() }).Stop()
	for r.out.Scan() {
		if digits, ok := strings.CutPrefix(r.out.Text(), "took "); ok {
			n, err := strconv.ParseInt(digits, 10, 64)
			must(t, err)
			return time.Duration(n)
		}
	}
	t.Fatalf("the reader has ended: %v", r.out.Err())
	return 0
}

func (r *reader) end(t testing.TB) {
	t.Helper()
	must(t, r.in.Close())
	must(t, r.cmd.Wait())
}

// TestReader is the process that reads.
func TestReader(t *testing.T) {
	fields := strings.Split(os.Getenv("RTFS_READER"), "\t")
	if len(fields) != 6 {
		return
	}
	number := func(i int) int { n, _ := strconv.Atoi(fields[i]); return n }
	p := pattern{fields[2] == "true", number(3), number(4), number(5)}
	// Opening asks rTorrent what is verified, which is not reading.
	files := map[string][]*os.File{}
	for i, which := range []string{"mounted", "native"} {
		for range p.readers {
			f, err := os.Open(fields[i])
			must(t, err)
			defer f.Close()
			files[which] = append(files[which], f)
		}
	}
	for orders := bufio.NewScanner(os.Stdin); orders.Scan(); {
		which, digits, _ := strings.Cut(orders.Text(), " ")
		turn, err := strconv.Atoi(digits)
		must(t, err)
		began := time.Now()
		var all sync.WaitGroup
		if which == "warm" {
			whole := pattern{block: 1 << 20, reads: contentSize >> 20}
			whole.read(t, files["mounted"][0], 0)
			whole.read(t, files["native"][0], 0)
		}
		for _, f := range files[which] {
			all.Go(func() { p.read(t, f, turn) })
		}
		all.Wait()
		fmt.Printf("took %d\n", time.Since(began).Nanoseconds())
	}
}

func (p pattern) read(t testing.TB, f *os.File, turn int) {
	buf := make([]byte, p.block)
	for i := range p.reads {
		off := int64(turn*p.reads+i) * int64(p.block) % contentSize
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
	m.stopBy(t, cmd, &said)
	rtorrenttest.Eventually(t, 10*time.Second, "it is mounted in the namespace", func() bool {
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", m.pid))
		return err == nil && strings.Contains(string(content), " "+m.dir+" ")
	})
	return m
}
