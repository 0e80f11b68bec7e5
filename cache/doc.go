// Package cache keeps the last answers of one rTorrent, and knows when they
// are too old.
//
// A Snapshot is the table of all torrents at one moment. It is never changed
// after it is published, so readers hold no lock and may keep it. One load
// serves all who wait for it; it belongs to none of them, and ends at the
// client's timeout whoever leaves. While rTorrent is slow or gone the last
// Snapshot goes on being served until it is older than Options.MaxStale.
//
// Readers say which columns they want. A load is a step that takes rTorrent a
// tenth of a second at most: a tick, each TTL, that asks rTorrent's views for
// what moves, and for the list of torrents where its length has changed; or a
// part of the columns of all torrents, which each column that was wanted in the
// last minute is in every Options.Slow. Nothing is asked when nobody reads.
//
// A write goes through Apply, which carries it out and puts the one row that
// it changed into a new Snapshot: what is read next is what was written, and
// no table was loaded for it. A load that was under way meanwhile does not
// bring the old row back. A write that follows from what the torrent is goes
// through Execute: what decided it is asked in the same request, and where
// another program had changed that, a second request puts it right.
package cache
