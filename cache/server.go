package cache

import (
	"context"
	"strings"

	"rtfs/rtorrent"
)

// A serverCache keeps what concerns rTorrent itself, all of it under the one
// key "" but the throttles, which are asked by their names.
type serverCache struct {
	server      *keyed[string, *rtorrent.Server]
	chokeGroups *keyed[string, []*rtorrent.ChokeGroup]
	settings    *keyed[string, *rtorrent.Settings]
	throttles   *keyed[string, []*rtorrent.Throttle]
}

func newServerCache(client *rtorrent.Client, o Options) serverCache {
	return serverCache{
		server: newKeyed(o.TTL, func(ctx context.Context, _ string) (*rtorrent.Server, error) {
			return client.Server(ctx)
		}),
		chokeGroups: newKeyed(o.TTL, func(ctx context.Context, _ string) ([]*rtorrent.ChokeGroup, error) {
			return client.ChokeGroups(ctx)
		}),
		settings: newKeyed(o.TTL, func(ctx context.Context, _ string) (*rtorrent.Settings, error) {
			return client.Settings(ctx)
		}),
		throttles: newKeyed(o.TTL, func(ctx context.Context, names string) ([]*rtorrent.Throttle, error) {
			return client.Throttles(ctx, strings.Split(names, throttleEnd))
		}),
	}
}

// throttleEnd stands between the names in the key of the throttles. A name
// cannot hold it.
const throttleEnd = "\x00"

func (s *serverCache) drop() {
	s.server.dropAll()
	s.chokeGroups.dropAll()
	s.settings.dropAll()
	s.throttles.dropAll()
}

// Server returns what rTorrent tells about itself, at most TTL old.
func (c *Cache) Server(ctx context.Context) (*rtorrent.Server, error) {
	return c.server.server.value(ctx, "")
}

// ChokeGroups returns the choke groups by their index, at most TTL old.
func (c *Cache) ChokeGroups(ctx context.Context) ([]*rtorrent.ChokeGroup, error) {
	return c.server.chokeGroups.value(ctx, "")
}

// Settings returns the settings, at most TTL old.
func (c *Cache) Settings(ctx context.Context) (*rtorrent.Settings, error) {
	return c.server.settings.value(ctx, "")
}

// Throttles returns the throttles of the given names, in their order, at most
// TTL old.
func (c *Cache) Throttles(ctx context.Context, names ...string) ([]*rtorrent.Throttle, error) {
	if len(names) == 0 {
		return nil, nil
	}
	return c.server.throttles.value(ctx, strings.Join(names, throttleEnd))
}

// ApplyServer carries out commands on rTorrent itself. What is known of it is
// asked anew afterwards; the rows of torrents do not depend on it.
func (c *Cache) ApplyServer(ctx context.Context, commands ...rtorrent.ServerCommand) error {
	defer c.server.drop()
	return c.client.DoServer(ctx, commands...)
}

// ApplySetting changes a setting and returns what rTorrent kept. Everything is
// asked anew afterwards.
func (c *Cache) ApplySetting(ctx context.Context, to *rtorrent.Setting) (*rtorrent.Setting, error) {
	defer c.Drop()
	defer c.server.drop()
	return c.client.Set(ctx, to)
}
