package fs

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestValuesAreNeverOldNorCut has six kinds of readers read values that change
// all the time, with other lengths.
func TestValuesAreNeverOldNorCut(t *testing.T) {
	for how, views := range loads {
		t.Run(how, func(t *testing.T) {
			c := newChanging(t, views)
			if wrong := c.read(t, readsAtLeast(3_000)); wrong > 0 {
				t.Errorf("%d wrong reads", wrong)
			}
		})
	}
}

// loads are from how many torrents on the cache asks rTorrent's views for what
// moves, and other columns by themselves.
var loads = map[string]int{"whole tables": 1000, "views and parts": 1}

// TestReadersFindOldAndCutValues has them read through a gate that lets
// everybody in, where they must find what is wrong.
func TestReadersFindOldAndCutValues(t *testing.T) {
	c := newChanging(t, 1000)
	c.m.tree.d.values.ungated.Store(true)
	if wrong := c.read(t, func(_, wrong int64, took time.Duration) bool { return wrong >= 100 || took > time.Minute }); wrong < 100 {
		t.Errorf("%d wrong reads without the gate, want hundreds: the test does not see them", wrong)
	}
}

// changingTTL is how old a rate may be when it is opened, changingSlow how old
// tags may be, openSlack how much older for what else a machine does meanwhile.
// The kernel counts a lease from when it learns of it, which a busy machine
// delays: a size without an open may be older.
const (
	changingTTL  = 500 * time.Millisecond
	changingSlow = time.Second
	openSlack    = 100 * time.Millisecond
	statSlack    = time.Second
)

// changing is a mount whose values change all the time.
type changing struct {
	m         *mounted
	fake      *rtorrenttest.Server
	hashes    []rtorrent.Hash
	timer     *roundTrips
	mu        sync.Mutex // guards histories
	histories map[rtorrent.Hash][]shown
}

// A shown is a value and when it was current; until is zero for the last one.
type shown struct {
	text        string
	from, until time.Time
}

// roundTrips keeps how long the longest of them took.
type roundTrips struct {
	rtorrent.Transport
	longest atomic.Int64
}

func (r *roundTrips) RoundTrip(ctx context.Context, contentType string, request []byte) ([]byte, string, error) {
	began := time.Now()
	reply, kind, err := r.Transport.RoundTrip(ctx, contentType, request)
	took := int64(time.Since(began))
	for longest := r.longest.Load(); took > longest && !r.longest.CompareAndSwap(longest, took); longest = r.longest.Load() {
	}
	return reply, kind, err
}

func newChanging(t *testing.T, views int) *changing {
	t.Helper()
	c := &changing{fake: rtorrenttest.NewServer(t, rtorrenttest.ServerOptions{}), histories: map[rtorrent.Hash][]shown{}}
	c.fake.Fill(3)
	e, err := rtorrent.ParseEndpoint(c.fake.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rtorrent.NewTransport(e, rtorrent.TransportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.timer = &roundTrips{Transport: transport}
	client := rtorrent.New(c.timer, rtorrent.Options{})
	rows, err := client.Torrents(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		c.hashes = append(c.hashes, row.Hash)
		c.change(row.Hash)
	}
	// What is too old is never served, however slow the machine is.
	c.m = mountClient(t, client, cache.Options{
		TTL: changingTTL, Slow: changingSlow, MaxStale: changingTTL, Patience: time.Minute, Views: views,
	}, Options{TTL: changingTTL})
	return c
}

// change gives a torrent another rate, of 1 to 18 digits, and a tag of the same.
func (c *changing) change(h rtorrent.Hash) {
	n := rand.Int64N(9) + 1
	for range rand.IntN(18) {
		n = n*10 + rand.Int64N(10)
	}
	now := shown{text: fmt.Sprintf("%d\n", n), from: time.Now()}
	c.mu.Lock()
	c.histories[h] = append(c.histories[h], now)
	c.mu.Unlock()
	c.fake.Change(h, func(t *rtorrenttest.Torrent) { t.UpRate, t.Custom[0] = n, fmt.Sprint(n) })
	c.mu.Lock()
	defer c.mu.Unlock()
	if all := c.histories[h]; len(all) > 1 {
		all[len(all)-2].until = time.Now()
	}
}

// changes is how often a torrent has changed.
func (c *changing) changes(h rtorrent.Hash) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.histories[h])
}

// was reports whether a value that fits was current at a moment since from.
func (c *changing) was(h rtorrent.Hash, from time.Time, fits func(text string) bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.histories[h]
	for i := len(all) - 1; i >= 0; i-- {
		if !all[i].until.IsZero() && all[i].until.Before(from) {
			return false
		}
		if fits(all[i].text) {
			return true
		}
	}
	return false
}

