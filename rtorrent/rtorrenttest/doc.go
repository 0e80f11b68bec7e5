// Package rtorrenttest holds what tests of several packages need of rTorrent:
// real ones of both versions, a fake of each that can be slow, rude or absent
// (Server), the suite that fake and real ones must pass (Run), a tracker to
// introduce real ones to each other, torrents that are strange or fatal, and a
// way to wait for what they do. Everything it starts ends with the test.
package rtorrenttest
