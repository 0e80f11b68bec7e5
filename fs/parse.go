package fs

import (
	"fmt"
	"math"
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

// flagWords are what a flag takes.
func flagWords() []string { return []string{"0", "1", "off", "on"} }

// parseFlag returns what a flag's word means.
func parseFlag(s string) (bool, error) {
	switch s {
	case "0", "off":
		return false, nil
	case "1", "on":
		return true, nil
	}
	return false, invalid("%q, want 0 or 1", s)
}

// byteUnits are the letters that may end a number.
var byteUnits = map[byte]int64{'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30, 'T': 1 << 40}

// cutUnit cuts the unit off a number, and returns what it stands for. Units are
// taken in either case.
func cutUnit(s string) (digits string, unit int64) {
	if s != "" {
		if u, ok := byteUnits[s[len(s)-1]&^0x20]; ok {
			return s[:len(s)-1], u
		}
	}
	return s, 1
}

// parseBytes returns the number that s spells, with a unit behind it or not:
// 500K is 512000. It is never negative.
func parseBytes(s string) (int64, error) {
	digits, unit := cutUnit(s)
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || int64(n) > math.MaxInt64/unit {
		return 0, invalid("%q, want a number, with K, M, G or T behind it for the powers of 1024", s)
	}
	return int64(n) * unit, nil
}

// parseQuantity is parseBytes for numbers that are compared: they may be
// negative, and have a fraction.
func parseQuantity(s string) (float64, error) {
	digits, unit := cutUnit(s)
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || strings.Trim(digits, "-.0123456789") != "" {
		return 0, invalid("%q, want a number", s)
	}
	return n * float64(unit), nil
}

// parseCount returns the number from 0 to highest that s spells.
func parseCount(s string, highest int64) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > highest {
		return 0, invalid("%q, want a number from 0 to %d", s, highest)
	}
	return n, nil
}

// parseLimit returns a limit in bytes/s that rTorrent takes: 0 is none.
func parseLimit(s string, highest int64) (int64, error) {
	n, err := parseBytes(s)
	if err != nil {
		return 0, err
	}
	if err := rtorrent.CheckLimit(n, highest); err != nil {
		if strconv.FormatInt(n, 10) == s && n < highest { // 512000 begins with 512
			return 0, fmt.Errorf("%w: %v", errPartial, err)
		}
		return 0, invalid("%v", err)
	}
	return n, nil
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
	dir := path.Clean(s)
	if dir == "/" { // rTorrent cuts the slash, and keeps the data where it was started
		return "", fmt.Errorf("%w: directory /, want one below it", errPartial)
	}
	return dir, nil
}
