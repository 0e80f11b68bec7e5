package rtorrenttest

import (
	"slices"
	"strings"
)

func fileCommands() map[string]command {
	count := func(value func(t *Torrent, f *File) int64) command {
		return ofFile(func(_ *run, t *Torrent, f *File, _ []any) (any, error) { return value(t, f), nil })
	}
	text := func(value func(t *Torrent, f *File) string) command {
		return ofFile(func(_ *run, t *Torrent, f *File, _ []any) (any, error) { return value(t, f), nil })
	}
	return map[string]command{
		"f.path":         text(func(_ *Torrent, f *File) string { return strings.Join(f.Path, "/") }),
		"f.frozen_path":  text((*Torrent).frozenPath),
		"f.size_bytes":   count(func(_ *Torrent, f *File) int64 { return f.Size }),
		"f.offset":       count(func(_ *Torrent, f *File) int64 { return f.Offset }),
		"f.range_first":  count(func(t *Torrent, f *File) int64 { first, _ := t.pieceRange(f); return first }),
		"f.range_second": count(func(t *Torrent, f *File) int64 { _, end := t.pieceRange(f); return end }),
		"f.size_chunks":  count(func(t *Torrent, f *File) int64 { first, end := t.pieceRange(f); return end - first }),
		"f.completed_chunks": count(func(t *Torrent, f *File) (n int64) {
			first, end := t.pieceRange(f)
			for _, v := range t.Verified[first:min(end, int64(len(t.Verified)))] {
				n += number(v)
			}
			return n
		}),
		"f.last_touched":    count(func(_ *Torrent, _ *File) int64 { return 0 }),
		"f.priority":        count(func(_ *Torrent, f *File) int64 { return f.Priority }),
		"f.priority.set":    ofFile(fPrioritySet),
		"f.path_components": ofFile(fPathComponents),
	}
}

func fPrioritySet(_ *run, _ *Torrent, f *File, args []any) (any, error) {
	n, err := numberArg(args, 0)
	if err != nil {
		return nil, err
	}
	if n < 0 || n > 2 {
		return nil, errInvalid
	}
	f.Priority = n
	return nothing{}, nil
}

func fPathComponents(_ *run, _ *Torrent, f *File, _ []any) (any, error) {
	parts := []any{}
	for _, p := range f.Path {
		parts = append(parts, p)
	}
	return parts, nil
}

func trackerCommands() map[string]command {
	count := func(value func(a *Announcer) int64) command {
		return ofTracker(func(a *Announcer, _ []any) (any, error) { return value(a), nil })
	}
	return map[string]command{
		"t.url": ofTracker(func(a *Announcer, _ []any) (any, error) { return a.URL, nil }),
		"t.type": count(func(a *Announcer) int64 {
			if strings.HasPrefix(a.URL, "udp:") {
				return 2
			}
			return 1
		}),
		"t.group":              count(func(a *Announcer) int64 { return a.Group }),
		"t.is_enabled":         count(func(a *Announcer) int64 { return number(a.Enabled) }),
		"t.is_extra_tracker":   count(func(a *Announcer) int64 { return number(a.Extra) }),
		"t.scrape_complete":    count(func(a *Announcer) int64 { return a.Seeds }),
		"t.scrape_incomplete":  count(func(a *Announcer) int64 { return a.Leeches }),
		"t.scrape_downloaded":  count(func(a *Announcer) int64 { return a.Done }),
		"t.success_counter":    count(func(a *Announcer) int64 { return a.OK }),
		"t.failed_counter":     count(func(a *Announcer) int64 { return a.Failed }),
		"t.is_busy":            count(func(a *Announcer) int64 { return number(a.Busy) }),
		"t.activity_time_last": count(func(a *Announcer) int64 { return a.Last }),
		"t.activity_time_next": count(func(a *Announcer) int64 { return a.Next }),
		"t.latest_event":       count(func(a *Announcer) int64 { return a.Event }),
		"t.is_enabled.set": ofTracker(func(a *Announcer, args []any) (any, error) {
			n, err := numberArg(args, 0)
			if err == nil {
				a.Enabled = n != 0
			}
			return nothing{}, err
		}),
	}
}

// dTrackerInsert keeps the trackers in the order of their groups.
func dTrackerInsert(_ *run, t *Torrent, args []any) (any, error) {
	group, err := numberArg(args, 0)
	if err != nil {
		return nil, err
	}
	url, err := textArg(args, 1)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(url, "http:") && !strings.HasPrefix(url, "https:") && !strings.HasPrefix(url, "udp:") {
		return nil, same("could find matching tracker protocol (url:" + url + ")")
	}
	at := 0
	for at < len(t.Trackers) && t.Trackers[at].Group <= group {
		at++
	}
	added := Announcer{URL: url, Group: group, Enabled: true, Extra: true}
	t.Trackers = append(t.Trackers[:at:at], append([]Announcer{added}, t.Trackers[at:]...)...)
	return nothing{}, nil
}

func peerCommands() map[string]command {
	get := func(value func(p *Peer) any) command {
		return ofPeer(func(_ *Torrent, p *Peer, _ []any) (any, error) { return value(p), nil })
	}
	set := func(field func(p *Peer) *bool) command {
		return ofPeer(func(_ *Torrent, p *Peer, args []any) (any, error) {
			n, err := numberArg(args, 0)
			if err == nil {
				*field(p) = n != 0
			}
			return nothing{}, err
		})
	}
	return map[string]command{
		"p.id":                get(func(p *Peer) any { return p.ID }),
		"p.address":           get(func(p *Peer) any { return p.Address }),
		"p.port":              get(func(p *Peer) any { return p.Port }),
		"p.client_version":    get(func(p *Peer) any { return p.Client }),
		"p.completed_percent": get(func(p *Peer) any { return p.Percent }),
		"p.up_rate":           get(func(p *Peer) any { return p.UpRate }),
		"p.down_rate":         get(func(p *Peer) any { return p.DownRate }),
		"p.up_total":          get(func(p *Peer) any { return p.UpTotal }),
		"p.down_total":        get(func(p *Peer) any { return p.DownTotal }),
		"p.is_encrypted":      get(func(p *Peer) any { return number(p.Encrypted) }),
		"p.is_incoming":       get(func(p *Peer) any { return number(p.Incoming) }),
		"p.snubbed":           get(func(p *Peer) any { return number(p.Snubbed) }),
		"p.banned":            get(func(p *Peer) any { return number(p.Banned) }),
		"p.snubbed.set":       set(func(p *Peer) *bool { return &p.Snubbed }),
		"p.banned.set":        set(func(p *Peer) *bool { return &p.Banned }),
		"p.disconnect": ofPeer(func(t *Torrent, p *Peer, _ []any) (any, error) {
			t.Peers = slices.DeleteFunc(t.Peers, func(o Peer) bool { return o.ID == p.ID })
			return nothing{}, nil
		}),
		"add_peer": ofTorrent(dNothing),
	}
}
