package fs

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"rtfs/rtorrent"
)

const (
	// loadWait is how long a loaded torrent may take to appear. It does within
	// 5 ms, and waits behind other calls at most; load itself never says that
	// it failed.
	loadWait = 5 * time.Second
	loadPoll = 5 * time.Millisecond
)

// load checks the bytes of a .torrent, gives them to rTorrent and sees that
// they arrive. It returns the info-hash as soon as that is known.
func (d *driver) load(ctx context.Context, content []byte, start bool) (rtorrent.Hash, error) {
	m, err := rtorrent.ParseMetainfo(content)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errInvalid, err)
	}
	partial, err := d.drops.begin(m.Hash)
	if err != nil {
		return m.Hash, err
	}
	loaded := partial
	done := false
	defer func() { d.drops.end(m.Hash, loaded && !done) }()

	client := d.cache.Client()
	_, err = client.Torrent(ctx, m.Hash)
	switch {
	case err == nil && !partial:
		done = true
		return m.Hash, fmt.Errorf("%w: rTorrent has this torrent", errExists)
	case err == nil:
	case !errors.Is(err, rtorrent.ErrNotFound):
		return m.Hash, err
	default:
		err := client.LoadRaw(ctx, m.Encode())
		// Whatever the error says, it may have arrived: the next drop of it
		// goes on where this one ends.
		loaded = !errors.Is(err, rtorrent.ErrTooLarge)
		if err != nil {
			return m.Hash, err
		}
		if err := d.awaitTorrent(ctx, m.Hash); err != nil {
			return m.Hash, err
		}
		client.AwaitSaved(ctx, m.Hash)
	}
	err = d.adorn(ctx, m.Hash, start)
	done = err == nil
	return m.Hash, err
}

// awaitTorrent waits until rTorrent knows a torrent that was loaded.
func (d *driver) awaitTorrent(ctx context.Context, h rtorrent.Hash) error {
	deadline := time.NewTimer(loadWait)
	defer deadline.Stop()
	tick := time.NewTicker(loadPoll)
	defer tick.Stop()
	for {
		t, err := d.cache.Client().Torrent(ctx, h)
		if err == nil {
			d.cache.Patch(h, t)
			return nil
		}
		if !errors.Is(err, rtorrent.ErrNotFound) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return fmt.Errorf("%w: rTorrent took the torrent and does not list it; its own log says why (without a tracker and DHT, 0.9.8 refuses it)", errTimeout)
		case <-tick.C:
		}
	}
}

// adorn does what follows a load: the time it was added, then the start.
func (d *driver) adorn(ctx context.Context, h rtorrent.Hash, start bool) error {
	var commands []rtorrent.Command
	if !d.opts.NoRuTorrent {
		commands = append(commands, rtorrent.SetCustom(h, "addtime", strconv.FormatInt(time.Now().Unix(), 10)))
	}
	if _, err := d.cache.Apply(ctx, h, commands...); err != nil || !start {
		return err
	}
	t, err := d.cache.Apply(ctx, h, moveStart.commands(h)...)
	if err != nil {
		return err
	}
	return d.follow(ctx, t, moveStart)
}
