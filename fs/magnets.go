package fs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rtfs/rtorrent"
)

// loadMagnet gives a checked magnet link to rTorrent, with all that it is to
// have: what is set later is lost when the metadata arrives.
func (d *driver) loadMagnet(ctx context.Context, m rtorrent.Magnet, a adding) error {
	commands, err := d.loadCommands(a)
	if err != nil {
		return err
	}
	return d.whileLoading(ctx, m.Hash, loadSteps{
		send: func() (bool, error) {
			err := d.cache.Client().LoadMagnet(ctx, m, a.start, commands...)
			return rtorrent.MayHaveHappened(err), err
		},
		adorn: func(t *rtorrent.Torrent) (*rtorrent.Torrent, error) {
			if !t.IsMeta || t.State {
				return t, nil
			}
			// It fetches its metadata only when it runs; then it is stopped.
			return d.cache.Apply(ctx, m.Hash, moveStart.commands(m.Hash)...)
		},
		await: func(t *rtorrent.Torrent) error { return d.awaitMagnet(ctx, t) },
	})
}

// awaitMagnet waits until a magnet link looks for its metadata.
func (d *driver) awaitMagnet(ctx context.Context, t *rtorrent.Torrent) error {
	deadline := time.NewTimer(startWait)
	defer deadline.Stop()
	tick := time.NewTicker(startPoll)
	defer tick.Stop()
	for t.IsMeta && !t.IsActive {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return fmt.Errorf("the magnet link does not start, with directory %s", t.Directory)
		case <-tick.C:
		}
		next, err := d.cache.Apply(ctx, t.Hash)
		if err != nil && !errors.Is(err, rtorrent.ErrNotFound) {
			return err
		}
		if err == nil { // for some milliseconds there is neither link nor torrent
			t = next
		}
	}
	return nil
}

// loadCommands are the commands by which a magnet link gets what is added to
// it. A default that none can carry refuses the link.
func (d *driver) loadCommands(a adding) ([]rtorrent.LoadCommand, error) {
	var commands []rtorrent.LoadCommand
	if !d.opts.NoRuTorrent {
		commands = append(commands, rtorrent.LoadAddTime(time.Now().Unix()))
	}
	tags := a.tags
	for _, v := range a.defaults {
		if v.file == "tags" {
			tags = mergeTags(tags, []string{v.value}, true)
			continue
		}
		command, err := d.loadCommand(v)
		if err != nil {
			return nil, fmt.Errorf("%w: default %s: %w", errNoSupport, v.file, err)
		}
		commands = append(commands, command)
	}
	if len(tags) > 0 {
		commands = append(commands, rtorrent.LoadTags(tags))
	}
	return commands, nil
}

func (d *driver) loadCommand(v defaultValue) (rtorrent.LoadCommand, error) {
	count := func(command func(int64) rtorrent.LoadCommand) (rtorrent.LoadCommand, error) {
		n, err := parseCount(v.value, rtorrent.PeersAtMost)
		return command(n), err
	}
	switch v.file {
	case "directory":
		return rtorrent.LoadDirectory(v.value)
	case "comment":
		if d.opts.NoRuTorrent {
			return "", fmt.Errorf("without ruTorrent's marker it cannot travel with a magnet link")
		}
		return rtorrent.LoadComment(v.value), nil
	case "priority":
		p, err := parsePriority(v.value)
		return rtorrent.LoadPriority(p), err
	case "peers_max":
		return count(rtorrent.LoadPeersMax)
	case "peers_min":
		return count(rtorrent.LoadPeersMin)
	case "uploads_max":
		return count(rtorrent.LoadUploadsMax)
	case "throttle":
		return rtorrent.LoadThrottle(v.value)
	}
	if key, ok := strings.CutPrefix(v.file, customDefault); ok {
		return rtorrent.LoadCustom(key, v.value)
	}
	return "", fmt.Errorf("it cannot travel with a magnet link")
}

// withMetadata makes a plan refuse what would be lost when the metadata of a
// magnet link arrives, since rTorrent then makes another torrent of it.
func withMetadata(plan func(*rtorrent.Torrent, string, bool) (action, error)) func(*rtorrent.Torrent, string, bool) (action, error) {
	return func(t *rtorrent.Torrent, value string, add bool) (action, error) {
		act, err := plan(t, value, add)
		if err == nil && act != nil {
			err = needMetadata(t)
		}
		if err != nil {
			return nil, err
		}
		return act, nil
	}
}

func needMetadata(t *rtorrent.Torrent) error {
	if t.IsMeta {
		return fmt.Errorf("%w: it would be lost when the metadata of the magnet link arrives", errBusy)
	}
	return nil
}

// needMetadataOf is needMetadata where the row is not at hand.
func (d *driver) needMetadataOf(ctx context.Context, h rtorrent.Hash) error {
	t, err := d.cache.Row(ctx, h, d.columns("d.is_meta"))
	if err != nil {
		return err
	}
	return needMetadata(t)
}
