package fs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent/rtorrenttest"
)

// TestDirectoriesAct moves and links torrents between the directories that
// act, as a shell and a file manager do.
func TestDirectoriesAct(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountDaemon(t, version)
			for _, name := range []string{"one", "two"} {
				p := newPayload(t, name, 32768, map[string]int{"": 50_000})
				p.write(t, m.daemon.Downloads())
				m.add(t, "add", p)
				m.awaitState(t, p.hash, stateSeeding)
				m.setenv(strings.ToUpper(name), string(p.hash))
				m.setenv("FILE_"+strings.ToUpper(name), p.file(t))
			}
			steps := []struct{ script, want string }{
				{"ls by-tag by-tag/@none", "by-tag:\n@none\n\nby-tag/@none:\none\ntwo\n"},
				{"mkdir by-tag/tv by-tag/hd && ls by-tag", "@none\nhd\ntv\n"},
				{"mkdir by-tag/tv", "mkdir: cannot create directory ‘by-tag/tv’: File exists\n"},
				{"mv by-name/one by-tag/tv/ && cat by-name/one/tags", "tv\n"},
				{"mv torrents/$TWO by-tag/tv/ && cat by-name/two/tags", "tv\n"},
				{"ln -s ../../by-name/one by-tag/hd/ && cat by-name/one/tags", "tv\nhd\n"},
				{"ln -s ../../torrents/$TWO by-tag/hd/ && cat by-name/two/tags", "tv\nhd\n"},
				{"mv by-tag/tv/one by-tag/new/ 2>&1 | grep -c 'cannot'; mkdir by-tag/new; mv by-tag/tv/one by-tag/new/ && cat by-name/one/tags", "1\nnew\nhd\n"},
				{"mv by-tag/hd/one by-tag/@none/ && cat by-name/one/tags", "new\n"},
				{"mv by-tag/hd/two by-tag/@none/; mv by-tag/tv/two by-tag/@none/; ls by-tag/@none", "two\n"},
				{"mv by-name/two by-tag/@none/ 2>&1", "mv: cannot move 'by-name/two' to 'by-tag/@none/two': Operation not permitted\n"},
				{"mv by-tag/new by-tag/old && cat by-name/one/tags && ls by-tag", "old\n@none\nhd\nold\ntv\n"},
				{"for i in $(seq 20); do mkdir by-tag/l && mv by-name/one by-tag/l/ && mv by-tag/l by-tag/b && ls by-tag/b && mv by-tag/b/one by-tag/@none/ && rmdir by-tag/b; done 2>&1 | uniq -c | tr -s ' '", " 20 one\n"},
				{"rmdir by-tag/tv by-tag/hd && ls by-tag", "@none\nold\n"},
				{"rmdir by-tag/old 2>&1; rm -rf by-tag/old 2>/dev/null; cat by-name/one/tags", "rmdir: failed to remove 'by-tag/old': Operation not permitted\nold\n"},
				{"mkdir 'by-tag/100%25' && mv by-name/two 'by-tag/100%25/' && cat by-name/two/tags", "100%\n"},
				{"mkdir 'by-tag/a,b' && cp -P by-name/two 'by-tag/a,b/' && cat by-name/two/tags", "100%\na,b\n"},
				{"mv by-name/one by-state/stopped/ && cat by-name/one/state && ls by-state/stopped", "stopped\none\n"},
				{"mv by-state/stopped/one by-state/paused/ 2>&1", "mv: cannot move 'by-state/stopped/one' to 'by-state/paused/one': Operation not permitted\n"},
				{"mv by-state/stopped/* by-state/seeding/ && cat by-name/one/state | sed s/queued/seeding/\\;s/checking/seeding/", "seeding\n"},
				{"mv by-name/two by-state/error/ 2>&1", "mv: cannot move 'by-name/two' to 'by-state/error/two': Operation not permitted\n"},
				{"mv by-name/two by-state/paused/ && ls by-state/paused && mv by-state/paused/two by-state/seeding/ && cat by-name/two/state", "two\nseeding\n"},
				{"gio move by-state/seeding/two by-state/stopped/ && cat by-name/two/state", "stopped\n"},
				{"gio copy -P by-name/two by-tag/old/ && cat by-name/two/tags", "100%\na,b\nold\n"},
				{"mv by-tag/old/two by-tag/hd2 2>&1; mkdir by-tag/hd2; mv by-tag/old/two by-tag/hd2/three 2>&1; mv by-tag/hd2 by-tag/@none 2>&1; rmdir by-tag/hd2", "mv: cannot move 'by-tag/old/two' to 'by-tag/hd2': Operation not permitted\nmv: cannot move 'by-tag/old/two' to 'by-tag/hd2/three': Operation not permitted\nmv: cannot move 'by-tag/hd2' to 'by-tag/@none/hd2': Operation not permitted\n"},
				{"mv by-name/two by-path/ 2>&1; ls where/bogus=1 2>&1; grep -c 'keeps its name' log; grep -c bogus log", "mv: cannot move 'by-name/two' to 'by-path/two': Operation not permitted\nls: cannot access 'where/bogus=1': Invalid argument\n1\n1\n"},
				{"ls -a by-tag/old; test $(ls -ai by-tag/old | sed -n 's, *\\([0-9]*\\) \\.\\.$,\\1,p') = $(stat -c %i by-tag); echo $?", ".\n..\none\ntwo\n0\n"},
				// mv of several looks at each again where it was moved to.
				{"mkdir by-tag/x && mv by-name/* by-tag/x/ && mv by-tag/x/* by-tag/@none/ 2>&1; cat by-name/*/tags", "old\n100%\na,b\nold\n"},
				{"mv by-name/* by-state/checking/ 2>&1; for i in $(seq 3000); do ls by-state/stopped | grep -q two && break; done", ""},
				// Where a torrent is already, moving it there takes it from where it was.
				{"mkdir by-tag/y && mv by-name/* by-tag/x/ && mv by-tag/x/* by-tag/y/ && mv by-name/one by-tag/x/ && mv by-tag/x/one by-tag/y/ && cat by-name/one/tags", "old\ny\n"},
				{"mv 'where/size>0'/* by-tag/y/ && mv by-state/*/one by-tag/y/ && mv by-tag/y/* by-tag/@none/ && cat by-name/one/tags", "old\n"},
				{"mv by-name/two by-state/stopped/ && mv by-tag/old/two by-state/stopped/ && cat by-name/two/state && ls by-tag/old", "stopped\none\ntwo\n"},
				{"mv by-name/two by-state/seeding/ && mv by-state/seeding/two by-state/paused/ && mv by-state/paused/two by-state/stopped/ && ls -d by-state/*/two", "by-state/stopped/two\n"},
				{"mv by-state/stopped/two by-state/checking/ && echo stop > by-name/two/state; echo start > by-name/two/state; echo stop > by-name/two/state; ls -d by-state/*/two", "by-state/stopped/two\n"},
				{"rmdir by-tag/x by-tag/y; mv by-tag/old/two erase/ && ls by-name by-tag", "by-name:\none\n\nby-tag:\n100%25\n@none\na,b\nold\n"},
				{"cp \"$FILE_TWO\" add-stopped/; mv by-name/* erase/ 2>&1; ls by-name erase", "by-name:\n\nerase:\n"},
			}
			for _, step := range steps {
				if got, status := m.sh(t, step.script); got != step.want {
					t.Errorf("%s\n got %q (exit status %d)\nwant %q", step.script, got, status, step.want)
				}
			}
		})
	}
}

