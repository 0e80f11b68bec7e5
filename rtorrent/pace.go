package rtorrent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"
)

// ErrTooOften says that the trackers of a torrent would be asked so often that
// this rTorrent ends.
var ErrTooOften = errors.New("too many requests to the trackers in a short time")

// libtorrent 0.13 counts the requests to a tracker, takes one away for each
// second, and ends rTorrent at the tenth ("Tracker request had more than 10
// requests in 10 seconds"): nine announces in a loop did, as did as many
// pauses with a resume behind each. 0.16 survived 40.
const (
	paceAtMost = 7 // of ours; rTorrent makes one or two by itself
	paceWait   = 5 * time.Second
	paceTick   = 100 * time.Millisecond
)

// trackerEvents are the commands that make a torrent ask its trackers, and
// the event that they tell them: those of one event in one request count once.
var trackerEvents = map[string]string{
	"d.start": "started", "d.resume": "started",
	"d.stop": "stopped", "d.close": "stopped", "d.pause": "stopped", "d.erase": "stopped",
	"d.tracker_announce": "announced", "d.tracker.send_scrape": "scraped",
}

// A pacer counts the requests to the trackers of each torrent that we cause,
// and keeps them apart. It is safe for concurrent use.
type pacer struct {
	mu     sync.Mutex // guards the fields below
	counts map[Hash]paceCount
	told   map[Hash]time.Time // when the last was caused
}

type paceCount struct {
	n    int
	last time.Time
}

func newPacer() *pacer {
	return &pacer{counts: map[Hash]paceCount{}, told: map[Hash]time.Time{}}
}

// pace waits until the calls about a torrent do this rTorrent no harm.
func (c *Client) pace(ctx context.Context, caps *Caps, h Hash, calls []call) error {
	switch {
	case caps.hangsOnStop():
		return c.pacer.enter(ctx, h, calls)
	case caps.givesUpUntaken():
		return c.pacer.space(ctx, h, calls)
	}
	return nil
}

// paced takes note that the calls have been made, or may have been.
func (c *Client) paced(caps *Caps, h Hash, calls []call) {
	if caps.givesUpUntaken() && trackerRequests(calls) > 0 {
		c.pacer.sent(h, time.Now())
	}
}

// space waits until apartGap has passed since the trackers of the torrent were
// told something before.
func (p *pacer) space(ctx context.Context, h Hash, calls []call) error {
	if trackerRequests(calls) == 0 {
		return nil
	}
	p.mu.Lock()
	last := p.told[h]
	p.mu.Unlock()
	wait := time.NewTimer(time.Until(last.Add(apartGap)))
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sent takes note that the trackers were told something.
func (p *pacer) sent(h Hash, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told[h] = now
	maps.DeleteFunc(p.told, func(_ Hash, at time.Time) bool { return now.Sub(at) >= apartGap })
}

// forget lets the next be told at once.
func (p *pacer) forget(h Hash) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.told, h)
}

// enter waits until the calls do no harm, at most paceWait.
func (p *pacer) enter(ctx context.Context, h Hash, calls []call) error {
	n := trackerRequests(calls)
	if n == 0 || p.take(h, n, time.Now()) {
		return nil
	}
	deadline := time.NewTimer(paceWait)
	defer deadline.Stop()
	tick := time.NewTicker(paceTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return fmt.Errorf("torrent %s: %w", h, ErrTooOften)
		case now := <-tick.C:
			if p.take(h, n, now) {
				return nil
			}
		}
	}
}

// take counts n requests, unless they are too many now.
func (p *pacer) take(h Hash, n int, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counts[h]
	passed := now.Sub(c.last).Truncate(time.Second)
	c.n -= int(passed / time.Second)
	c.last = c.last.Add(passed)
	if c.n <= 0 {
		c = paceCount{last: now}
	}
	if c.n+n > paceAtMost {
		return false
	}
	c.n += n
	p.counts[h] = c
	return true
}

// giveBack takes back what was counted for calls that did not happen.
func (p *pacer) giveBack(h Hash, calls []call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.counts[h]; ok {
		c.n = max(0, c.n-trackerRequests(calls))
		p.counts[h] = c
	}
}

// trackerRequests is how many requests the calls cause at most.
func trackerRequests(calls []call) int {
	n := 0
	seen := map[string]bool{}
	for _, c := range calls {
		event := trackerEvents[c.command()]
		if event == "" || seen[event] && (event == "started" || event == "stopped") {
			continue
		}
		seen[event] = true
		n++
	}
	return n
}

// command is what a call does, also where a branch guards it.
func (c call) command() string {
	if c.method != "branch" || len(c.args) == 0 {
		return c.method
	}
	text, _ := c.args[len(c.args)-1].(string)
	name, _, _ := strings.Cut(text, "=")
	return name
}
