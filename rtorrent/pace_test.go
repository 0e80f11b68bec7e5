package rtorrent

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestPacer holds the tenth request back that would end libtorrent 0.13, and
// nothing else.
func TestPacer(t *testing.T) {
	const h, other Hash = "A", "B"
	announce := []call{{"d.tracker_announce", []any{h}}}
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		begun := time.Now()
		enter := func(h Hash, calls []call, within time.Duration) {
			t.Helper()
			if err := p.enter(t.Context(), h, calls); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(begun); waited > within {
				t.Errorf("it was let in after %s, want %s", waited, within)
			}
		}
		for range paceAtMost {
			enter(h, announce, 0)
		}
		enter(other, announce, 0)
		enter(h, []call{{"d.custom1.set", []any{h, "x"}}, {"d.open", []any{h}}}, 0)
		enter(h, announce, time.Second)
		if time.Since(begun) < time.Second {
			t.Error("it was let in at once")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.enter(ctx, h, announce); !errors.Is(err, context.Canceled) {
			t.Errorf("who leaves gets %v", err)
		}
		time.Sleep(time.Hour)
		begun = time.Now()
		for range paceAtMost {
			enter(h, announce, 0)
		}
	})
}

// TestPacerCount lets as many in as libtorrent's own count allows, however
// they come.
func TestPacerCount(t *testing.T) {
	p := newPacer()
	now := time.Unix(1000, 0)
	count, last := 0, now.Unix() // as libtorrent counts, in whole seconds
	for i := range 10_000 {
		now = now.Add(time.Duration(i*i%1700) * time.Millisecond)
		if !p.take("A", 1+i%2, now) {
			continue
		}
		for range 1 + i%2 {
			count -= min(count, int(now.Unix()-last))
			count++
			last = now.Unix()
		}
		if count >= 10 {
			t.Fatalf("request %d is the tenth", i)
		}
	}
}

func TestTrackerRequests(t *testing.T) {
	const h Hash = "A"
	for _, tc := range []struct {
		name     string
		commands []Command
		want     int
	}{
		{"nothing", nil, 0},
		{"start", []Command{Open(h), Start(h), Resume(h)}, 1},
		{"stop", []Command{Stop(h), Close(h)}, 1},
		{"restart", []Command{Stop(h), Close(h), Open(h), Start(h), Resume(h)}, 2},
		{"throttle while paused", []Command{Pause(h), SetThrottle(h, "x"), Resume(h)}, 2},
		{"super seeding", []Command{SetSuperSeeding(h, true)}, 0},
		{"announces", []Command{Announce(h), Announce(h), Scrape(h)}, 3},
		{"priority", []Command{SetPriority(h, 1)}, 0},
	} {
		calls, _ := encodeCommands(&Caps{Library: "0.13.8"}, h, tc.commands)
		if got := trackerRequests(calls); got != tc.want {
			t.Errorf("%s: %d requests, want %d", tc.name, got, tc.want)
		}
	}
}
