package fs

import (
	"cmp"
	"context"

	"rtfs/rtorrent"
)

// A tracker is one of a torrent's.
type tracker struct {
	hash rtorrent.Hash
	*rtorrent.Tracker
}

// trackerNodes is the table of a tracker's directory.
func trackerNodes() []Node[tracker] {
	type T = tracker
	return []Node[T]{
		writable(secret(text("url", "its URL with the passkey; a write puts another one into its group, announces and disables the old, which cannot be removed",
			"t.url d.tracker.insert t.is_enabled", func(t *T) string { return t.URL })),
			setter[T]{plan: setTrackerURL}),
		writable(boolean("enabled", "1 if it is announced to", "t.is_enabled", func(t *T) bool { return t.IsEnabled }),
			setter[T]{words: flagWords(), plan: setTrackerEnabled}),
		integer("group", "its tier, 0 the first", "t.group", func(t *T) int64 { return t.Group }),
		text("type", "http, udp or dht", "t.type", func(t *T) string { return word(trackerTypes(), t.Type) }),
		boolean("busy", "1 while it is being asked", "t.is_busy", func(t *T) bool { return t.IsBusy }),
		integer("seeds", "seeds it knows of", "t.scrape_complete", func(t *T) int64 { return t.Seeds }),
		integer("leeches", "leeches it knows of", "t.scrape_incomplete", func(t *T) int64 { return t.Leeches }),
		integer("downloaded", "how often it saw the torrent completed", "t.scrape_downloaded", func(t *T) int64 { return t.Downloaded }),
		integer("failures", "failed requests since the last good one", "t.failed_counter", func(t *T) int64 { return t.Failures }),
		integer("successes", "good requests", "t.success_counter", func(t *T) int64 { return t.Successes }),
		integer("last", "when it was last asked, in Unix seconds, 0 never", "t.activity_time_last", func(t *T) int64 { return t.Last }),
		integer("next", "when it is asked next, in Unix seconds, 0 not planned", "t.activity_time_next", func(t *T) int64 { return t.Next }),
		text("event", "what it was told last: updated, completed, started, stopped or scrape", "t.latest_event", func(t *T) string {
			return word(rtorrent.TrackerEvents(), t.Event)
		}),
	}
}

// trackerTypes are the words for a tracker's type, from 0 on.
func trackerTypes() []string { return []string{"none", "http", "udp", "dht"} }

// word returns the word for a number, or the number where there is none.
func word(words []string, n int64) string {
	if n < 0 || n >= int64(len(words)) {
		return number(n)
	}
	return words[n]
}

// newTracker is the file that takes new ones.
func newTracker() File[rtorrent.Torrent] {
	return File[rtorrent.Torrent]{Name: "new", Doc: "write URLs, one a line, or `group URL`: they are added, in a tier behind the others or in that group", From: "d.tracker.insert",
		Set: &setter[rtorrent.Torrent]{shape: shapeLines, plan: addTrackers, needs: "d.is_meta"}, Secret: true}
}

func trackerReference(prefix string) []Line {
	dir := Dir[tracker]{Name: "<host>", Doc: "one tracker; the second of a host is `<host> 2`", Nodes: trackerNodes()}
	return append(newTracker().reference(prefix), dir.reference(prefix)...)
}

func openTrackers(d *driver, s subject[rtorrent.Torrent]) directory {
	all := func(ctx context.Context) ([]namedTracker, error) {
		list, err := d.cache.Trackers(ctx, s.hash)
		if err != nil {
			return nil, err
		}
		return d.trackers.assign(s.hash, list), nil
	}
	return &memberDir[tracker]{
		d: d, subject: s, region: inoTracker, add: newTracker(), nodes: d.trackerNodes,
		names: func(ctx context.Context) ([]string, error) {
			named, err := all(ctx)
			names := make([]string, len(named))
			for i, n := range named {
				names[i] = n.name
			}
			return names, err
		},
		member: func(ctx context.Context, name string) (*tracker, error) {
			named, err := all(ctx)
			for _, n := range named {
				if n.name == name {
					return &tracker{s.hash, n.tracker}, nil
				}
			}
			return nil, cmp.Or(err, errNoEntry)
		},
	}
}