// readsAtLeast is enough when there are n reads, over long enough to see something
// old.
func readsAtLeast(n int64) func(reads, wrong int64, took time.Duration) bool {
	return func(reads, _ int64, took time.Duration) bool { return reads >= n && took >= 4*changingTTL }
}

// read has all kinds of readers read until that is enough, and returns how often
// what they read was wrong.
func (c *changing) read(t *testing.T, enough func(reads, wrong int64, took time.Duration) bool) int64 {
	t.Helper()
	start := time.Now()
	var reads, wrong atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var changer, readers sync.WaitGroup
	changer.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			for _, h := range c.hashes {
				c.change(h)
			}
			<-tick.C
		}
	})
	var told atomic.Int64
	for kind, read := range c.kinds() {
		readers.Go(func() {
			for i := 0; !enough(reads.Load(), wrong.Load(), time.Since(start)); i++ {
				h := c.hashes[i%len(c.hashes)]
				name, age := "up_rate", changingTTL
				if i/len(c.hashes)%2 > 0 {
					name, age = "tags", changingSlow
				}
				began := time.Now()
				fits, err := read(h, c.m.torrent(h, name))
				reads.Add(1)
				age += openSlack + 3*time.Duration(c.timer.longest.Load())
				if kind == "stat" {
					age += statSlack
				}
				if err != nil || !c.was(h, began.Add(-age), fits) {
					wrong.Add(1)
					if told.Add(1) <= 5 {
						t.Logf("%s of %s is wrong: %v", kind, name, err)
					}
				}
			}
		})
	}
	readers.Wait()
	stop()
	changer.Wait()
	t.Logf("%d reads of values of which each changed %d times, %d wrong", reads.Load(), c.changes(c.hashes[0]), wrong.Load())
	return wrong.Load()
}

// kinds are ways to read a value of a torrent. Each returns what fits what it has
// read.
func (c *changing) kinds() map[string]func(h rtorrent.Hash, path string) (func(string) bool, error) {
	is := func(got []byte) func(string) bool { return func(text string) bool { return text == string(got) } }
	opened := func(read func(f *os.File, h rtorrent.Hash) ([]byte, error)) func(rtorrent.Hash, string) (func(string) bool, error) {
		return func(h rtorrent.Hash, path string) (func(string) bool, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			got, err := read(f, h)
			return is(got), err
		}
	}
	return map[string]func(rtorrent.Hash, string) (func(string) bool, error){
		"whole": opened(func(f *os.File, _ rtorrent.Hash) ([]byte, error) { return io.ReadAll(f) }),
		"four": opened(func(f *os.File, _ rtorrent.Hash) ([]byte, error) {
			return io.ReadAll(readerOf(func(p []byte) (int, error) { return f.Read(p[:min(4, len(p))]) }))
		}),
		"fstat": opened(func(f *os.File, _ rtorrent.Hash) ([]byte, error) {
			info, err := f.Stat()
			if err != nil {
				return nil, err
			}
			got := make([]byte, info.Size())
			_, err = io.ReadFull(f, got)
			return got, err
		}),
		"mmap": opened(func(f *os.File, _ rtorrent.Hash) ([]byte, error) {
			info, err := f.Stat()
			if err != nil {
				return nil, err
			}
			mapped, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
			if err != nil {
				return nil, err
			}
			defer syscall.Munmap(mapped)
			return throughPipe(mapped)
		}),
		"stat": func(_ rtorrent.Hash, path string) (func(string) bool, error) {
			info, err := os.Stat(path)
			if err != nil {
				return nil, err
			}
			return func(text string) bool { return int64(len(text)) == info.Size() }, nil
		},
		"slow": opened(func(f *os.File, h rtorrent.Hash) ([]byte, error) {
			first := make([]byte, 1)
			if _, err := io.ReadFull(f, first); err != nil {
				return nil, err
			}
			for before := c.changes(h); c.changes(h) < before+2; {
				if _, err := os.Stat(f.Name()); err != nil { // which tells the kernel of the new one
					return nil, err
				}
			}
			rest, err := io.ReadAll(f)
			return append(first, rest...), err
		}),
	}
}

// throughPipe copies mapped bytes in system calls: while a thread of ours waits
// for a page outside of one, the Go runtime cannot stop it, and what is to bring
// the page is in this process.
func throughPipe(mapped []byte) ([]byte, error) {
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
		return nil, err
	}
	defer syscall.Close(ends[0])
	defer syscall.Close(ends[1])
	n, err := syscall.Write(ends[1], mapped)
	if err != nil || n < len(mapped) {
		return nil, fmt.Errorf("%d of %d mapped bytes: %w", n, len(mapped), err)
	}
	got := make([]byte, n)
	_, err = syscall.Read(ends[0], got)
	return got, err
}

type readerOf func([]byte) (int, error)

func (r readerOf) Read(p []byte) (int, error) { return r(p) }
