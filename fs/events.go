package fs

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// Events are what events tells, a line each: time, info-hash, event, name.
const (
	eventAdded    = "added"
	eventRemoved  = "removed"
	eventStarted  = "started"
	eventStopped  = "stopped"
	eventPaused   = "paused"
	eventFinished = "finished"
	eventChecking = "checking"
	eventError    = "error"
	eventTags     = "tags"
	eventName     = "name"

	// Of our own moves of data.
	eventMoved      = "moved"
	eventMoveFailed = "move_failed"
)

// eventNames are all of them.
var eventNames = []string{
	eventAdded, eventRemoved, eventStarted, eventStopped, eventPaused, eventFinished, eventChecking,
	eventError, eventTags, eventName, eventMoved, eventMoveFailed,
}

// events writes a log of what changes in rTorrent. While the log is open it
// sees to it that there are new snapshots; at other times it writes what it
// notices by others' reads.
type events struct {
	log     *logFile
	polling atomic.Bool // a load that run asked for is under way

	last    *cache.Snapshot                  // used by run alone, like settled
	settled map[rtorrent.Hash]settledTorrent // what each was when last not in a check
}

// A settledTorrent is a torrent's state when no check was under way.
type settledTorrent struct {
	state     string // "" before it was seen at rest
	complete  bool
	ever      bool // it was complete before
	downTotal int64
	checked   bool // a check that is not the one on finish was seen since
}

func newEvents() *events {
	return &events{log: newLogFile(0), settled: map[rtorrent.Hash]settledTorrent{}}
}

// eventColumns are the rTorrent commands that events follow from. A snapshot that
// somebody asked for others says nothing of them.
const eventColumns = "d.name d.custom1 d.down.total d.timestamp.finished " + stateColumns

// run writes events until life ends. changed is told of each new snapshot and the
// one before, nil at first.
func (e *events) run(life context.Context, c *cache.Cache, ttl time.Duration, changed func(before, now *cache.Snapshot)) {
	columns := c.Client().Columns(eventColumns)
	var last *cache.Snapshot
	tick := time.NewTicker(ttl)
	defer tick.Stop()
	for {
		select {
		case <-life.Done():
			return
		case <-c.Changed():
			now := c.Peek()
			if now != nil && now != last {
				changed(last, now)
				last = now
			}
			if now != nil && now != e.last && now.Has(columns) {
				e.compare(now, time.Now())
				e.last = now
			}
		case <-tick.C:
			if e.log.readers.Load() > 0 && e.polling.CompareAndSwap(false, true) {
				go func() {
					defer e.polling.Store(false)
					c.Want(life, columns)
				}()
			}
		}
	}
}

// compare writes what happened between the last snapshot and now. The first
// snapshot of all is where the log begins: it has no events.
func (e *events) compare(now *cache.Snapshot, at time.Time) {
	seen := make(map[rtorrent.Hash]bool, len(now.Torrents))
	for _, t := range now.Torrents {
		seen[t.Hash] = true
		var old *rtorrent.Torrent
		if e.last != nil {
			old, _ = e.last.Torrent(t.Hash)
		}
		if old == t {
			continue
		}
		for _, event := range e.changes(old, t) {
			if e.last != nil {
				e.write(at, t, event)
			}
		}
	}
	if e.last == nil {
		return
	}
	for _, t := range e.last.Torrents {
		if !seen[t.Hash] {
			delete(e.settled, t.Hash)
			e.write(at, t, eventRemoved)
		}
	}
}

func (e *events) write(at time.Time, t *rtorrent.Torrent, event string) {
	fields := []string{at.UTC().Format(time.RFC3339), string(t.Hash), event, escapeTSV(t.Name)}
	e.log.add(strings.Join(fields, "\t"))
}

// changes returns the events between two rows of a torrent; old is nil for a
// new one.
func (e *events) changes(old, now *rtorrent.Torrent) []string {
	var changes []string
	if old == nil {
		changes = append(changes, eventAdded)
	} else {
		if old.Name != now.Name {
			changes = append(changes, eventName)
		}
		if !slices.Equal(rtorrent.DecodeTags(old.Custom1), rtorrent.DecodeTags(now.Custom1)) {
			changes = append(changes, eventTags)
		}
	}
	state, before := stateOf(now), e.settled[now.Hash]
	if state == stateChecking || state == stateQueued {
		wasChecking := old != nil && old.Hashing != 0
		// The check on finish (2) belongs to the download.
		before.checked = before.checked || now.Hashing != 2
		e.settled[now.Hash] = before
		if !wasChecking { // also one that waits: it may be short
			changes = append(changes, eventChecking)
		}
		return changes
	}
	e.settled[now.Hash] = settledTorrent{state: state, complete: now.IsComplete, downTotal: now.DownTotal,
		ever: before.ever || now.IsComplete || now.Finished != 0}
	if old == nil {
		return changes
	}
	if event := transition(before.state, state); event != "" {
		changes = append(changes, event)
	}
	if before.finishes(now) {
		changes = append(changes, eventFinished)
	}
	return changes
}

// finishes reports whether a torrent became complete by a download, or because
// a check has found all its data for the first time since it was seen without.
// To check again what was complete before finishes nothing.
func (s settledTorrent) finishes(now *rtorrent.Torrent) bool {
	if s.complete || !now.IsComplete {
		return false
	}
	return now.DownTotal > s.downTotal || s.state == stateDownloading && !s.checked || s.state != "" && !s.ever
}

// transition returns the event for reaching a state from another one, "" for
// none.
func transition(before, state string) string {
	if before == state {
		return ""
	}
	switch state {
	case stateStopped:
		return eventStopped
	case statePaused:
		return eventPaused
	case stateError:
		return eventError
	}
	if before == stateDownloading || before == stateSeeding {
		return ""
	}
	return eventStarted
}
