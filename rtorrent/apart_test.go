package rtorrent

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"
)

// TestApart tells the trackers one thing a request, where that is needed.
func TestApart(t *testing.T) {
	const h Hash = "A"
	for _, tc := range []struct {
		name     string
		commands []Command
		want     [][]string
	}{
		{"nothing", nil, [][]string{nil}},
		{"start", []Command{Open(h), Start(h), Resume(h)}, [][]string{{"d.open", "d.start", "d.resume"}}},
		{"stop", []Command{Stop(h), Close(h)}, [][]string{{"d.stop", "d.close"}}},
		{"start of one that is closed", append(Settle(h), Open(h), Start(h)), [][]string{{"d.stop", "d.close", "d.open", "d.start"}}},
		{"throttle while paused", []Command{Pause(h), SetThrottle(h, "x"), Resume(h)}, [][]string{{"d.pause", "d.throttle_name.set"}, {"d.resume"}}},
		{"restart", []Command{Stop(h), Close(h), Open(h), Start(h)}, [][]string{{"d.stop", "d.close", "d.open"}, {"d.start"}}},
		{"start and announce", []Command{Start(h), Announce(h), SetPriority(h, 1)}, [][]string{{"d.start"}, {"d.tracker_announce", "d.priority.set"}}},
	} {
		for library, want := range map[string][][]string{"0.16.17": tc.want, "0.16.18": tc.want, "0.15.1": tc.want, "0.16.19": nil, "0.17.0": nil, "0.13.8": nil} {
			if want == nil {
				var all []string
				for _, part := range tc.want {
					all = append(all, part...)
				}
				want = [][]string{all}
			}
			var got [][]string
			for _, part := range (&Caps{Library: library}).apart(tc.commands) {
				var methods []string
				for _, cmd := range part {
					methods = append(methods, cmd.method)
				}
				got = append(got, methods)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s with libtorrent %s: %q, want %q", tc.name, library, got, want)
			}
		}
	}
}

// TestPacerSpace keeps what the trackers of one torrent are told apart.
func TestPacerSpace(t *testing.T) {
	const h, other Hash = "A", "B"
	stop := []call{{"d.stop", []any{h}}}
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		begun := time.Now()
		space := func(h Hash, calls []call, want time.Duration) {
			t.Helper()
			if err := p.space(t.Context(), h, calls); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(begun); waited != want {
				t.Errorf("it was let in after %s, want %s", waited, want)
			}
		}
		space(h, stop, 0)
		p.sent(h, time.Now())
		space(other, stop, 0)
		space(h, []call{{"d.custom1.set", []any{h, "x"}}}, 0)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.space(ctx, h, stop); !errors.Is(err, context.Canceled) {
			t.Errorf("who leaves gets %v", err)
		}
		space(h, stop, apartGap)
		p.sent(h, time.Now())
		p.forget(h)
		space(h, stop, apartGap)
		p.sent(h, time.Now())
		time.Sleep(apartGap)
		p.sent(other, time.Now())
		if len(p.told) != 1 {
			t.Errorf("%d torrents are remembered, want the last", len(p.told))
		}
	})
}
