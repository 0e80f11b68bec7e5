package fs

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent/rtorrenttest"
)

var update = flag.Bool("update", false, "rewrite what is made from the table: the README's tree and the golden listing")

// TestReference compares the README's tree with the table.
func TestReference(t *testing.T) {
	const begin, end = "<!-- tree -->\n", "<!-- /tree -->"
	path := filepath.Join("..", "README.md")
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(readme), begin)
	old, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s lacks the markers %q and %q", path, begin, end)
	}
	if old == Table() {
		return
	}
	if !*update {
		t.Fatalf("%s does not have the tree as the table declares it: run make docs", path)
	}
	if err := os.WriteFile(path, []byte(head+begin+Table()+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestGolden pins the whole tree: a change of the table shows in the diff.
func TestGolden(t *testing.T) {
	var b strings.Builder
	for _, l := range Reference() {
		fmt.Fprintf(&b, "%s %s\n", l.Mode, l.Path)
	}
	path := filepath.Join("testdata", "tree.golden")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the tree differs from %s: run make docs\n got %s", path, b.String())
	}
}

// isDrop reports whether a row is what was dropped, which is there for seconds.
func isDrop(path string) bool {
	return strings.HasPrefix(path, "add") && (strings.HasSuffix(path, "<name>.torrent") || strings.HasSuffix(path, "<name>.magnet"))
}

// TestTreeIsAsDeclared looks at each row of the table on a real mount: it is
// there with its mode, it is read, and what takes writes takes what it reads.
func TestTreeIsAsDeclared(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			d := rtorrenttest.Start(t, version)
			m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{TTL: 50 * time.Millisecond, Slow: 50 * time.Millisecond}, Options{})
			m.daemon = d
			p := newPayload(t, "p", 32768, map[string]int{"a": 50_000})
			p.write(t, m.daemon.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			names := strings.NewReplacer(
				"<HASH>", string(p.hash), "<name>.torrent", string(p.hash)+".torrent", "<name>", "p", "<path>", "a",
				"<state>", stateSeeding, "<tag>", "t", "<host>", "127.0.0.1", "<class>", "unreachable",
				"<absolute path>", strings.TrimPrefix(m.daemon.Downloads(), "/"), "<view>", "main", "<expr>", "size>0",
				"<throttle>", "slow", "<group>", "default",
			)
			if err := os.Mkdir(m.path("by-tag", "t"), 0o755); err != nil {
				t.Fatal(err)
			}
			rtorrenttest.Eventually(t, 15*time.Second, "the dead tracker has left its message", func() bool {
				_, err := os.Stat(m.path("by-message", "unreachable", "p"))
				return err == nil
			})
			if err := os.Mkdir(m.path("rtorrent", "throttles", "slow"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(string(p.hash), m.path("by-tag", "t", "p")); err != nil {
				t.Fatal(err)
			}
			for _, l := range Reference() {
				path := m.path(names.Replace(l.Path))
				if isDrop(l.Path) && l.Path != "add/<name>.torrent" || strings.Contains(path, "<") {
					continue // one drop is in add/; peers and the like have tests of their own
				}
				info, err := os.Lstat(path)
				if err != nil {
					t.Errorf("%s: %v", l.Path, err)
					continue
				}
				if got := modeString(uint32(info.Sys().(*syscall.Stat_t).Mode)); got != l.Mode {
					t.Errorf("%s has mode %s, want %s", l.Path, got, l.Mode)
				}
				if !info.Mode().IsRegular() {
					continue
				}
				content, err := os.ReadFile(path)
				if err != nil {
					t.Errorf("%s: %v", l.Path, err)
				}
				if info, err := os.Stat(path); err == nil && info.Size() != int64(len(content)) && !strings.Contains(l.Path, "health") {
					t.Errorf("%s: size %d, read %d", l.Path, info.Size(), len(content))
				}
				if slices.Contains(actions, filepath.Base(l.Path)) || !strings.HasPrefix(l.Path, "torrents/") && !strings.HasPrefix(l.Path, "rtorrent/") || l.Mode[2] != 'w' {
					continue
				}
				if err := os.WriteFile(path, content, 0o644); err != nil {
					t.Errorf("%s does not take what it reads, %q: %v", l.Path, content, err)
				}
				if after, err := os.ReadFile(path); err != nil || string(after) != string(content) {
					t.Errorf("%s reads %q, %v after its own value was written; want %q", l.Path, after, err, content)
				}
			}
		})
	}
}
