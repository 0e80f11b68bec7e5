package fs

import (
	"context"

	"rtfs/rtorrent"
)

// Rows of the table about a torrent, by the kind of their value. From is the
// rTorrent commands behind it.

func text(name, doc, from string, value func(*rtorrent.Torrent) string) File[rtorrent.Torrent] {
	return File[rtorrent.Torrent]{Name: name, Doc: doc, From: from, Value: value, Kind: kindText}
}

func integer(name, doc, from string, value func(*rtorrent.Torrent) int64) File[rtorrent.Torrent] {
	return File[rtorrent.Torrent]{Name: name, Doc: doc, From: from, Kind: kindNumber,
		Value: func(t *rtorrent.Torrent) string { return number(value(t)) }}
}

func decimal(name, doc, from string, value func(*rtorrent.Torrent) string) File[rtorrent.Torrent] {
	return File[rtorrent.Torrent]{Name: name, Doc: doc, From: from, Value: value, Kind: kindNumber}
}

func boolean(name, doc, from string, value func(*rtorrent.Torrent) bool) File[rtorrent.Torrent] {
	return File[rtorrent.Torrent]{Name: name, Doc: doc, From: from, Kind: kindFlag,
		Value: func(t *rtorrent.Torrent) string { return oneZero(value(t)) }}
}

func lines(name, doc, from string, value func(*rtorrent.Torrent) string) File[rtorrent.Torrent] {
	return File[rtorrent.Torrent]{Name: name, Doc: doc, From: from, Value: value, Kind: kindLines}
}

// secret makes a file readable by the owner alone: trackers' messages and URLs
// can hold a passkey.
func secret[T any](f File[T]) File[T] {
	f.Secret = true
	return f
}

// writable makes a file take writes.
func writable[T any](f File[T], s setter[T]) File[T] {
	f.Set = &s
	return f
}

// apply is the action that carries out commands on one torrent.
func apply(h rtorrent.Hash, commands ...rtorrent.Command) action {
	return func(ctx context.Context, d *driver) error {
		_, err := d.cache.Apply(ctx, h, commands...)
		return err
	}
}
