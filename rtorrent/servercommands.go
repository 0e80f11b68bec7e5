package rtorrent

import (
	"context"
	"fmt"
	"strconv"
)

// A ServerCommand is one call that changes rTorrent itself. The functions of
// this file make them; who calls them has checked the values, since rTorrent
// keeps the remainder of numbers that are too large.
type ServerCommand struct{ call }

func serverCommand(method string, args ...any) ServerCommand {
	return ServerCommand{call{method, append([]any{""}, args...)}}
}

// SetUpLimit limits the upload of all torrents to bytes/s, 0 for no limit.
// rTorrent rounds down to KiB.
func SetUpLimit(bytes int64) ServerCommand {
	return serverCommand("throttle.global_up.max_rate.set", bytes)
}

// SetDownLimit limits the download of all torrents to bytes/s, 0 for no limit.
// rTorrent rounds down to KiB.
func SetDownLimit(bytes int64) ServerCommand {
	return serverCommand("throttle.global_down.max_rate.set", bytes)
}

// SetThrottleUpLimit limits the upload of a named throttle to bytes/s, rounded
// down to KiB, 0 for no limit, and defines the throttle. It takes hold of the
// torrents that are given the throttle afterwards, and, once it was defined,
// of all that have it.
func SetThrottleUpLimit(name string, bytes int64) ServerCommand {
	return serverCommand("throttle.up", name, strconv.FormatInt(bytes/1024, 10))
}

// SetThrottleDownLimit is SetThrottleUpLimit for the download.
func SetThrottleDownLimit(name string, bytes int64) ServerCommand {
	return serverCommand("throttle.down", name, strconv.FormatInt(bytes/1024, 10))
}

// SaveSession writes the session files of all torrents.
func SaveSession() ServerCommand { return serverCommand("session.save") }

// InsertChokeGroup makes a choke group. There is no way to remove one.
func InsertChokeGroup(name string) ServerCommand {
	return serverCommand("choke_group.insert", name)
}

// SetChokeGroupUpMax sets how many peers of the group's torrents are unchoked
// at most, -1 for no limit.
func SetChokeGroupUpMax(group string, n int64) ServerCommand {
	return serverCommand("choke_group.up.max.set", group, strconv.FormatInt(n, 10))
}

// SetChokeGroupDownMax is SetChokeGroupUpMax for downloads.
func SetChokeGroupDownMax(group string, n int64) ServerCommand {
	return serverCommand("choke_group.down.max.set", group, strconv.FormatInt(n, 10))
}

// SetChokeGroupUpHeuristics sets by what uploads are unchoked: one of
// UpHeuristics.
func SetChokeGroupUpHeuristics(group, name string) ServerCommand {
	return serverCommand("choke_group.up.heuristics.set", group, name)
}

// SetChokeGroupDownHeuristics sets by what downloads are unchoked: one of
// DownHeuristics.
func SetChokeGroupDownHeuristics(group, name string) ServerCommand {
	return serverCommand("choke_group.down.heuristics.set", group, name)
}

// SetChokeGroupTrackerMode sets how eagerly trackers are asked for peers: one
// of TrackerModes.
func SetChokeGroupTrackerMode(group, mode string) ServerCommand {
	return serverCommand("choke_group.tracker.mode.set", group, mode)
}

// DoServer carries out the commands in one request, and returns the first
// refusal; the others have happened.
func (c *Client) DoServer(ctx context.Context, commands ...ServerCommand) error {
	calls := make([]call, len(commands))
	for i, cmd := range commands {
		calls[i] = cmd.call
	}
	request, err := encodeMulticall(calls)
	if err != nil {
		return err
	}
	body, _, err := c.exchange(ctx, true, typeXML, request)
	if err != nil {
		return fmt.Errorf("change of rTorrent itself: %w", err)
	}
	s := newXMLScanner(body)
	refusals, err := batch(s, len(calls), func(int) error { return s.skip() })
	if err != nil {
		return outcome(err)
	}
	for i, refusal := range refusals {
		if refusal != nil {
			return named(refusal, calls[i].method)
		}
	}
	return outcome(batchEnd(s))
}
