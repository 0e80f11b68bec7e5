package fs

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"rtfs/rtorrent"
)

// A health keeps the last failure of the mount. It is safe for concurrent use.
type health struct {
	mu   sync.Mutex // guards the fields below
	last string
	at   time.Time
	// distrusted are the commands that rTorrent refused because it does not
	// trust the connection.
	distrusted map[string]bool
}

func newHealth() *health { return &health{distrusted: map[string]bool{}} }

// learn notes what an error says about the connection.
func (h *health) learn(err error) {
	if command := rtorrent.Refused(err); command != "" {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.distrusted[command] = true
	}
}

// refused returns the commands that rTorrent refused for lack of trust.
func (h *health) refused(columns []string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := slices.AppendSeq(columns, maps.Keys(h.distrusted))
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// note keeps what went wrong.
func (h *health) note(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last, h.at = what, time.Now()
}

func (h *health) failure() (what string, at int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.at.IsZero() {
		return "", 0
	}
	return h.last, h.at.Unix()
}

// renderHealth tells the state of the connection from memory alone. Times are
// Unix seconds, so that two reads of the same state are equal.
func renderHealth(_ context.Context, d *driver, _ *server) ([]byte, error) {
	var b bytes.Buffer
	put := func(key string, value any) { fmt.Fprintf(&b, "%s: %v\n", key, value) }
	if d.opts.Name != "" {
		put("name", d.opts.Name)
	}
	put("server", d.opts.Server)
	put("rtfs", d.opts.Version)
	status := d.cache.Status()
	put("connected", oneZero(status.Connected))
	if caps := d.cache.Client().KnownCaps(); caps != nil {
		put("version", caps.Version)
		put("library_version", caps.Library)
		put("pid", caps.PID)
		put("wire", map[bool]string{true: "xml json", false: "xml"}[caps.JSON])
		put("session_path", caps.Session)
	}
	put("torrents", status.Torrents)
	put("data_taken", seconds(status.Taken))
	put("slow_data_taken", seconds(status.SlowTaken))
	if status.Failed != nil {
		put("load_error", oneLine(status.Failed.Error()))
	}
	for _, what := range d.jobs.interrupted() {
		put("interrupted", oneLine(what))
	}
	if refused := d.health.refused(d.cache.Client().RefusedColumns()); refused != "" {
		put("untrusted", refused)
	}
	what, at := d.health.failure()
	put("last_error", oneLine(what))
	put("last_error_time", at)
	stats := d.cache.Client().Stats()
	put("calls", stats.Calls)
	put("table_calls", stats.Tables)
	put("bytes_sent", stats.Sent)
	put("bytes_received", stats.Received)
	return b.Bytes(), nil
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
