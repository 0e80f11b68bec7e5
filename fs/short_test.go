//go:build !long

package fs

const (
	// passkeyTorrents is in how many torrents TestPasskeyInManyTorrents
	// changes a passkey.
	passkeyTorrents = 60
	// everyEditor has TestEditors change every kind of file by every editor,
	// and not the later kinds by some.
	everyEditor = false
)
