package rtorrent

import (
	"context"
	"fmt"
)

// rTorrent does its calls one after another, so that more connections gain
// less than half again as much, and above 60 it drops some.
const (
	maxConnections = 4 // at once, to one rTorrent
	keptForWrites  = 1 // of these, not for reads
)

// limits bound the connections to one rTorrent, so that neither a storm of
// reads nor rTorrent's own limits delay a write. It is safe for concurrent use.
type limits struct {
	all   chan struct{} // one element per connection in use
	reads chan struct{} // one element per read among them, or about to be
}

func newLimits() *limits {
	return &limits{
		all:   make(chan struct{}, maxConnections),
		reads: make(chan struct{}, maxConnections-keptForWrites),
	}
}

// acquire waits until one more connection may be opened, for a write or for a
// read. On success the caller calls release exactly once, after the connection
// is closed or idle; otherwise the error wraps ctx.Err().
func (l *limits) acquire(ctx context.Context, write bool) (release func(), err error) {
	if !write {
		if err := enter(ctx, l.reads); err != nil {
			return nil, err
		}
	}
	if err := enter(ctx, l.all); err != nil {
		if !write {
			<-l.reads
		}
		return nil, err
	}
	return func() {
		<-l.all
		if !write {
			<-l.reads
		}
	}, nil
}

// enter takes a place, unless ctx ends first or has ended.
func enter(ctx context.Context, places chan<- struct{}) error {
	if ctx.Err() == nil {
		select {
		case places <- struct{}{}:
			return nil
		case <-ctx.Done():
		}
	}
	return fmt.Errorf("waiting for a free connection: %w", ctx.Err())
}
