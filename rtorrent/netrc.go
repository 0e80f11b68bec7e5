package rtorrent

import (
	"bufio"
	"io"
	"os"
	"strings"
)

// NetrcPassword looks up a host in the file at path, in the format of netrc(5):
// the first machine entry of that name counts, or a default entry before it. It
// is not ok if the file cannot be read, or no entry with a password is there.
func NetrcPassword(path, host string) (user, password string, ok bool) {
	f, err := os.Open(path)
	if err != nil {
		return "", "", false
	}
	defer f.Close()
	const enough = 1 << 20 // bytes; such a file has some hundred
	words := netrcWords(io.LimitReader(f, enough))
	for i := 0; i < len(words); {
		word := words[i]
		i++
		matches := word == "default"
		if word == "machine" && i < len(words) {
			matches = strings.EqualFold(words[i], host)
			i++
		}
		user, password, i = netrcEntry(words, i)
		if matches {
			return user, password, password != ""
		}
	}
	return "", "", false
}

// netrcEntry reads the pairs of one entry and returns where the next begins.
func netrcEntry(words []string, i int) (user, password string, next int) {
	for ; i+1 < len(words); i += 2 {
		switch words[i] {
		case "login":
			user = words[i+1]
		case "password":
			password = words[i+1]
		case "account":
		default:
			return user, password, i
		}
	}
	return user, password, i
}

// netrcWords splits a netrc file at white space, and leaves out comments and
// the bodies of macros, which last up to an empty line.
func netrcWords(r io.Reader) []string {
	var words []string
	macro := false
	for lines := bufio.NewScanner(r); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) == 0:
			macro = false
		case macro, strings.HasPrefix(fields[0], "#"):
		case fields[0] == "macdef":
			macro = true
		default:
			words = append(words, fields...)
		}
	}
	return words
}
