package rtorrent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Server is what rTorrent tells about itself. Its rt tags are the query, one
// call each in one request (see Table). A Server is never changed once it has
// been returned.
type Server struct {
	PID       int64  `rt:"system.pid"`
	Version   string `rt:"system.client_version"`
	Library   string `rt:"system.library_version"` // of libtorrent
	API       string `rt:"system.api_version"`
	Hostname  string `rt:"system.hostname,text"`
	Session   string `rt:"session.path,text"`             // "" none
	Port      int64  `rt:"network.listen.port"`           // peers connect to, 0 none
	UpRate    int64  `rt:"throttle.global_up.rate"`       // bytes/s
	DownRate  int64  `rt:"throttle.global_down.rate"`     // bytes/s
	UpTotal   int64  `rt:"throttle.global_up.total"`      // bytes in this run
	DownTotal int64  `rt:"throttle.global_down.total"`    // bytes in this run
	UpLimit   int64  `rt:"throttle.global_up.max_rate"`   // bytes/s, 0 none
	DownLimit int64  `rt:"throttle.global_down.max_rate"` // bytes/s, 0 none

	// Started is when this run of rTorrent began, in Unix seconds, 0 unknown:
	// it has no command for it, but writes a lock file then.
	Started int64
	// LimitMax is the highest limit for all torrents that it takes, ThrottleMax
	// that for a throttle, in bytes/s.
	LimitMax, ThrottleMax int64
}

// Server asks what rTorrent tells about itself.
func (c *Client) Server(ctx context.Context) (*Server, error) {
	caps, err := c.Caps(ctx)
	if err != nil {
		return nil, err
	}
	q := c.server.query(caps.Has)
	rows, err := askTargets(ctx, c, q, [][]any{{""}})
	if err != nil {
		return nil, fmt.Errorf("rTorrent itself: %w", err)
	}
	s := rows[0]
	s.Started = startOf(s.Session, s.PID)
	s.LimitMax, s.ThrottleMax = caps.limitMax(), caps.throttleMax()
	return s, nil
}

// The highest limits that libtorrent before 0.16 takes, in bytes/s: for all
// torrents, since rTorrent gives one slot for each 5 KiB/s and takes at most
// 2^16 of them, and for a throttle.
const (
	oldLimitMax    = (5*(1<<16-10) + 4) << 10
	oldThrottleMax = 1 << 30
)

// rateMax is the highest limit that others take. Both versions keep the
// remainder of 2^32 of what is above it: 705032704 for 5000000000.
const rateMax = 1<<32 - 1

func (c *Caps) limitMax() int64 {
	if c.libraryBefore16() {
		return oldLimitMax
	}
	return rateMax
}

func (c *Caps) throttleMax() int64 {
	if c.libraryBefore16() {
		return oldThrottleMax
	}
	return rateMax
}

// libraryBefore16 tells a libtorrent before 0.16.
func (c *Caps) libraryBefore16() bool {
	var major, minor int
	_, err := fmt.Sscanf(c.Library, "%d.%d", &major, &minor)
	return err == nil && major == 0 && minor < 16
}

// askTargets asks q's columns once for each list of leading parameters, in one
// request, and returns a row for each.
func askTargets[T comparable](ctx context.Context, c *Client, q *query[T], targets [][]any) ([]*T, error) {
	var calls []call
	for _, target := range targets {
		for i := range q.columns {
			calls = append(calls, call{q.columns[i].method(), target})
		}
	}
	s, err := c.askBatch(ctx, false, calls)
	if err != nil {
		return nil, err
	}
	rows := make([]*T, len(targets))
	for i := range targets {
		row, refusal, err := q.decodeCalls(s, nil)
		if err != nil {
			return nil, err
		}
		if refusal != nil {
			return nil, refusal
		}
		rows[i] = row
	}
	return rows, batchEnd(s)
}

// startOf returns the time of the session's lock file, in Unix seconds: 0.9.8
// and 0.16 write it when they start, as "host:+pid". It is 0 where the file is
// not that process's, or out of reach.
func startOf(session string, pid int64) int64 {
	if session == "" {
		return 0
	}
	path := filepath.Join(session, "rtorrent.lock")
	content, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(content)), fmt.Sprintf(":+%d", pid)) {
		return 0
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.ModTime().Unix()
}
