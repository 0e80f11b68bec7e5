package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/urfave/cli/v2"

	"rtfs/cache"
	"rtfs/fs"
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

// A mounting is what the command line and the config file say of one mount.
// The limit on open files needs no word: Go raises the soft one to the hard one
// for itself, and leaves that of the programs it starts as it was.
type mounting struct {
	targets []target
	dir     string
	log     *slog.Logger
	kernel  fs.MountOptions
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
		return p.mountServers(c, m)
	}
	rt, err := spawn(c, m.log)
	if err != nil {
		return err
	}
	m.targets[0].address = rt.Endpoint()
	err = p.mountServers(c, m)
	if stopped := rt.end(); err == nil {
		err = stopped
	}
	return err
}

// readMounting reads the options and arguments of mount and the config file,
// and changes nothing.
func (p *program) readMounting(c *cli.Context) (*mounting, error) {
	m := &mounting{}
	var err error
	if m.kernel.Options, err = takeOptions(c); err != nil {
		return nil, err
	}
	servers := c.StringSlice("server")
	switch {
	case c.NArg() == 1 && strings.Contains(c.Args().First(), "://"):
		return nil, usage("mount %s: no MOUNTPOINT is given", c.Args().First())
	case c.NArg() == 1:
		m.dir = c.Args().First()
	case c.NArg() == 2 && !c.Bool("spawn"):
		servers = append([]string{c.Args().Get(0)}, servers...)
		m.dir = c.Args().Get(1)
	case c.Bool("spawn"):
		return nil, usage("mount --spawn: want MOUNTPOINT alone, got %d arguments", c.NArg())
	default:
		return nil, usage("mount: want [SERVER] MOUNTPOINT, got %d arguments", c.NArg())
	}
	if c.Bool("spawn") && len(servers) > 0 {
		return nil, usage("--spawn starts a server: give no --server")
	}
	if m.targets, err = p.targets(c, servers); err != nil {
		return nil, err
	}
	if c.IsSet("download-dir") && !c.Bool("spawn") {
		return nil, usage("--download-dir is for --spawn")
	}
	if m.log, err = p.logger(c); err != nil {
		return nil, err
	}
	if _, err := umask(c.String("umask")); err != nil {
		return nil, err
	}
	for _, t := range m.targets {
		if !c.Bool("spawn") {
			if _, err := t.locate(); err != nil {
				return nil, err
			}
		}
		for _, name := range []string{"ttl", "max-stale", "timeout"} {
			if t.options.Duration(name) <= 0 {
				return nil, usage("--%s %s: want more than 0", name, t.options.Duration(name))
			}
		}
		if wait := t.options.Duration("wait"); wait < 0 {
			return nil, usage("--wait %s: want 0 or more", wait)
		}
		if _, err := pathMaps(t.options.StringSlice("map")); err != nil {
			return nil, err
		}
	}
	m.kernel.AllowOther = c.Bool("allow-other")
	m.kernel.Debug = c.Bool("debug-fuse")
	return m, nil
}

// mountServers mounts the servers on the directory, which was claimed, and
// serves them to the end.
func (p *program) mountServers(c *cli.Context, m *mounting) error {
	list := make([]*server, len(m.targets))
	for i, t := range m.targets {
		s, err := p.prepare(t, m.log)
		if err != nil {
			return err
		}
		if t.name != "" {
			s.tree.Place = i + 1
		}
		list[i] = s
	}
	if err := p.checkOverlaps(c.Context, m.dir, list); err != nil {
		return err
	}
	if err := c.Context.Err(); err != nil {
		return err
	}
	trees, shown := make([]*fs.Tree, len(list)), make([]string, len(list))
	for i, s := range list {
		s.tree.DataUID = dataUID(s.options, s.endpoint)
		trees[i] = fs.New(cache.New(s.client, s.cache), s.tree)
		shown[i] = s.endpoint.String()
		if s.name != "" {
			shown[i] = s.name + "=" + shown[i]
		}
	}
	m.kernel.Source = strings.Join(shown, " ")
	s, err := startSession(trees, m.dir, m.kernel)
	if err != nil {
		return err
	}
	return p.serve(c.Context, s, fmt.Sprintf("%s mounted on %s; Ctrl-C unmounts", m.kernel.Source, m.dir))
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
	p.systemd.say("READY=1\nSTATUS=" + ready)
	said := make(chan struct{})
	quiet := context.AfterFunc(ctx, func() {
		p.systemd.say("STOPPING=1")
		close(said)
	})
	served, cancel := context.WithCancel(ctx)
	defer cancel()
	go p.systemd.watch(served, s.dir)
	err := s.serve(ctx)
	if !quiet() {
		<-said // an unmount can be quicker
	}
	return err
}
