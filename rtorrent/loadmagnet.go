package rtorrent

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// A LoadCommand is run by rTorrent when it inserts a torrent. For a magnet it
// is run again when the metadata arrives, and the torrent is inserted anew:
// what was set by calls is lost then (both versions). It is text that rTorrent
// parses, so only the functions below make one: of numbers, of text without
// any byte that means something, and of paths.
type LoadCommand string

// LoadTags gives the torrent its tags.
func LoadTags(tags []string) LoadCommand {
	encoded := make([]string, len(tags))
	for i, t := range tags {
		encoded[i] = plainEncode(t)
	}
	return LoadCommand(`d.custom1.set="` + strings.Join(encoded, ",") + `"`)
}

// LoadComment gives it a comment.
func LoadComment(comment string) LoadCommand {
	return LoadCommand(`d.custom2.set="` + CommentMarker + plainEncode(comment) + `"`)
}

// LoadAddTime tells when it was added, in Unix seconds.
func LoadAddTime(unix int64) LoadCommand {
	return LoadCommand("d.custom.set=addtime," + strconv.FormatInt(unix, 10))
}

// LoadDirectory sets the directory in which its data is. A text that begins
// with '$' is executed even in quotes, so it must be an absolute path.
func LoadDirectory(dir string) (LoadCommand, error) {
	if !strings.HasPrefix(dir, "/") || !XMLSafe(dir) {
		return "", fmt.Errorf("directory %q: want an absolute path in text that XML carries", dir)
	}
	return LoadCommand("d.directory.set=" + quoteRC(dir)), nil
}

// LoadPriority sets its priority, from 0 to 3.
func LoadPriority(n int64) LoadCommand { return loadNumber("d.priority.set", n) }

// LoadPeersMax, LoadPeersMin and LoadUploadsMax set its limits.
func LoadPeersMax(n int64) LoadCommand   { return loadNumber("d.peers_max.set", n) }
func LoadPeersMin(n int64) LoadCommand   { return loadNumber("d.peers_min.set", n) }
func LoadUploadsMax(n int64) LoadCommand { return loadNumber("d.uploads_max.set", n) }

func loadNumber(setter string, n int64) LoadCommand {
	return LoadCommand(setter + "=" + strconv.FormatInt(n, 10))
}

// LoadThrottle gives it a throttle; the name is plain text.
func LoadThrottle(name string) (LoadCommand, error) {
	if !isPlain(name) {
		return "", fmt.Errorf("throttle %q: want letters, digits, '.', '_' and '-'", name)
	}
	return LoadCommand("d.throttle_name.set=" + name), nil
}

// LoadCustom sets a custom key; key and value are plain text.
func LoadCustom(key, value string) (LoadCommand, error) {
	if !isPlain(key) || !isPlain(value) {
		return "", fmt.Errorf("custom key %q = %q: want letters, digits, '.', '_' and '-'", key, value)
	}
	return LoadCommand("d.custom.set=" + key + "," + value), nil
}

func plainByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-'
}

// isPlain reports whether no byte of s means anything to rTorrent's parser.
func isPlain(s string) bool {
	for i := range len(s) {
		if !plainByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// plainEncode is percentEncode for all that is not plain.
func plainEncode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; plainByte(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// LoadMagnet gives a magnet link to rTorrent, started or not, with commands
// that also hold when its metadata has arrived. It never says whether it took
// it: look for the info-hash. One that is not started waits for a start until
// it fetches its metadata, and is stopped again when it has them.
func (c *Client) LoadMagnet(ctx context.Context, m Magnet, start bool, commands ...LoadCommand) error {
	method := "load.normal"
	if start {
		method = "load.start"
	}
	args := []any{"", m.String()}
	for _, command := range commands {
		args = append(args, string(command))
	}
	return c.CallWrite(ctx, nil, method, args...)
}
