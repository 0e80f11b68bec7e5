package fs

import (
	"context"
	"strings"

	"rtfs/rtorrent"
)

// byTracker groups by the hosts of the trackers.
func byTracker() grouping {
	return grouping{keys: func(ctx context.Context, d *driver) (func(*rtorrent.Torrent) []string, any, error) {
		s, err := d.cache.Want(ctx, 0)
		if err != nil {
			return nil, nil, err
		}
		hosts, err := d.cache.Hosts(ctx, s)
		if err != nil {
			return nil, nil, err
		}
		return func(t *rtorrent.Torrent) []string { return hosts.Of(t.Hash) }, hosts, nil
	}}
}

// messageClasses sort the messages of rTorrent and of trackers, by parts of
// their text in lower case; the first match counts. The parts are those of
// 0.9.8, 0.16, curl and the common trackers.
var messageClasses = []struct {
	class string
	parts []string
}{
	{"unregistered", []string{"unregistered", "not registered", "torrent not found", "unknown torrent", "not authorized for use",
		"torrent does not exist", "infohash not found", "info hash not found", "not exist", "deleted", "trumped", "nuked", "dupe", "truncated", "retitled"}},
	{"auth", []string{"passkey", "unauthorized", "not authorised", "authentication", "forbidden", "403", "401", "banned", "access denied", "ip address", "client is not", "not whitelisted", "account"}},
	{"timeout", []string{"timed out", "timeout", "time-out", "timeout was reached"}},
	{"unreachable", []string{"couldn't connect", "could not connect", "couldn't resolve", "could not resolve", "connection refused", "no route", "unreachable",
		"connection reset", "failed to connect", "server returned nothing", "ssl", "tls", "certificate", "502", "503", "504", "521", "522", "bad gateway", "service unavailable", "name or service"}},
	{"check", []string{"hash check", "unfinished chunks", "hash_check"}},
	{"disk", []string{"no space", "i/o error", "storage", "permission denied", "read-only file system", "could not create", "could not open", "disk"}},
}

// otherMessage is the class of the other messages.
const otherMessage = "other"

// messageClass returns the class of a message, "" for none.
func messageClass(message string) string {
	if message == "" {
		return ""
	}
	lower := strings.ToLower(message)
	for _, c := range messageClasses {
		for _, part := range c.parts {
			if strings.Contains(lower, part) {
				return c.class
			}
		}
	}
	return otherMessage
}

// byMessage groups by the class of the last message.
func byMessage() grouping {
	g := grouping{from: "d.message", keys: byKeys(func(t *rtorrent.Torrent) []string {
		if class := messageClass(t.Message); class != "" {
			return []string{class}
		}
		return nil
	})}
	for _, c := range messageClasses {
		g.fixed = append(g.fixed, c.class)
	}
	g.fixed = append(g.fixed, otherMessage)
	return g
}
