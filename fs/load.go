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
func (d *driver) load(ctx context.Context, content []byte, a adding) (rtorrent.Hash, error) {
	m, err := rtorrent.ParseMetainfo(content)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errInvalid, err)
	}
	err = d.whileLoading(ctx, m.Hash, func() (bool, error) {
		return d.cache.Client().Load(ctx, m)
	}, func(t *rtorrent.Torrent) error {
		return d.adorn(ctx, t, a)
	})
	return m.Hash, err
}

// whileLoading gives one torrent to rTorrent by send, unless it is there, sees
// that it arrives, and does what follows. Where that was cut off before, it goes on
// from there. send reports whether anything may have been sent.
func (d *driver) whileLoading(ctx context.Context, h rtorrent.Hash, send func() (sent bool, err error), follow func(*rtorrent.Torrent) error) error {
	partial, err := d.loadings.begin(h)
	if err != nil {
		return err
	}
	loaded := partial
	defer func() { d.loadings.end(h, loaded) }()

	t, err := d.cache.Client().Torrent(ctx, h)
	switch {
	case err == nil && !partial:
		return fmt.Errorf("%w: rTorrent has this torrent", errExists)
	case err == nil:
	case !errors.Is(err, rtorrent.ErrNotFound):
		return err
	default:
		if err := d.loadings.mark(h); err != nil {
			d.logger.Warn("a crash could leave a torrent half added", "error", err)
		}
		// Whatever the error says, it may have arrived: the next drop of it
		// goes on where this one ends.
		if loaded, err = send(); err != nil {
			return err
		}
		if t, err = d.awaitTorrent(ctx, h); err != nil {
			return rtorrent.Afterwards(err)
		}
		d.cache.Client().AwaitSaved(ctx, h)
	}
	err = follow(t)
	loaded = err != nil
	return rtorrent.Afterwards(err)
}

// awaitTorrent waits until rTorrent knows a torrent that was loaded.
func (d *driver) awaitTorrent(ctx context.Context, h rtorrent.Hash) (*rtorrent.Torrent, error) {
	deadline := time.NewTimer(loadWait)
	defer deadline.Stop()
	tick := time.NewTicker(loadPoll)
	defer tick.Stop()
	for {
		t, err := d.cache.Client().Torrent(ctx, h)
		if err == nil {
			d.cache.Patch(h, t)
			return t, nil
		}
		if !errors.Is(err, rtorrent.ErrNotFound) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline.C:
			return nil, fmt.Errorf("%w: rTorrent took the torrent and does not list it; its own log says why (without a tracker and DHT, 0.9.8 refuses it)", errTimeout)
		case <-tick.C:
		}
	}
}

// An adding is what a torrent gets that is added.
type adding struct {
	start    bool
	tags     []string
	defaults []defaultValue
}

// adorn does what follows a load: the time it was added, tags, defaults, then
// the start.
func (d *driver) adorn(ctx context.Context, t *rtorrent.Torrent, a adding) error {
	h := t.Hash
	commands := []rtorrent.Command{}
	if !d.opts.NoRuTorrent && t.AddTime == "" {
		commands = append(commands, rtorrent.SetCustom(h, "addtime", strconv.FormatInt(time.Now().Unix(), 10)))
	}
	tags := rtorrent.EncodeTags(mergeTags(rtorrent.DecodeTags(t.Custom1), a.tags, true))
	if len(a.tags) > 0 && tags != t.Custom1 {
		commands = append(commands, rtorrent.SetCustom1(h, tags))
	}
	t, err := d.cache.Apply(ctx, h, commands...)
	if err != nil {
		return err
	}
	for _, v := range a.defaults {
		if err := d.setDefault(ctx, t, v); err != nil {
			return fmt.Errorf("default %s: %w", v.file, err)
		}
	}
	if !a.start {
		return nil
	}
	if t, err = d.cache.Apply(ctx, h, moveStart.commands(h)...); err != nil {
		return err
	}
	return d.follow(ctx, t, moveStart)
}

// setDefault gives a torrent that does not run yet one of the defaults.
func (d *driver) setDefault(ctx context.Context, t *rtorrent.Torrent, v defaultValue) error {
	act, err := d.planDefault(t, v)
	if err != nil || act == nil {
		return err
	}
	return act(ctx, d)
}
