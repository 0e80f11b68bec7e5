package main

import (
	"log/slog"

	"rtfs/cache"
	"rtfs/fs"
	"rtfs/rtorrent"
)

// A server is one of a mount before it is mounted.
type server struct {
	target
	endpoint rtorrent.Endpoint
	client   *rtorrent.Client
	maps     []fs.PathMap
	tree     fs.Options
	cache    cache.Options
}

// prepare makes what reaches a server. No call is made.
func (p *program) prepare(t target, log *slog.Logger) (*server, error) {
	e, transport, err := p.open(t)
	if err != nil {
		return nil, err
	}
	c := t.options
	maps, err := pathMaps(c.StringSlice("map"))
	if err != nil {
		return nil, err
	}
	mask, err := umask(c.String("umask"))
	if err != nil {
		return nil, err
	}
	if t.name != "" {
		log = log.With("server", t.name)
	}
	return &server{
		target:   t,
		endpoint: e,
		client: rtorrent.New(transport, rtorrent.Options{
			Timeout: c.Duration("timeout"),
			Log:     log,
			Local:   func(path string) string { return fs.LocalPath(maps, path) },
		}),
		maps: maps,
		tree: fs.Options{
			Server:            e.String(),
			Name:              t.name,
			Version:           versionText(),
			UID:               uint32(c.Uint("uid")),
			GID:               uint32(c.Uint("gid")),
			Umask:             mask,
			ReadOnly:          c.Bool("read-only"),
			TTL:               c.Duration("ttl"),
			Wait:              c.Duration("wait"),
			Stream:            c.Bool("stream"),
			Maps:              maps,
			NoRuTorrent:       c.Bool("no-rutorrent"),
			MetricsPerTorrent: c.Bool("metrics-per-torrent"),
			AllowEraseHook:    c.Bool("allow-erase-hook"),
			StateDir:          stateDir(),
			ConfigDir:         configDir(),
			Log:               log,
		},
		cache: cache.Options{TTL: c.Duration("ttl"), MaxStale: c.Duration("max-stale"), Log: log},
	}, nil
}
