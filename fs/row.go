package fs

import (
	"context"

	"rtfs/rtorrent"
)

// Rows of a table, by the kind of their value. From is the rTorrent commands
// behind it.

func text[T any](name, doc, from string, value func(*T) string) File[T] {
	return File[T]{Name: name, Doc: doc, From: from, Value: value, Kind: kindText}
}

func integer[T any](name, doc, from string, value func(*T) int64) File[T] {
	return File[T]{Name: name, Doc: doc, From: from, Kind: kindNumber,
		Value: func(t *T) string { return number(value(t)) }}
}

func decimal[T any](name, doc, from string, value func(*T) string) File[T] {
	return File[T]{Name: name, Doc: doc, From: from, Value: value, Kind: kindNumber}
}

func boolean[T any](name, doc, from string, value func(*T) bool) File[T] {
	return File[T]{Name: name, Doc: doc, From: from, Kind: kindFlag,
		Value: func(t *T) string { return oneZero(value(t)) }}
}

func lines[T any](name, doc, from string, value func(*T) string) File[T] {
	return File[T]{Name: name, Doc: doc, From: from, Value: value, Kind: kindLines}
}

// among tells what the value is one of.
func among[T any](words []string, f File[T]) File[T] {
	f.Among = words
	return f
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
