package fs

import (
	"crypto/sha1"
	"fmt"
	"strings"

	"rtfs/rtorrent"
)

// nameMax is how many bytes Linux allows in a name.
const nameMax = 255

// fileName returns the name under which s appears in a directory. It keeps
// the bytes of s but for what a name cannot hold: '/', NUL, and the names "",
// "." and "..". The escape character '%' is escaped itself, so that what is at
// most 255 bytes long can be read back; longer names end in a part of their
// SHA-1.
func fileName(s string) string {
	switch s {
	case "":
		return "%"
	case ".", "..":
		return strings.ReplaceAll(s, ".", "%2E")
	}
	name := s
	if strings.ContainsAny(s, "%/\x00") {
		name = strings.NewReplacer("%", "%25", "/", "%2F", "\x00", "%00").Replace(s)
	}
	return shorten(name, "")
}

// shorten cuts name so that suffix fits behind it, and marks a cut with a part
// of the whole name's SHA-1.
func shorten(name, suffix string) string {
	if len(name)+len(suffix) <= nameMax {
		return name + suffix
	}
	sum := sha1.Sum([]byte(name))
	mark := fmt.Sprintf("%%~%x", sum[:4])
	cut := name[:nameMax-len(suffix)-len(mark)]
	for n := len(cut); n > 0 && n > len(cut)-4; n-- { // not within a character
		if cut[n-1] < 0x80 || cut[n-1] >= 0xC0 {
			if cut[n-1] >= 0xC0 {
				cut = cut[:n-1]
			}
			break
		}
	}
	return cut + mark + suffix
}

// torrentNames returns a name for each torrent, in their order. Torrents whose
// names are equal all get the begin of their info-hash behind it.
func torrentNames(torrents []*rtorrent.Torrent) []string {
	names := make([]string, len(torrents))
	count := make(map[string]int, len(torrents))
	for i, t := range torrents {
		names[i] = fileName(t.Name)
		count[names[i]]++
	}
	used := make(map[string]bool, len(torrents))
	for i, t := range torrents {
		if count[names[i]] > 1 {
			names[i] = shorten(fileName(t.Name), " ["+string(t.Hash[:8])+"]")
		}
		if used[names[i]] { // eight digits were not enough, or somebody is called so
			names[i] = shorten(fileName(t.Name), " ["+string(t.Hash)+"]")
		}
		used[names[i]] = true
	}
	return names
}

// unescapeName returns the text of which fileName made a name, if that was at
// most 255 bytes long.
func unescapeName(name string) string {
	if name == "%" {
		return ""
	}
	return rtorrent.PercentDecode(name)
}
