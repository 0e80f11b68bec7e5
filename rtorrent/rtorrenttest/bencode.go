package rtorrenttest

import (
	"crypto/sha1"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The functions below write bencode without any check, since most of what
// they are for is wrong on purpose. Values are passed around encoded.

func str(s string) string         { return fmt.Sprintf("%d:%s", len(s), s) }
func num(n int64) string          { return fmt.Sprintf("i%de", n) }
func list(items ...string) string { return "l" + strings.Join(items, "") + "e" }

func strs(s ...string) string {
	encoded := make([]string, len(s))
	for i := range s {
		encoded[i] = str(s[i])
	}
	return list(encoded...)
}

// A dict holds encoded values by key; an empty value leaves the key out.
type dict map[string]string

func (d dict) String() string {
	var b strings.Builder
	b.WriteByte('d')
	for _, key := range slices.Sorted(maps.Keys(d)) {
		if d[key] != "" {
			b.WriteString(str(key) + d[key])
		}
	}
	b.WriteByte('e')
	return b.String()
}

// with returns a copy of d with the keys of change put over its own.
func (d dict) with(change dict) dict {
	d = maps.Clone(d)
	maps.Copy(d, change)
	return d
}

const pieceLength = 16 << 10 // bytes

// zeroPieces returns the pieces of n zero bytes, so that a sparse file of
// zeros completes the torrent.
func zeroPieces(n int64) string {
	var b strings.Builder
	for ; n > 0; n -= pieceLength {
		sum := sha1.Sum(make([]byte, min(n, pieceLength)))
		b.Write(sum[:])
	}
	return str(b.String())
}

// root returns a .torrent with a tracker that refuses connections: without
// any, rTorrent 0.9.8 takes a torrent only while its DHT is on.
func root(info string, change dict) []byte {
	plain := dict{"announce": str("http://127.0.0.1:1/announce"), "info": info}
	return []byte(plain.with(change).String())
}

// single returns a single-file torrent of two pieces whose info is changed.
func single(name string, change dict) []byte {
	return root(singleInfo(name).with(change).String(), nil)
}

func singleInfo(name string) dict {
	return dict{
		"length":       num(20000),
		"name":         str(name),
		"piece length": num(pieceLength),
		"pieces":       zeroPieces(20000),
	}
}

// A file is an entry of files: its path and length in bytes, and what else
// the entry has.
type file struct {
	path   string // encoded
	length int64
	more   dict
}

// path returns a file of 1,000 bytes.
func path(components ...string) file { return file{path: strs(components...), length: 1000} }

// multi returns a multi-file torrent.
func multi(name string, files ...file) []byte {
	return root(multiInfo(name, files...).String(), nil)
}

func multiInfo(name string, files ...file) dict {
	var entries []string
	size := int64(0)
	for _, f := range files {
		entries = append(entries, dict{"length": num(f.length), "path": f.path}.with(f.more).String())
		size += f.length
	}
	return dict{
		"files":        list(entries...),
		"name":         str(name),
		"piece length": num(pieceLength),
		"pieces":       zeroPieces(size),
	}
}

// oneZeroPiece returns the pieces of n zero bytes that are one piece.
func oneZeroPiece(n int) string {
	sum := sha1.Sum(make([]byte, n))
	return str(string(sum[:]))
}
