package fs

import (
	"context"
	"strconv"
	"strings"

	"rtfs/rtorrent"
)

// trackerEffects are the rTorrent commands whose values change with a torrent's
// trackers.
const trackerEffects = "d.message"

// setTrackerURL plans a write to a tracker's url.
func setTrackerURL(t *tracker, value string, _ bool) (action, error) {
	if value == t.URL {
		return nil, nil
	}
	if err := checkTracker(value); err != nil {
		return nil, err
	}
	if t.URL == "dht://" {
		return nil, invalid("the DHT is no tracker to be replaced")
	}
	return func(ctx context.Context, d *driver) error {
		if err := d.needMetadataOf(ctx, t.hash); err != nil {
			return err
		}
		err := d.cache.Change(ctx, t.hash, d.columns(trackerEffects), func(ctx context.Context) error {
			return d.cache.Client().ReplaceTracker(ctx, t.hash, t.Tracker, value)
		})
		if err != nil {
			return err
		}
		list, err := d.cache.Trackers(ctx, t.hash)
		if err != nil {
			return err
		}
		d.trackers.assign(t.hash, list)
		d.trackers.replaced(t.hash, idOf(t.Tracker), trackerID{url: value})
		return nil
	}, nil
}

// checkTracker refuses what rTorrent should not be given for a tracker; the
// beginning of a URL is errPartial.
func checkTracker(url string) error {
	for _, begin := range []string{"http://", "https://", "udp://"} {
		if url != "" && strings.HasPrefix(begin, url) {
			return errPartial
		}
	}
	if err := rtorrent.CheckTracker(url); err != nil {
		return invalid("%v", err)
	}
	return nil
}

// setTrackerEnabled plans a write to a tracker's enabled.
func setTrackerEnabled(t *tracker, value string, _ bool) (action, error) {
	on, err := parseFlag(value)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, d *driver) error {
		if err := d.needMetadataOf(ctx, t.hash); err != nil {
			return err
		}
		return d.cache.Change(ctx, t.hash, d.columns(trackerEffects), func(ctx context.Context) error {
			return d.cache.Client().EnableTracker(ctx, t.hash, t.Tracker, on)
		})
	}, nil
}

// groupsMax is how many groups rTorrent has.
const groupsMax = 33

// addTrackers plans a write to trackers/new. What the torrent has already is
// enabled.
func addTrackers(t *rtorrent.Torrent, value string, _ bool) (action, error) {
	type addition struct {
		group int64
		url   string
	}
	var all []addition
	for l := range strings.Lines(value) {
		add := addition{group: -1, url: strings.TrimSpace(l)}
		if group, url, ok := strings.Cut(add.url, " "); ok {
			n, err := strconv.ParseUint(group, 10, 16)
			if err != nil || n >= groupsMax {
				return nil, invalid("group %q, want 0 to %d", group, groupsMax-1)
			}
			add = addition{int64(n), strings.TrimSpace(url)}
		}
		if add.url == "" {
			continue
		}
		if err := checkTracker(add.url); err != nil {
			return nil, err
		}
		all = append(all, add)
	}
	if len(all) == 0 {
		return nil, invalid("no URL")
	}
	if err := needMetadata(t); err != nil {
		return nil, err
	}
	return func(ctx context.Context, d *driver) error {
		return d.cache.Change(ctx, t.Hash, d.columns(trackerEffects), func(ctx context.Context) error {
			for i, add := range all {
				if err := d.cache.Client().AddTracker(ctx, t.Hash, add.group, add.url); err != nil && i > 0 {
					return rtorrent.Afterwards(err)
				} else if err != nil {
					return err
				}
			}
			return nil
		})
	}, nil
}