// TestBulkActs does to 200 torrents what one line of shell can, and wants no
// other torrent touched, and what a start or stop changes asked once a write: exactly.
func TestBulkActs(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountDaemon(t, version)
			n := 200
			if testing.Short() {
				n = 20
			}
			other := newPayload(t, "other", 32768, map[string]int{"": 1000})
			m.add(t, "add-stopped", other)
			before := m.read(t, "torrents", string(other.hash), "info")
			for i := range n {
				p := newPayload(t, fmt.Sprintf("bulk %03d", i), 32768, map[string]int{"": 1000})
				p.write(t, m.daemon.Downloads())
				m.add(t, "add", p)
			}
			if out, status := m.sh(t, "mkdir by-tag/x && mv by-name/bulk* by-tag/x/"); status != 0 {
				t.Fatalf("mv into the tag: %s", out)
			}
			rtorrenttest.Eventually(t, 30*time.Second, "all seed", func() bool {
				out, _ := m.sh(t, "ls by-state/seeding | wc -l")
				return out == fmt.Sprintln(n)
			})
			m, asked := mountCounted(t, m.daemon, cache.Options{TTL: time.Hour, Slow: time.Hour})
			m.read(t, "list.tsv")
			for _, script := range []string{"mv by-state/seeding/* by-state/stopped/", "echo start | tee by-tag/x/*/state"} {
				asked.rows.Store(0)
				if out, status := m.sh(t, script); status != 0 {
					t.Fatalf("%s: %s", script, out)
				}
				if rows := asked.rows.Load(); rows != int64(n) {
					t.Errorf("%s: %d rows were fetched for %d writes", script, rows, n)
				}
				if out, _ := m.sh(t, "cat by-tag/x/*/state | sort | uniq -c"); strings.HasPrefix(script, "mv") && strings.TrimSpace(out) != fmt.Sprintf("%d stopped", n) {
					t.Errorf("states = %s", out)
				}
			}
			if out, _ := m.sh(t, "ls by-state/stopped"); out != "other\n" {
				t.Errorf("stopped after the start of all others: %s", out)
			}
			asked.wantTables(t, "all of it", 1)
			if got := m.read(t, "torrents", string(other.hash), "info"); got != before {
				t.Errorf("another torrent changed:\n got %s\nwant %s", got, before)
			}
		})
	}
}
