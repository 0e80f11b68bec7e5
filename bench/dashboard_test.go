//go:build bench

package bench

import (
	"context"
	"os"
	"slices"
	"sync"
	"time"
)

// watched is how long a dashboard is watched.
const watched = 60 * time.Second

// dashboard measures what rTorrent computes for somebody who watches all
// torrents, and how long a write takes meanwhile.
func (r *rig) dashboard() {
	t := r.t
	hash := first(t, r.client)
	wide := newCaller(t, r.endpoint, r.columns[:min(36, len(r.columns))])
	before := cpu(t, r.pid)
	every(2*time.Second, func() { wide.call(t) })
	polled := cpu(t, r.pid) - before

	for _, c := range []struct{ what, script string }{
		// Four times, since the kernel takes 2 MB of arguments.
		{"state, rates and progress", `cd "$1/torrents"; cat */state >/dev/null; cat */up_rate >/dev/null; cat */down_rate >/dev/null; cat */progress >/dev/null`},
		{"`list.tsv`", `cat "$1/list.tsv" >/dev/null`},
	} {
		m := mount(t, r.binary, r.endpoint)
		sh(t, c.script, m.dir)()
		var writes []time.Duration
		var wg sync.WaitGroup
		ctx, stop := context.WithCancel(context.Background())
		before = cpu(t, r.pid)
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				writes = append(writes, timed(func() {
					must(t, os.WriteFile(m.path("torrents", string(hash), "priority"), []byte{"123"[i%3], '\n'}, 0o644))
				}))
				time.Sleep(200 * time.Millisecond)
			}
		})
		rounds := every(time.Second, sh(t, c.script, m.dir))
		stop()
		wg.Wait()
		spent := cpu(t, r.pid) - before
		m.stop()
		r.times("rTorrent's CPU for 60 s of a dashboard that reads "+c.what+" each second ("+itoa(rounds)+" rounds)", spent, "36 columns every 2 s by XML-RPC", polled, 0.1)
		slices.Sort(writes)
		r.atMost("`echo >` beside it, 99th percentile", float64(writes[len(writes)*99/100].Microseconds())/1000, 60, "ms")
	}
}

// every calls f each period, for as long as a dashboard is watched, and returns
// how often.
func every(period time.Duration, f func()) int {
	tick := time.NewTicker(period)
	defer tick.Stop()
	end := time.Now().Add(watched)
	for n := 0; ; n++ {
		if time.Now().After(end) {
			return n
		}
		f()
		<-tick.C
	}
}
