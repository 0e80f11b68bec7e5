package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"rtfs/cache"
	"rtfs/fs"
	"rtfs/rtorrent"
)

func (p *program) demoCommand() *cli.Command {
	return &cli.Command{
		Name:      "demo",
		Usage:     "mounts a private rTorrent that downloads from another one; both end with it",
		ArgsUsage: "[MOUNTPOINT]",
		Action:    p.demo,
	}
}

const (
	demoRateKB = 200 // of the download, in KiB/s: two minutes for the whole
	// demoBound is how long the first bytes may take.
	demoBound = time.Minute
)

// A demo is what `rtfs demo` starts. All of it is below dir.
type demo struct {
	dir         string
	seed, leech *peer
	metainfo    []byte
	hash        rtorrent.Hash
}

func (p *program) demo(c *cli.Context) error {
	if c.NArg() > 1 {
		return usage("demo: want at most one MOUNTPOINT, got %d arguments", c.NArg())
	}
	dir, err := os.MkdirTemp("", "rtfs-demo-")
	if err != nil {
		return err
	}
	d := &demo{dir: dir}
	err = p.runDemo(c, d)
	return errors.Join(err, d.remove())
}

func (p *program) runDemo(c *cli.Context, d *demo) error {
	ctx := c.Context
	mountpoint := c.Args().First()
	if mountpoint == "" {
		mountpoint = filepath.Join(d.dir, "mnt")
		if err := os.Mkdir(mountpoint, 0o700); err != nil {
			return err
		}
	}
	mountpoint, err := p.claim(mountpoint)
	if err != nil {
		return err
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "rtfs: rTorrent %s downloads %s from rTorrent %s, both private to this demo\n", d.leech.version, demoName, d.seed.version)
	ctx, cancel := context.WithCancel(ctx)
	introducing := make(chan struct{})
	go func() {
		defer close(introducing)
		d.introduce(ctx)
	}()
	defer func() { <-introducing }()
	defer cancel()
	if err := d.awaitTransfer(ctx); err != nil {
		return err
	}
	s, err := d.mount(mountpoint)
	if err != nil {
		return err
	}
	printCommands(p.stdout, mountpoint)
	return p.serve(ctx, s, "demo mounted on "+mountpoint+"; Ctrl-C ends it and removes everything")
}

// start starts the two rTorrents, makes the payload, and gives the torrent to
// both.
func (d *demo) start(ctx context.Context) error {
	found := byVersion(rtorrent.FindBinaries(ctx))
	if len(found) == 0 {
		return fail(exitRTorrent, installHint, "no rtorrent is installed")
	}
	newest, other := found[0], found[len(found)-1]
	var err error
	if d.seed, err = startPeer(ctx, other, filepath.Join(d.dir, "seed"), 0); err != nil {
		return err
	}
	if d.leech, err = startPeer(ctx, newest, filepath.Join(d.dir, "leech"), demoRateKB); err != nil {
		return err
	}
	if d.metainfo, err = makePayload(d.seed.daemon.Downloads()); err != nil {
		return err
	}
	m, err := rtorrent.ParseMetainfo(d.metainfo)
	if err != nil {
		return err
	}
	d.hash = m.Hash
	for _, rt := range []*peer{d.seed, d.leech} {
		if err := rt.load(ctx, d.metainfo); err != nil {
			return err
		}
	}
	return nil
}

// awaitTransfer returns when the first bytes have come over.
func (d *demo) awaitTransfer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, demoBound)
	defer cancel()
	err := poll(ctx, 100*time.Millisecond, func() bool { return d.leech.number(ctx, "d.bytes_done", d.hash) > 0 })
	if err != nil {
		return fmt.Errorf("the demo's transfer does not start: %w", err)
	}
	return nil
}

// introduce has the seed connect to the leech, again whenever the leech is
// without it, until ctx ends: whoever stops or pauses the torrent ends the
// connection.
func (d *demo) introduce(ctx context.Context) {
	const patience = 5 // rounds for one attempt
	leech := fmt.Sprintf("127.0.0.1:%d", d.leech.daemon.PeerPort())
	met, alone := false, 0
	_ = poll(ctx, time.Second, func() bool {
		if d.leech.number(ctx, "d.is_active", d.hash) != 1 || d.leech.number(ctx, "d.complete", d.hash) != 0 ||
			d.leech.number(ctx, "d.peers_connected", d.hash) != 0 {
			alone = 0
			return false
		}
		if alone%patience == 0 && d.refreshSeed(ctx, met) == nil {
			met = d.seed.client.CallWrite(ctx, nil, "add_peer", string(d.hash), leech) == nil || met
		}
		alone++
		return false
	})
}

// refreshSeed returns when the seed seeds. rTorrent connects to no address that
// it was connected with in the last 10 minutes (PeerList::insert_available), so
// a seed that has met the leech is given the torrent anew, which makes it
// forget; the leech takes whoever connects.
func (d *demo) refreshSeed(ctx context.Context, met bool) error {
	ctx, cancel := context.WithTimeout(ctx, demoBound)
	defer cancel()
	if met {
		_, err := d.seed.client.Do(ctx, d.hash, rtorrent.Erase(d.hash))
		if err != nil && !errors.Is(err, rtorrent.ErrNotFound) {
			return err
		}
		if err := d.seed.load(ctx, d.metainfo); err != nil {
			return err
		}
	}
	return poll(ctx, 100*time.Millisecond, func() bool {
		return d.seed.number(ctx, "d.complete", d.hash) == 1 && d.seed.number(ctx, "d.is_active", d.hash) == 1
	})
}

func (d *demo) mount(mountpoint string) (*session, error) {
	endpoint := d.leech.daemon.Endpoint()
	tree := fs.New(cache.New(d.leech.client, cache.Options{}), fs.Options{
		Server:   endpoint,
		Version:  versionText(),
		UID:      uint32(os.Getuid()),
		GID:      uint32(os.Getgid()),
		Umask:    0o022,
		DataUID:  -1, // we made the data ourselves
		Wait:     30 * time.Second,
		StateDir: filepath.Join(d.dir, "state"),
	})
	return startSession([]*fs.Tree{tree}, mountpoint, fs.MountOptions{Source: endpoint})
}

// remove ends both rTorrents and removes their directories.
func (d *demo) remove() error {
	var errs []error
	for _, rt := range []*peer{d.seed, d.leech} {
		if rt != nil {
			errs = append(errs, rt.daemon.Kill())
		}
	}
	// Not through a mount that could not be unmounted.
	mountpoint := filepath.Join(d.dir, "mnt")
	if err := os.Remove(mountpoint); err != nil && !errors.Is(err, os.ErrNotExist) {
		return errors.Join(append(errs, err)...)
	}
	return errors.Join(append(errs, os.RemoveAll(d.dir))...)
}
