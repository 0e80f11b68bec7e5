package fs

import (
	"context"
	"log/slog"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// Options are what a mount can choose.
type Options struct {
	Server   string // as shown in health; never with a password
	Name     string // of the server among several, "" of one alone
	Place    int    // of the server among several, from 1 to MaxServers
	Version  string // of rtfs
	UID, GID uint32
	Umask    uint32
	ReadOnly bool
	// TTL is how long the kernel may keep names and attributes that rTorrent
	// decides; zero means 1 s.
	TTL time.Duration
	// Maps replace the begin of paths that rTorrent names by where we see them.
	Maps []PathMap
	// NoRuTorrent leaves the comment's marker and addtime alone.
	NoRuTorrent bool
	// AllowEraseHook lets d.erase happen though rTorrent would then execute
	// something.
	AllowEraseHook bool
	// Wait is how long a read of content waits for a piece that is being
	// downloaded.
	Wait time.Duration
	// Stream lets such a read raise what rTorrent gets first.
	Stream bool
	// DataUID is the only user whose payload files are shown, deleted and moved,
	// -1 any: as root we must not do for others what rTorrent itself could not.
	DataUID int64
	// MetricsPerTorrent adds a series for each torrent to metrics.
	MetricsPerTorrent bool
	// StateDir keeps the .torrent files of erased torrents, and the records of
	// deletes and moves; with "" there are none of these.
	StateDir string
	// ConfigDir keeps the defaults of what is added; "" keeps them in memory.
	ConfigDir string
	Log       *slog.Logger
}

// A driver is what all nodes of one mount share. It is safe for concurrent
// use; its parts have their own locks.
type driver struct {
	cache     *cache.Cache
	opts      Options
	logger    *slog.Logger
	started   int64 // Unix seconds of the mount
	inos      *inos
	log       *logFile
	health    *health
	notifier  *notifier
	add       *dropTree
	addStop   *dropTree
	loadings  *loadings
	defaults  *defaults
	links     *linkSets
	arrivals  *arrivals
	tags      *madeTags
	scratches *scratches
	queries   recent // of where/
	tables    recent // of list/
	lists     memos  // of list/
	throttles *madeThrottles
	events    *events
	contents  *contents
	versions  *versions
	values    *values
	visits    *visits
	streams   *streams
	pauses    *pauses
	plans     *plans
	jobs      *jobs
	siblings  []*Tree // of the other servers in the mount
	trackers  *trackerNames
	listTSV   memo
	listJSON  memo
	filesTSV  memo
	allFiles  kept[[]*rtorrent.File]
	allShares kept[[]share]
	paths     paths
	// priorities are file priorities that are not in force yet.
	priorities *priorityUpdates
	// The tables of the directories of which there are many, made once.
	torrentNodes []Node[rtorrent.Torrent]
	trackerNodes []Node[tracker]
	peerNodes    []Node[peer]
	life         context.Context // ends with the mount
	waits        context.Context // ends when nobody is to wait for content any more
	waiters      atomic.Int64    // reads that wait for content
}

// A Tree is the root of the file system of one rTorrent.
type Tree struct {
	root *dirNode
	d    *driver
	stop context.CancelFunc
	wake context.CancelFunc
	// wrap goes between the kernel and the tree; tests count by it.
	wrap func(fuse.RawFileSystem) fuse.RawFileSystem
}

// New returns the tree of what c knows. It makes no call to rTorrent.
func New(c *cache.Cache, o Options) *Tree {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.TTL <= 0 {
		o.TTL = time.Second
	}
	d := &driver{
		cache: c, opts: o, logger: o.Log,
		started:      time.Now().Unix(),
		inos:         newInos(o.Place),
		log:          newLogFile(0),
		health:       newHealth(),
		notifier:     newNotifier(),
		links:        newLinkSets(),
		arrivals:     newArrivals(),
		tags:         newMadeTags(),
		events:       newEvents(),
		priorities:   newPriorityUpdates(),
		scratches:    newScratches(),
		contents:     newContents(),
		versions:     newVersions(),
		values:       newValues(),
		visits:       newVisits(),
		pauses:       newPauses(),
		plans:        newPlans(),
		jobs:         newJobs(),
		trackers:     newTrackerNames(),
		torrentNodes: torrentNodes(),
		trackerNodes: trackerNodes(),
		peerNodes:    peerNodes(),
	}
	d.streams = newStreams(d)
	d.defaults = newDefaults(o.ConfigDir, o.Server)
	for _, tag := range d.defaults.tags() {
		d.tags.set(tag, true)
	}
	d.add, d.addStop = newDropTree(d, "add/", true), newDropTree(d, "add-stopped/", false)
	loadings, err := newLoadings(o.StateDir, o.Server)
	if err != nil {
		d.logger.Warn("state", "error", err)
	}
	d.loadings = loadings
	throttles, err := newMadeThrottles(o.StateDir, o.Server)
	if err != nil {
		d.logger.Warn("state", "error", err)
	}
	d.throttles = throttles
	d.findInterrupted()
	life, stop := context.WithCancel(context.Background())
	d.life = life
	waits, wake := context.WithCancel(life)
	d.waits = waits
	c.OnProcess(func(pid int64) {
		d.redefineThrottles(pid)
		d.streams.recover()
	})
	go d.notifier.run(life)
	go d.events.run(life, c, o.TTL, d.renewed)
	server := subject[server]{
		find: func(context.Context) (*server, error) { return &server{d}, nil },
		ino:  d.inos.first | inoRoot,
	}
	root := &dirNode{base: base{d: d}, ino: server.ino, mode: d.mode(modeDir), dir: newTableDir(d, server, rootNodes())}
	return &Tree{root: root, d: d, stop: stop, wake: wake}
}

// Wake ends the waits for content, so that its readers can close their files.
// Call it before the unmount.
func (t *Tree) Wake() { t.wake() }

// Waiting reports whether anybody waits for content.
func (t *Tree) Waiting() bool { return t.d.waiters.Load() > 0 }

// Close ends the goroutines of the tree. Call it after the unmount.
func (t *Tree) Close() {
	t.wake()
	t.d.streams.close()
	t.d.visits.close()
	t.d.jobs.close()
	t.d.priorities.flush(t.d)
	t.stop()
}

// statfsAt tells the space in a directory, if it can be seen from here.
func (d *driver) statfsAt(dir string, out *fuse.StatfsOut) bool {
	var s syscall.Statfs_t
	if dir == "" || syscall.Statfs(dir, &s) != nil {
		return false
	}
	out.FromStatfsT(&s)
	return true
}

// statfs tells the space where rTorrent keeps its data, or, where that cannot
// be seen from here, enough of it that no program refuses to write.
func (d *driver) statfs(out *fuse.StatfsOut) {
	if d.statfsAt(d.dataDir(), out) {
		return
	}
	const block = 4096
	out.Bsize, out.Frsize, out.NameLen = block, block, nameMax
	out.Blocks, out.Bfree, out.Bavail = 1<<30, 1<<29, 1<<29
	out.Files, out.Ffree = 1<<20, 1<<19
}
