package rtorrent

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// acquireAll takes n connections and returns a release for each.
func acquireAll(t *testing.T, l *limits, n int, write bool) []func() {
	t.Helper()
	var releases []func()
	for range n {
		release, err := l.acquire(t.Context(), write)
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, release)
	}
	return releases
}

func TestLimitsKeepAConnectionForWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits()
		reads := acquireAll(t, l, maxConnections-keptForWrites, false)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.acquire(ctx, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one read too many: %v, want %v", err, context.DeadlineExceeded)
		}
		writes := acquireAll(t, l, keptForWrites, true)

		waited := make(chan func())
		go func() {
			release, err := l.acquire(t.Context(), true)
			if err != nil {
				t.Error(err)
			}
			waited <- release
		}()
		synctest.Wait()
		select {
		case <-waited:
			t.Errorf("more than %d connections", maxConnections)
		default:
		}
		reads[0]()
		(<-waited)()
		for _, release := range append(reads[1:], writes...) {
			release()
		}
		for _, release := range acquireAll(t, l, maxConnections, true) {
			release()
		}
	})
}

func TestLimitsGiveBackAfterCancel(t *testing.T) {
	l := newLimits()
	writes := acquireAll(t, l, maxConnections, true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 * maxConnections {
		if _, err := l.acquire(ctx, false); !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want %v", err, context.Canceled)
		}
	}
	for _, release := range writes {
		release()
	}
	for _, release := range acquireAll(t, l, maxConnections-keptForWrites, false) {
		release()
	}
}

func TestLimitsLetGoWhileWaitingForTheLastConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits()
		writes := acquireAll(t, l, maxConnections, true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.acquire(ctx, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v, want %v", err, context.DeadlineExceeded)
		}
		for _, release := range writes {
			release()
		}
		for _, release := range acquireAll(t, l, maxConnections-keptForWrites, false) {
			release()
		}
	})
}
