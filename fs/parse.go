package fs

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"rtfs/rtorrent"
)

// parsePriority returns the priority that s names, by number or word.
func parsePriority(s string) (int64, error) {
	for n, word := range priorityWords {
		if s == word || s == strconv.Itoa(n) {
			return int64(n), nil
		}
	}
	return 0, invalid("priority %q, want 0 to 3 or off, low, normal, high", s)
}

// tagsMax is how many bytes of custom1 ruTorrent keeps.
const tagsMax = 4096

// parseTags returns the tags on the lines of text, in their order, each once.
func parseTags(text string) ([]string, error) {
	var tags []string
	for _, l := range strings.Split(text, "\n") {
		tag := strings.TrimSpace(l)
		if strings.ContainsRune(tag, 0) {
			return nil, invalid("tag %q holds a NUL", tag)
		}
		if tag != "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	if encoded := rtorrent.EncodeTags(tags); len(encoded) > tagsMax {
		return nil, invalid("tags of %d bytes, at most %d", len(encoded), tagsMax)
	}
	return tags, nil
}

// parseDirectory returns a directory that rTorrent can be given: absolute,
// since a relative one would be relative to wherever rTorrent was started, and
// in bytes that the connection carries both ways.
func parseDirectory(s string) (string, error) {
	if !path.IsAbs(s) {
		return "", invalid("directory %q, want an absolute path", s)
	}
	if !rtorrent.XMLSafe(s) {
		return "", errEncoding
	}
	return path.Clean(s), nil
}
