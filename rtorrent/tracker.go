package rtorrent

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

// A Tracker is one tracker of a torrent. It is never changed once it has been
// returned.
type Tracker struct {
	URL        string `rt:"t.url,text"`
	Group      int64  `rt:"t.group"` // 0 to 32, announced to in this order
	Type       int64  `rt:"t.type"`  // 1 http, 2 udp, 3 dht
	IsEnabled  bool   `rt:"t.is_enabled"`
	IsExtra    bool   `rt:"t.is_extra_tracker"` // inserted in this run of rTorrent
	IsBusy     bool   `rt:"t.is_busy"`          // an announce or scrape is under way
	Seeds      int64  `rt:"t.scrape_complete"`
	Leeches    int64  `rt:"t.scrape_incomplete"`
	Downloaded int64  `rt:"t.scrape_downloaded"` // how often, as the tracker counts
	Successes  int64  `rt:"t.success_counter"`
	Failures   int64  `rt:"t.failed_counter"`     // since the last success
	Last       int64  `rt:"t.activity_time_last"` // Unix seconds, 0 never
	Next       int64  `rt:"t.activity_time_next"` // Unix seconds, 0 not planned
	Event      int64  `rt:"t.latest_event"`       // place in TrackerEvents

	// Index is the place in rTorrent's list. It is good for one moment: a
	// tracker that answers moves to the front of its group, and a new one
	// moves all groups behind its own.
	Index int
	// Nth tells trackers of equal URL apart, 0 the first in the list.
	Nth int
}

// TrackerEvents returns the words for a Tracker's Event.
func TrackerEvents() []string {
	return []string{"updated", "completed", "started", "stopped", "scrape"}
}

// eventStopped is the place of "stopped" in TrackerEvents.
const eventStopped = 3

// Host returns the host of the tracker, without its port, in lower case; ""
// if its URL has none.
func (t *Tracker) Host() string { return TrackerHost(t.URL) }

// same reports whether two rows are about one tracker.
func (t *Tracker) same(o *Tracker) bool { return t.URL == o.URL && t.Nth == o.Nth }

// Trackers returns the trackers of a torrent in rTorrent's order. Those that
// 0.16 holds for invalid are left out.
func (c *Client) Trackers(ctx context.Context, h Hash) ([]*Tracker, error) {
	return c.trackersAfter(ctx, h, nil)
}

// trackersAfter makes the calls, saves the torrent if there are any, and
// returns the trackers as they are then, all in one request.
func (c *Client) trackersAfter(ctx context.Context, h Hash, calls []call) ([]*Tracker, error) {
	caps, err := c.Caps(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.pace(ctx, caps, h, calls); err != nil {
		return nil, err
	}
	defer c.paced(caps, h, calls)
	q := c.trackers.query(caps.Has)
	q.places = true
	write := len(calls) > 0
	var pending *saved
	if write {
		calls = append(calls, call{caps.saveCommand(h), []any{h}})
		pending = caps.beforeSave(h, ".torrent.libtorrent_resume")
	}
	list := call{"t.multicall", []any{h, ""}}
	for _, getter := range q.getters {
		list.args = append(list.args, getter)
	}
	request, err := encodeMulticall(append(calls, list))
	if err != nil {
		return nil, err
	}
	body, _, err := c.exchange(ctx, write, typeXML, request)
	if err != nil {
		return nil, fmt.Errorf("trackers of %s: %w", h, err)
	}
	s := newXMLScanner(body)
	refusal, err := readOutcomes(s, calls)
	if err != nil && write {
		err = outcome(err)
	}
	if err != nil {
		return nil, err
	}
	var rows []*Tracker
	refusals, err := whole(s, 1, func(int) (err error) {
		rows, err = q.decode(s, nil)
		return err
	})
	if err == nil && refusals != nil {
		err = named(refusals[0], list.method)
	}
	if err != nil && write {
		err = Afterwards(err)
	}
	if err = joinOutcome(err, refusal); err != nil {
		return nil, err
	}
	pending.wait(ctx)
	return placed(rows), nil
}

// placed fills in what the place of a row tells, and leaves out the nil rows.
func placed(rows []*Tracker) []*Tracker {
	trackers := rows[:0]
	nth := map[string]int{}
	for i, t := range rows {
		if t == nil {
			continue
		}
		t.Index, t.Nth = i, nth[t.URL]
		nth[t.URL]++
		trackers = append(trackers, t)
	}
	return trackers
}

// trackerMost bounds the URL of a tracker, in bytes.
const trackerMost = 2048

// CheckTracker returns what is wrong with the URL of a new tracker: rTorrent
// takes control bytes and URLs without a host, and can never remove one.
func CheckTracker(tracker string) error {
	if len(tracker) > trackerMost {
		return fmt.Errorf("a tracker's URL of %d bytes, at most %d", len(tracker), trackerMost)
	}
	if strings.ContainsFunc(tracker, func(r rune) bool { return r <= ' ' || r >= 0x7F }) {
		return fmt.Errorf("a tracker's URL has printable ASCII alone")
	}
	u, err := url.Parse(tracker)
	scheme, _, _ := strings.Cut(tracker, "://")
	switch {
	case err != nil || u.Hostname() == "":
		return fmt.Errorf("a tracker's URL is one of a host")
	case !trackerSchemes[scheme]: // rTorrent wants them in lower case
		return fmt.Errorf("a tracker's URL begins with http://, https:// or udp://")
	}
	return nil
}
