package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"rtfs/cache"
	"rtfs/fs"
	"rtfs/rtorrent"
)

func (p *program) mountCommand() *cli.Command {
	return &cli.Command{
		Name:      "mount",
		Usage:     "mounts until it is unmounted or told to end by Ctrl-C or SIGTERM",
		ArgsUsage: "[SERVER] MOUNTPOINT",
		Flags:     mountFlags(),
		Action:    p.mount,
	}
}

// A mounting is what the command line says of one mount. The limit on open
// files needs no word: Go raises the soft one to the hard one for itself, and
// leaves that of the programs it starts as it was.
type mounting struct {
	server, dir string
	maps        []fs.PathMap
	tree        fs.Options
	cache       cache.Options
	kernel      fs.MountOptions
}

func (p *program) mount(c *cli.Context) error {
	m, err := p.readMounting(c)
	if err != nil {
		return err
	}
	if c.Bool("daemon") && !p.daemon {
		return p.daemonize(c.Context)
	}
	if m.dir, err = p.claim(m.dir); err != nil {
		return err
	}
	if !c.Bool("spawn") {
		return p.mountServer(c, m)
	}
	rt, err := spawn(c, m.tree.Log)
	if err != nil {
		return err
	}
	m.server = rt.Endpoint()
	err = p.mountServer(c, m)
	if stopped := rt.end(); err == nil {
		err = stopped
	}
	return err
}

// readMounting reads the options and arguments of mount, and changes nothing.
func (p *program) readMounting(c *cli.Context) (*mounting, error) {
	m := &mounting{}
	var err error
	if m.kernel.Options, err = takeOptions(c); err != nil {
		return nil, err
	}
	switch {
	case c.NArg() == 1:
		m.dir = c.Args().First()
	case c.NArg() == 2 && !c.Bool("spawn"):
		m.server, m.dir = c.Args().Get(0), c.Args().Get(1)
	case c.Bool("spawn"):
		return nil, usage("mount --spawn: want MOUNTPOINT alone, got %d arguments", c.NArg())
	default:
		return nil, usage("mount: want [SERVER] MOUNTPOINT, got %d arguments", c.NArg())
	}
	if c.IsSet("download-dir") && !c.Bool("spawn") {
		return nil, usage("--download-dir is for --spawn")
	}
	for _, name := range []string{"ttl", "max-stale", "timeout"} {
		if c.Duration(name) <= 0 {
			return nil, usage("--%s %s: want more than 0", name, c.Duration(name))
		}
	}
	log, err := p.logger(c)
	if err != nil {
		return nil, err
	}
	if m.maps, err = pathMaps(c.StringSlice("map")); err != nil {
		return nil, err
	}
	mask, err := umask(c.String("umask"))
	if err != nil {
		return nil, err
	}
	m.cache = cache.Options{TTL: c.Duration("ttl"), MaxStale: c.Duration("max-stale"), Log: log}
	m.tree = fs.Options{
		Version:           versionText(),
		UID:               uint32(c.Uint("uid")),
		GID:               uint32(c.Uint("gid")),
		Umask:             mask,
		ReadOnly:          c.Bool("read-only"),
		TTL:               c.Duration("ttl"),
		Maps:              m.maps,
		NoRuTorrent:       c.Bool("no-rutorrent"),
		MetricsPerTorrent: c.Bool("metrics-per-torrent"),
		AllowEraseHook:    c.Bool("allow-erase-hook"),
		StateDir:          stateDir(),
		Log:               log,
	}
	m.kernel.AllowOther = c.Bool("allow-other")
	m.kernel.Debug = c.Bool("debug-fuse")
	return m, nil
}

// mountServer mounts the server on the directory, which was claimed, and
// serves it to the end.
func (p *program) mountServer(c *cli.Context, m *mounting) error {
	e, t, err := p.openServer(c, m.server)
	if err != nil {
		return err
	}
	client := rtorrent.New(t, rtorrent.Options{
		Timeout: c.Duration("timeout"),
		Log:     m.tree.Log,
		Local:   func(path string) string { return fs.LocalPath(m.maps, path) },
	})
	if err := p.checkOverlap(c.Context, m.dir, e, client, m.maps); err != nil {
		return err
	}
	if err := c.Context.Err(); err != nil {
		return err
	}
	m.tree.Server, m.kernel.Source = e.String(), e.String()
	m.tree.DataUID = dataUID(c, e)
	s, err := startSession(fs.New(cache.New(client, m.cache), m.tree), m.dir, m.kernel)
	if err != nil {
		return err
	}
	return p.serve(c.Context, s, fmt.Sprintf("%s mounted on %s; Ctrl-C unmounts", e, m.dir))
}

// serve says that the mount is ready, and serves it to its end.
func (p *program) serve(ctx context.Context, s *session, ready string) error {
	if !p.daemon {
		fmt.Fprintf(p.stderr, "rtfs: %s\n", ready)
	}
	if err := p.becomeReady(); err != nil {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_ = s.serve(ended) // what came first is what matters
		return fail(exitFailure, "", "going to the background: %w", err)
	}
	return s.serve(ctx)
}
