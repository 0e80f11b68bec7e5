//go:build long

package fs

// passkeyTorrents is in how many torrents TestPasskeyInManyTorrents changes a
// passkey.
const passkeyTorrents = 500
