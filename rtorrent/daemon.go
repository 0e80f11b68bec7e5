package rtorrent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// A Profile says whom the rTorrent of a Daemon serves.
type Profile uint8

const (
	// Private is for demos and tests: on the loopback only, without DHT, peer
	// exchange and UDP trackers, on ports that were free. It never outlives the
	// program that started it, however that ends.
	Private Profile = iota
	// User is for somebody's downloads: ordinary settings, and it outlives a
	// crash of the program that started it, to be adopted by the next one.
	User
)

// DaemonOptions say how StartDaemon and AdoptOrStart run an rTorrent.
type DaemonOptions struct {
	// Binary is the command, with arguments that go before rTorrent's own. It
	// must become rTorrent by exec, as nice does. Nil means rtorrent in PATH.
	Binary []string
	// Dir holds session/ (with the socket), rtorrent.rc and the logs. It is
	// made if it is missing, and must belong to this rTorrent alone.
	Dir string
	// DownloadDir is where rTorrent puts data; "" means downloads in Dir.
	DownloadDir string
	Profile     Profile
	// Listen is how rTorrent takes calls: "unix", which is also the default, or
	// "tcp", a port of the loopback. That one is for Private only, since every
	// account of the machine can reach it, and who can call rTorrent can make
	// it run commands.
	Listen string
	// DownRateKB limits the download of everything, in KiB/s; 0 means no limit.
	DownRateKB int
	// Extra are further lines for rtorrent.rc. They are read last.
	Extra []string
	// Log receives what is worth a line; nil means none.
	Log *slog.Logger
}

// A Daemon is an rTorrent process, one that StartDaemon started or one that
// AdoptOrStart found. Its methods are safe for concurrent use, but Restart and
// Supervise are for one goroutine.
type Daemon struct {
	o        DaemonOptions
	endpoint string  // this, client and ports are set by the first start
	client   *Client // for the question whether it answers
	ports    ports   // of Private

	mu       sync.Mutex // guards what follows
	proc     *process   // nil for an adopted one
	pid      int
	peerPort int
}

// StartDaemon starts an rTorrent on a session and returns when it answers.
// That can take minutes for a User with thousands of torrents. If it does not
// come up, or if ctx ends first, it is stopped again as Stop would do it, and
// the error holds what it said last. A session that another rTorrent runs on is
// an error: a second one would take its socket away before it noticed.
func StartDaemon(ctx context.Context, o DaemonOptions) (*Daemon, error) {
	d, err := newDaemon(o)
	if err != nil {
		return nil, fmt.Errorf("starting rTorrent: %w", err)
	}
	if err := d.startExclusive(ctx); err != nil {
		return nil, fmt.Errorf("starting rTorrent: %w", err)
	}
	return d, nil
}

// newDaemon checks the options, fills in the defaults and makes the
// directories.
func newDaemon(o DaemonOptions) (*Daemon, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := o.findBinary(); err != nil {
		return nil, err
	}
	if o.Dir == "" {
		return nil, errors.New("no directory is given for its session")
	}
	if o.DownloadDir == "" {
		o.DownloadDir = filepath.Join(o.Dir, "downloads")
	}
	switch {
	case o.Listen == "":
		o.Listen = "unix"
	case o.Listen != "unix" && o.Listen != "tcp":
		return nil, fmt.Errorf("listen on %q: neither unix nor tcp", o.Listen)
	case o.Listen == "tcp" && o.Profile != Private:
		return nil, errors.New("listen on tcp: every account of this machine could run commands through it; use a Unix socket")
	}
	for _, dir := range []*string{&o.Dir, &o.DownloadDir} {
		path, err := makeDir(*dir)
		if err != nil {
			return nil, err
		}
		*dir = path
	}
	d := &Daemon{o: o}
	// The session is private also where it is older than this program: it holds
	// passkeys, and the socket.
	if err := os.MkdirAll(d.Session(), 0o700); err != nil {
		return nil, err
	}
	if err := os.Chmod(d.Session(), 0o700); err != nil {
		return nil, err
	}
	if o.Listen == "unix" {
		if err := d.listenAt("scgi://" + filepath.Join(d.Session(), "rpc.sock")); err != nil {
			return nil, fmt.Errorf("%w: choose a shorter directory", err)
		}
	}
	return d, nil
}

// findBinary replaces the command by its absolute path, since it is run in
// another directory.
func (o *DaemonOptions) findBinary() error {
	argv := slices.Clone(o.Binary)
	if len(argv) == 0 {
		argv = []string{"rtorrent"}
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return fmt.Errorf("%w: install the package rtorrent", err)
	}
	argv[0], err = filepath.Abs(path)
	o.Binary = argv
	return err
}

// makeDir makes a directory unless it is there, and returns its absolute path.
func makeDir(dir string) (string, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fmt.Errorf("%q: a control character in a path cannot be told to rTorrent", path)
	}
	return path, os.MkdirAll(path, 0o700)
}

// listenAt sets the endpoint and the client that speaks to it.
func (d *Daemon) listenAt(address string) error {
	endpoint, err := ParseEndpoint(address)
	if err != nil {
		return err
	}
	transport, err := NewTransport(endpoint, TransportOptions{})
	if err != nil {
		return err
	}
	d.endpoint = address
	d.client = New(transport, Options{NoJSON: true})
	return nil
}

// Endpoint is the address of this rTorrent, in the form ParseEndpoint takes. It
// stays the same over Restart.
func (d *Daemon) Endpoint() string { return d.endpoint }

// Session is the path of the session directory.
func (d *Daemon) Session() string { return filepath.Join(d.o.Dir, "session") }

// Downloads is the path of the directory that rTorrent downloads into.
func (d *Daemon) Downloads() string { return d.o.DownloadDir }

// Adopted reports whether the rTorrent was running before: then Stop leaves it
// alone.
func (d *Daemon) Adopted() bool { return d.process() == nil }

// PID is the id of the process, also after its end.
func (d *Daemon) PID() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.pid
}

// PeerPort is the TCP port on which rTorrent takes peers.
func (d *Daemon) PeerPort() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.peerPort
}

func (d *Daemon) process() *process {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.proc
}
