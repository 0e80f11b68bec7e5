package fs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"rtfs/rtorrent"
)

func TestErrno(t *testing.T) {
	refused := fmt.Errorf("%w: %w", rtorrent.ErrUnavailable, syscall.ENOENT)
	cases := []struct {
		name  string
		err   error
		write bool
		want  syscall.Errno
	}{
		{"none", nil, false, 0},
		{"missing socket is not a missing torrent", refused, false, syscall.ECONNREFUSED},
		{"slow", fmt.Errorf("x: %w", context.DeadlineExceeded), false, syscall.ETIMEDOUT},
		{"left", context.Canceled, false, syscall.EINTR},
		{"left a write", fmt.Errorf("%w: %w", rtorrent.ErrInterrupted, context.Canceled), true, syscall.EINTR},
		{"gone", &rtorrent.Fault{Code: -501, Message: "Could not find info-hash."}, true, syscall.ENOENT},
		{"gone, 0.16", &rtorrent.Fault{Code: -503, Message: "invalid parameters: info-hash not found"}, true, syscall.ENOENT},
		{"refused value", &rtorrent.Fault{Code: -503, Message: "Wrong object type."}, true, syscall.EINVAL},
		{"refused read", &rtorrent.Fault{Code: -503, Message: "Wrong object type."}, false, syscall.EIO},
		{"lacks the command", &rtorrent.Fault{Code: -506, Message: "Method 'd.x' not defined"}, true, syscall.EOPNOTSUPP},
		{"untrusted", &rtorrent.Fault{Code: -507, Message: `Command "d.start" is not allowed for untrusted connections.`}, true, syscall.EACCES},
		{"checking", rtorrent.ErrChecking, true, syscall.EBUSY},
		{"bad value", invalid("x"), true, syscall.EINVAL},
		{"never ENOTEMPTY", errNotEmpty, true, syscall.EPERM},
		{"garbage", rtorrent.ErrProtocol, false, syscall.EIO},
		{"unknown", errors.New("x"), true, syscall.EIO},
	}
	for _, row := range errnos {
		cases = append(cases, struct {
			name  string
			err   error
			write bool
			want  syscall.Errno
		}{"row " + row.is.Error(), fmt.Errorf("wrapped: %w", row.is), false, row.errno})
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := errnoOf(tc.err, tc.write); got != tc.want {
				t.Errorf("errno = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestLogFile(t *testing.T) {
	l := newLogFile(0)
	l.add("one")
	l.add("two")
	if got := string(l.read(0, 100)); got != "one\ntwo\n" {
		t.Errorf("read = %q", got)
	}
	if got := string(l.read(4, 2)); got != "tw" {
		t.Errorf("read at 4 = %q, want tw", got)
	}
	if got := l.read(8, 10); got != nil {
		t.Errorf("read at the end = %q, want nothing", got)
	}
	long := strings.Repeat("x", 1023)
	for range logKeep/1024 + 10 {
		l.add(long)
	}
	if l.size() != int64(8+(logKeep/1024+10)*1024) {
		t.Errorf("size = %d", l.size())
	}
	lost := string(l.read(0, 64))
	if !strings.HasPrefix(lost, "lost ") || len(lost) != 64 {
		t.Errorf("what was trimmed reads as %q", lost)
	}
	tail := string(l.read(l.size()-1024, 2000))
	if tail != long+"\n" {
		t.Errorf("the end is %d bytes, want the last line", len(tail))
	}
}

func TestRedact(t *testing.T) {
	cases := []struct{ in, want string }{
		{"no url", "no url"},
		{"Tracker: [http://t.org/announce?passkey=SECRET]", "Tracker: [http://t.org/…]"},
		{"https://u:p@t.org:443/SECRET/announce and udp://x.org", "https://t.org:443/… and udp://x.org"},
		{`"http://a/SECRET" "http://b/SECRET2"`, `"http://a/…" "http://b/…"`},
		{"://", "://"},
		{"dial unix:///run/a.sock for scgi:///run/b.sock: http://a/SECRET", "dial unix:///run/a.sock for scgi:///run/b.sock: http://a/…"},
	}
	for _, tc := range cases {
		if got := redact(tc.in); got != tc.want {
			t.Errorf("redact(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("http://t.org/SECRET")
	f.Fuzz(func(t *testing.T, s string) {
		if got := redact(s + " http://h/SECRET"); strings.Contains(got, "/SECRET") && !strings.Contains(s, "SECRET") {
			t.Errorf("redact(%q) = %q", s, got)
		}
	})
}

func FuzzSetters(f *testing.F) {
	for _, s := range []string{"", "stop", "2", "high", "a\nb", "/x", "relative", "\x00", "9", "-1", " 3 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		torrent := &rtorrent.Torrent{Hash: "A", Custom1: "x,y", Priority: 2}
		for _, f := range columns(torrentNodes()) {
			if f.Set == nil {
				continue
			}
			for _, add := range []bool{false, true} {
				if act, err := f.Set.plan(torrent, value, add); err != nil && act != nil {
					t.Errorf("%s takes %q and refuses it: %v", f.Name, value, err)
				}
			}
		}
	})
}

func TestFileTree(t *testing.T) {
	files := []*rtorrent.File{
		{Path: "sub/a"}, {Path: "sub/a"}, {Path: "sub"}, {Path: "x//y"}, {Path: ".."}, {Path: "sub/dir/deep"}, {Path: "z%"},
	}
	tree := newFileTree(files)
	var walk func(prefix string, f *folder) []string
	walk = func(prefix string, f *folder) []string {
		var all []string
		for _, name := range f.names {
			l := f.children[name]
			if l.folder != nil {
				all = append(all, walk(prefix+name+"/", l.folder)...)
				continue
			}
			all = append(all, fmt.Sprintf("%s%s=%d", prefix, name, l.index))
		}
		return all
	}
	got := strings.Join(walk("", tree.root), " ")
	want := "sub/dir/deep=5 sub/a=0 sub/a [f1]=1 x/%/y=3 sub [f2]=2 %2E%2E=4 z%25=6"
	if got != want {
		t.Errorf("tree = %s\n want %s", got, want)
	}
	if tree.find([]string{"sub", "dir"}) == nil || tree.find([]string{"sub", "a"}) != nil || tree.find([]string{"none"}) != nil {
		t.Error("find takes a file for a folder, or misses one")
	}
}

// A number that is taken is one, whatever unit it has, and defaults that are
// taken are so again as they are kept.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"500K", "-1", "9223372036854775807", "1T", "99999999T", "", "0x1", "tags: a\n#c\ncustom/x: y", "directory: /a/../b"} {
		f.Add(s)
	}
	d := &driver{torrentNodes: torrentNodes()}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := parseBytes(s); err == nil {
			if again, err := parseBytes(number(n)); n < 0 || err != nil || again != n {
				t.Errorf("%q is %d, which is read as %d, %v", s, n, again, err)
			}
		}
		if tags, err := parseTags(s); err == nil {
			if again, err := parseTags(strings.Join(tags, "\n")); err != nil || !slices.Equal(again, tags) {
				t.Errorf("tags %q are read as %q, %v", tags, again, err)
			}
		}
		if dir, err := parseDirectory(s); err == nil && (dir[0] != '/' || strings.Contains(dir, "/../")) {
			t.Errorf("directory %q is taken as %q", s, dir)
		}
		if values, err := d.parseDefaults(s); err == nil {
			var lines []string
			for _, v := range values {
				lines = append(lines, v.file+": "+v.value)
			}
			if again, err := d.parseDefaults(strings.Join(lines, "\n")); err != nil || !slices.Equal(again, values) {
				t.Errorf("defaults %q are read as %q, %v", values, again, err)
			}
		}
		if _, err := checkLinks(splitLinks(s)); err != nil && errnoOf(err, true) == syscall.EIO {
			t.Errorf("links %q: %v has no errno", s, err)
		}
	})
}

// TestDropLogKeepsThousand finds the last 1,000 drops in add/log, whatever
// their names and the reasons.
func TestDropLogKeepsThousand(t *testing.T) {
	for _, tc := range []struct {
		drops        int
		name, reason string
	}{
		{20_000, "x.torrent", ""},
		{2000, strings.Repeat("\t", 255), strings.Repeat("\t", 100_000)},
	} {
		tree := &dropTree{log: newLogFile(dropLines)}
		var err error
		if tc.reason != "" {
			err = invalid("%s", tc.reason)
		}
		for i := range tc.drops {
			tree.report(rtorrent.Hash(fmt.Sprintf("%040d", i)), tc.name, err)
		}
		size := tree.log.size()
		lines := strings.Split(strings.TrimSuffix(string(tree.log.read(tree.log.gone, int(size))), "\n"), "\n")
		if len(lines) < dropLines || tree.log.gone == 0 {
			t.Fatalf("%d lines are kept, %d bytes gone", len(lines), tree.log.gone)
		}
		for i, line := range lines[len(lines)-dropLines:] {
			if want := fmt.Sprintf("\t%040d\t", tc.drops-dropLines+i); !strings.Contains(line, want) {
				t.Fatalf("line %d from the end is %.100q, want %q", dropLines-i, line, want)
			}
		}
	}
}
