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
	return m.Hash, d.whileLoading(ctx, m.Hash, loadSteps{
		send:  func() (bool, error) { return d.cache.Client().Load(ctx, m) },
		adorn: func(t *rtorrent.Torrent) (*rtorrent.Torrent, error) { return d.adorn(ctx, t, a) },
		await: func(t *rtorrent.Torrent) error {
			if !a.start {
				return nil
			}
			return d.follow(ctx, t, moveStart)
		},
	})
}

// loadSteps are what a load is made of.
type loadSteps struct {
	// send gives the torrent to rTorrent, and reports whether it may have
	// arrived whatever the error says.
	send func() (sent bool, err error)
	// adorn does what comes next when it is there, and returns its row.
	adorn func(*rtorrent.Torrent) (*rtorrent.Torrent, error)
	// await waits for what comes of that.
	await func(*rtorrent.Torrent) error
}

// whileLoading gives one torrent to rTorrent, unless it is there, sees that it
// arrives, and does what follows. Where that was cut off before, it goes on
// from there.
func (d *driver) whileLoading(ctx context.Context, h rtorrent.Hash, steps loadSteps) error {
	partial, err := d.loadings.begin(h)
	if err != nil {
		return err
	}
	loaded := partial
	defer func() { d.loadings.end(h, loaded) }()
	t, err := d.loadInTurn(ctx, h, partial, &loaded, steps)
	if err == nil {
		err = steps.await(t)
		loaded = err != nil
	}
	if loaded {
		err = rtorrent.Afterwards(err)
	}
	return err
}

// loadInTurn does the part that others wait for. It tells by loaded that the
// torrent may be there, and is not as it should be yet.
func (d *driver) loadInTurn(ctx context.Context, h rtorrent.Hash, partial bool, loaded *bool, steps loadSteps) (*rtorrent.Torrent, error) {
	leave, err := d.loadings.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	t, err := d.cache.Client().Torrent(ctx, h)
	switch {
	case err == nil && !partial:
		return nil, fmt.Errorf("%w: rTorrent has this torrent", errExists)
	case err == nil:
		d.cache.Patch(h, t)
		return steps.adorn(t)
	case !errors.Is(err, rtorrent.ErrNotFound):
		return nil, err
	}
	if err := d.loadings.mark(h); err != nil {
		d.logger.Warn("a crash could leave a torrent half added", "error", err)
	}
	if *loaded, err = steps.send(); err != nil {
		return nil, err
	}
	if t, err = d.awaitTorrent(ctx, h); err != nil {
		return nil, err
	}
	d.cache.Client().AwaitSaved(ctx, h)
	return steps.adorn(t)
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
// the start. It returns the row.
func (d *driver) adorn(ctx context.Context, t *rtorrent.Torrent, a adding) (*rtorrent.Torrent, error) {
	h := t.Hash
	var commands []rtorrent.Command
	if !d.opts.NoRuTorrent && t.AddTime == "" {
		commands = append(commands, rtorrent.SetCustom(h, "addtime", strconv.FormatInt(time.Now().Unix(), 10)))
	}
	tags := rtorrent.EncodeTags(mergeTags(rtorrent.DecodeTags(t.Custom1), a.tags, true))
	if len(a.tags) > 0 && tags != t.Custom1 {
		commands = append(commands, rtorrent.SetCustom1(h, tags))
	}
	if len(a.defaults) > 0 {
		var err error
		if t, err = d.cache.Apply(ctx, h, commands...); err != nil {
			return nil, err
		}
		commands = nil
	}
	for _, v := range a.defaults {
		if err := d.setDefault(ctx, t, v); err != nil {
			return nil, fmt.Errorf("default %s: %w", v.file, err)
		}
	}
	if a.start {
		commands = append(commands, moveStart.commands(h)...)
	}
	return d.cache.Apply(ctx, h, commands...)
}

// setDefault gives a torrent that does not run yet one of the defaults.
func (d *driver) setDefault(ctx context.Context, t *rtorrent.Torrent, v defaultValue) error {
	act, err := d.planDefault(t, v)
	if err != nil || act == nil {
		return err
	}
	return act(ctx, d)
}
