// Package rtorrenttest holds what tests of several packages need of rTorrent:
// real ones of both versions, a tracker to introduce them to each other, and a
// way to wait for what they do. Everything it starts ends with the test.
package rtorrenttest
