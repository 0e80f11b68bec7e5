package fs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// modelShort is how long the model test runs for each seed and version in
// `make test`.
const modelShort = 7 * time.Second

// TestModel lets one writer and three readers at a mount whose rTorrent is
// spoilt in every way that a Proxy knows, is stopped, killed and restarted, and
// changed by another program, and judges each of their results. It runs with a
// fixed seed and with one of the clock's; RTFS_SEED sets it.
func TestModel(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		for name, seed := range map[string]uint64{"fixed": 1, "random": uint64(time.Now().UnixNano())} {
			t.Run(version+"/"+name, func(t *testing.T) {
				runModel(t, version, modelSeed(seed), modelShort, modelBoundShort)
			})
		}
	}
}

// modelSeed is the seed that RTFS_SEED sets, else the one given.
func modelSeed(otherwise uint64) uint64 {
	if seed, err := strconv.ParseUint(os.Getenv("RTFS_SEED"), 10, 64); err == nil {
		return seed
	}
	return otherwise
}

// The bounds of the mount of a model.
const (
	modelTimeout  = 500 * time.Millisecond
	modelTTL      = 100 * time.Millisecond
	modelSlow     = time.Second
	modelMaxStale = 2 * time.Second
	// modelLag is how long what another program changed may still be read.
	modelLag = modelMaxStale + modelSlow + 2*modelTimeout
	// modelBound is how long one system call may take: reads and writes make
	// some calls one after another, each of which has its timeout. The short
	// run allows for a machine that does much else.
	modelBound      = 8 * modelTimeout
	modelBoundShort = 30 * time.Second
)

// A model knows what may be true of an rTorrent, and judges what a mount says
// of it. One goroutine writes, others read.
type model struct {
	t       *testing.T
	m       *mounted
	proxy   *rtorrenttest.Proxy
	daemon  *rtorrent.Daemon
	direct  *rtorrent.Client // past the proxy and the mount
	rnd     *rand.Rand
	version string
	bound   time.Duration // of one system call

	hist     *histories
	torrents []*payload // those of the model, loaded or not
	absent   map[rtorrent.Hash]bool
	fresh    map[string]string // what the fields of a new torrent are
	made     int               // values that are different each

	reads, refusedReads, writes, refused, unknown, restarts, external, lostByKill atomic.Int64

	mu      sync.Mutex // guards slowest
	slowest map[string]time.Duration
}

// runModel runs the model test for a time.
func runModel(t *testing.T, version string, seed uint64, long, bound time.Duration) *model {
	t.Logf("seed %d: RTFS_SEED=%d repeats it", seed, seed)
	d := rtorrenttest.Start(t, version)
	proxy := rtorrenttest.NewProxy(t, d.Endpoint())
	proxy.Hold(3 * modelTimeout / 2)
	client := dial(t, proxy.Endpoint(), rtorrent.Options{Timeout: modelTimeout})
	mounted := mountClient(t, client, cache.Options{
		TTL: modelTTL, Slow: modelSlow, MaxStale: modelMaxStale, Patience: 300 * time.Millisecond,
		Views: []int{1000, 1}[seed%2], // with an odd seed, of which the fixed one is one, as with many torrents
	}, Options{TTL: modelTTL})
	mounted.daemon = d
	m := &model{
		t: t, m: mounted, proxy: proxy, daemon: d, version: version, bound: bound,
		direct:  rtorrenttest.Dial(t, d.Endpoint()),
		rnd:     rand.New(rand.NewPCG(seed, 1)),
		hist:    newHistories(),
		absent:  map[rtorrent.Hash]bool{},
		slowest: map[string]time.Duration{},
	}
	for i := range 6 {
		p := newPayload(t, fmt.Sprintf("model %d", i), 16384, map[string]int{"a": 20_000, "sub/b": 40_000 + i})
		p.write(t, d.Downloads())
		rtorrenttest.Eventually(t, time.Minute, "it is added", func() bool { // a busy machine takes longer than the bound
			err := writeFile(mounted.path("add-stopped", string(p.hash)+".torrent"), p.torrent)
			return err == nil || errors.Is(err, syscall.EEXIST)
		})
		m.torrents = append(m.torrents, p)
		m.settleAll(p, time.Now(), 0)
	}
	fresh, err := m.truths(m.torrents[0].hash)
	if err != nil {
		t.Fatal(err)
	}
	m.fresh = fresh
	m.run(seed, long)
	return m
}

// run does steps until the time is over, beside three readers.
func (m *model) run(seed uint64, long time.Duration) {
	t := m.t
	before := m.held()
	m.proxy.Random(seed, 0.15)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for i := range 3 {
		rnd := rand.New(rand.NewPCG(seed, uint64(2+i)))
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					m.readSomething(rnd)
				}
			}
		})
	}
	for begun := time.Now(); time.Since(begun) < long && !t.Failed(); {
		m.step()
	}
	close(stop)
	readers.Wait()
	m.proxy.Random(seed, 0)
	m.awaitCalm()
	for _, p := range m.torrents {
		m.resolve(p)
	}
	m.hist.judge(m)
	m.wantSteady(before)
	m.report()
}

// A holding is what the process holds.
type holding struct {
	goroutines, descriptors int
	heap                    uint64
}

func (m *model) held() holding {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		m.t.Fatal(err)
	}
	return holding{runtime.NumGoroutine(), len(fds), stats.HeapAlloc}
}

// wantSteady fails the test if the process holds much more than before.
func (m *model) wantSteady(before holding) {
	m.t.Helper()
	var now holding
	defer func() {
		if m.t.Failed() {
			buf := make([]byte, 1<<20)
			m.t.Logf("the process went from %+v to %+v\n%s", before, now, buf[:runtime.Stack(buf, true)])
		}
	}()
	rtorrenttest.Eventually(m.t, 30*time.Second, "the process holds no more than before", func() bool {
		now = m.held()
		return now.goroutines <= before.goroutines+20 && now.descriptors <= before.descriptors+10 && now.heap < before.heap+64<<20
	})
	m.t.Logf("goroutines %d → %d, descriptors %d → %d, heap %d → %d KiB",
		before.goroutines, now.goroutines, before.descriptors, now.descriptors, before.heap>>10, now.heap>>10)
}

// report logs what was done.
func (m *model) report() {
	each, sum := m.proxy.Counts()
	m.t.Logf("%s: %d reads (%d refused), %d writes (%d refused, %d of unknown outcome), %d changes by another program, %d restarts, %d values lost by a kill, %d faults %v",
		m.version, m.reads.Load(), m.refusedReads.Load(), m.writes.Load(), m.refused.Load(), m.unknown.Load(), m.external.Load(), m.restarts.Load(), m.lostByKill.Load(), sum, each)
	m.t.Logf("slowest system calls: %v", m.slowest)
}
