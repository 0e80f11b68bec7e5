package rtorrent_test

import (
	"errors"
	"strings"
	"testing"

	"rtfs/rtorrent"
)

func TestMakeMetainfo(t *testing.T) {
	file := func(n int64, data string, path ...string) rtorrent.MakeFile {
		return rtorrent.MakeFile{Path: path, Length: n, Data: strings.NewReader(data)}
	}
	made, err := rtorrent.MakeMetainfo("x", []rtorrent.MakeFile{file(5, "hello")}, 16384, "http://t/a")
	if err != nil {
		t.Fatal(err)
	}
	want := "d8:announce10:http://t/a4:infod6:lengthi5e4:name1:x12:piece lengthi16384e6:pieces20:" +
		"\xaa\xf4\xc6\x1d\xdc\xc5\xe8\xa2\xda\xbe\xde\x0f\x3b\x48\x2c\xd9\xae\xa9\x43\x4dee"
	if string(made) != want {
		t.Errorf("made %q, want %q", made, want)
	}
	for name, files := range map[string][]rtorrent.MakeFile{
		"no files":            nil,
		"a reader too short":  {file(6, "hello")},
		"a reader too long":   {file(4, "hello")},
		"no data":             {file(0, "", "a")},
		"two without a path":  {file(5, "hello"), file(5, "hello")},
		"two of one path":     {file(5, "hello", "a"), file(5, "hello", "a")},
		"a path with a slash": {file(5, "hello", "a/b")},
	} {
		if made, err := rtorrent.MakeMetainfo("x", files, 16384); err == nil {
			t.Errorf("%s: %q, want an error", name, made)
		}
	}
	if _, err := rtorrent.MakeMetainfo("", []rtorrent.MakeFile{file(5, "hello")}, 16384); !errors.Is(err, rtorrent.ErrNotTorrent) {
		t.Errorf("no name: %v, want ErrNotTorrent", err)
	}
	if _, err := rtorrent.MakeMetainfo("x", []rtorrent.MakeFile{file(5, "hello")}, 0); err == nil {
		t.Error("a piece length of 0: no error")
	}
}
