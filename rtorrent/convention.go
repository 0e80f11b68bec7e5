package rtorrent

import (
	"slices"
	"strconv"
	"strings"
)

// CommentMarker begins custom2 where it holds a comment, as ruTorrent, Flood
// and rtorrent-rpc write it; Flood shows no comment without it.
const CommentMarker = "VRS24mrker"

// DecodeTags returns the tags that custom1 holds, in their order: what stands
// between raw commas, trimmed and percent-decoded, as Flood reads it. A tag
// whose escapes are broken is kept as it is. Empty tags are dropped.
func DecodeTags(custom1 string) []string {
	var tags []string
	for _, part := range strings.Split(custom1, ",") {
		tag := PercentDecode(strings.TrimSpace(part))
		if tag != "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// EncodeTags is the inverse of DecodeTags, in the order given.
func EncodeTags(tags []string) string {
	encoded := make([]string, len(tags))
	for i, t := range tags {
		encoded[i] = percentEncode(t)
	}
	return strings.Join(encoded, ",")
}

// DecodeComment returns the comment that custom2 holds.
func DecodeComment(custom2 string) string {
	encoded, marked := strings.CutPrefix(custom2, CommentMarker)
	if !marked {
		return custom2
	}
	return PercentDecode(encoded)
}

// EncodeComment is the inverse of DecodeComment; an empty comment is "".
func EncodeComment(comment string) string {
	if comment == "" {
		return ""
	}
	return CommentMarker + percentEncode(comment)
}

// AddTime returns the Unix seconds that the custom key addtime holds, 0 when
// it holds none. ruTorrent writes it by shelling out, with a newline behind
// it, and some clients put it in quotes.
func AddTime(value string) int64 {
	n, err := strconv.ParseInt(strings.Trim(value, " \t\r\n\"'"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// unreserved are the bytes that JavaScript's encodeURIComponent leaves bare,
// besides letters and digits. Go's url escapes differ: PathEscape leaves '+',
// which Sonarr reads as a space.
const unreserved = "-_.!~*'()"

func percentEncode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(unreserved, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte("0123456789ABCDEF"[c>>4])
		b.WriteByte("0123456789ABCDEF"[c&15])
	}
	return b.String()
}

// PercentDecode returns s with its percent escapes undone, or s itself if an
// escape in it is broken.
func PercentDecode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
			return s
		}
		n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
		b.WriteByte(byte(n))
		i += 2
	}
	return b.String()
}
