package rtorrent_test

import (
	"fmt"
	"io"
	"testing"

	"rtfs/rtorrent"
)

// zeros is an endless reader of zeros.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// manyFiles returns a .torrent of n files of 1,000 zero bytes, a hundred in a
// directory, in no order that sorting likes.
func manyFiles(tb testing.TB, n int) []byte {
	tb.Helper()
	files := make([]rtorrent.MakeFile, n)
	for i := range files {
		k := i * 7919 % n
		files[i] = rtorrent.MakeFile{
			Path:   []string{fmt.Sprintf("directory %d", k/100), fmt.Sprintf("a file with a number %d.jpeg", k)},
			Length: 1000,
			Data:   io.LimitReader(zeros{}, 1000),
		}
	}
	made, err := rtorrent.MakeMetainfo("many", files, 1<<18)
	if err != nil {
		tb.Fatal(err)
	}
	return made
}

func BenchmarkParseMetainfo50000Files(b *testing.B) {
	torrent := manyFiles(b, 50000)
	b.SetBytes(int64(len(torrent)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rtorrent.ParseMetainfo(torrent); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseSession50000Files(b *testing.B) {
	torrent := manyFiles(b, 50000)
	b.SetBytes(int64(len(torrent)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rtorrent.ParseSession(torrent); err != nil {
			b.Fatal(err)
		}
	}
}
