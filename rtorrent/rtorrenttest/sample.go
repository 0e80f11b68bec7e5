package rtorrenttest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"rtfs/rtorrent"
)

// A Sample is a valid torrent and its data.
type Sample struct {
	*rtorrent.Metainfo
	Data []Content
}

// A Content is the data of one file. Its path is below the torrent's name, or
// nil for the file of a single-file torrent.
type Content struct {
	Path []string
	Data []byte
}

// SamplePiece is the length of a Sample's pieces, in bytes.
const SamplePiece = 16 << 10

// NoTracker is an announce URL at which nobody listens. rTorrent 0.9.8 takes no
// torrent without a tracker while its DHT is off.
const NoTracker = "http://127.0.0.1:1/announce"

// MakeSample makes a torrent of the contents, in their order.
func MakeSample(t testing.TB, name, tracker string, data ...Content) *Sample {
	t.Helper()
	var files []rtorrent.MakeFile
	for _, c := range data {
		files = append(files, rtorrent.MakeFile{Path: c.Path, Length: int64(len(c.Data)), Data: bytes.NewReader(c.Data)})
	}
	made, err := rtorrent.MakeMetainfo(name, files, SamplePiece, tracker)
	if err != nil {
		t.Fatal(err)
	}
	m, err := rtorrent.ParseMetainfo(made)
	if err != nil {
		t.Fatal(err)
	}
	return &Sample{Metainfo: m, Data: data}
}

// Bytes returns n bytes that differ from piece to piece.
func Bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i>>6 + i>>14*7)
	}
	return b
}

// Write puts the data where an rTorrent looks for it whose directory is dir.
func (s *Sample) Write(t testing.TB, dir string) {
	t.Helper()
	for _, c := range s.Data {
		at := filepath.Join(append([]string{dir, s.Name}, c.Path...)...)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, c.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
