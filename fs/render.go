package fs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"rtfs/rtorrent"
)

// columns are the rows of a torrent's table that are one value each.
func columns(nodes []Node[rtorrent.Torrent]) []File[rtorrent.Torrent] {
	var files []File[rtorrent.Torrent]
	for _, n := range nodes {
		if f, ok := n.(File[rtorrent.Torrent]); ok && f.Value != nil {
			files = append(files, f)
		}
	}
	return files
}

// renderInfo returns all values of a torrent for people: one line each, the
// lines of a value joined by commas.
func renderInfo(_ context.Context, d *driver, t *rtorrent.Torrent) ([]byte, error) {
	var b bytes.Buffer
	for _, f := range d.shown() {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, strings.ReplaceAll(f.Value(t), "\n", ", "))
	}
	return b.Bytes(), nil
}

// renderInfoJSON returns all values of a torrent as one JSON object.
func renderInfoJSON(_ context.Context, d *driver, t *rtorrent.Torrent) ([]byte, error) {
	return append(appendJSON(nil, d.shown(), t), '\n'), nil
}

// shown are the columns that this rTorrent has and that hold no secret.
func (d *driver) shown() []File[rtorrent.Torrent] {
	var files []File[rtorrent.Torrent]
	for _, f := range columns(d.torrentNodes) {
		if !f.Secret && d.has(f.From) && !d.cache.Client().Refuses(f.From) {
			files = append(files, f)
		}
	}
	return files
}

// appendJSON adds a torrent as a JSON object. A name that is not UTF-8 is
// there in hexadecimal too.
func appendJSON(b []byte, files []File[rtorrent.Torrent], t *rtorrent.Torrent) []byte {
	b = append(b, '{')
	for i, f := range files {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "%q:", f.Name)
		b = append(b, jsonValue(f.Kind, f.Value(t))...)
	}
	if !utf8.ValidString(t.Name) {
		b = fmt.Appendf(b, `,"name_hex":"%x"`, t.Name)
	}
	return append(b, '}')
}

// jsonValue returns a value as JSON: numbers as they are, flags as true and
// false (jq takes 0 for true), lines as an array.
func jsonValue(k kind, value string) []byte {
	var v any = value
	switch k {
	case kindNumber:
		return []byte(value)
	case kindFlag:
		v = value == "1"
	case kindLines:
		list := []string{}
		if value != "" {
			list = strings.Split(value, "\n")
		}
		v = list
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return encoded
}
