package fs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent/rtorrenttest"
)

// TestFileTrees reads and writes the trees beside files/.
func TestFileTrees(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			sizes := map[string]int{"top": 40_000}
			for i := range 30 {
				sizes[fmt.Sprintf("dir/%02d", i)] = 20_000
			}
			p := newPayload(t, "p", 32768, sizes)
			m.add(t, "add-stopped", p)
			m.setenv("T", "torrents/"+string(p.hash))
			steps := []struct{ script, want string }{
				{"cat $T/file_priority/top $T/file_priority/dir/00", "1\n1\n"},
				{"echo off > $T/file_priority/top; cat $T/file_priority/top", "0\n"},
				{"echo 2 | tee $T/file_priority/dir/* > /dev/null; cat $T/file_priority/dir/* | sort | uniq -c | tr -s ' '", " 30 2\n"},
				{"echo low > $T/file_priority/top", "bash: line 1: echo: write error: Invalid argument\n"},
				{"cat $T/file_progress/top $T/file_chunks/top", "0.00\n0 2\n"},
				{"diff <(cd $T/files && find . | sort) <(cd $T/file_priority && find . | sort) && echo same", "same\n"},
				{"grep -c . files.tsv; grep -P '\\t0\\t40000\\t0\\ttop$' files.tsv | wc -l", "32\n1\n"},
				{"sed -i s/0/high/ $T/file_priority/top && cat $T/file_priority/top && grep -cP '\\t2\\t' files.tsv", "2\n31\n"},
			}
			calls := m.client.Stats().Calls
			for _, step := range steps {
				if got, status := m.sh(t, step.script); got != step.want {
					t.Errorf("%s\n got %q (exit status %d)\nwant %q", step.script, got, status, step.want)
				}
			}
			if n := m.client.Stats().Calls - calls; n > 120 {
				t.Errorf("%d calls for 33 writes and some reads", n)
			}
		})
	}
}

// TestFileShares reads how much of each file is verified, in a torrent whose
// files begin and end with pieces, open, closed and complete.
func TestFileShares(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			p := newPayload(t, "p", piece, map[string]int{"a": 2 * piece, "b": 3 * piece, "c": piece, "d": piece + 100, "e": 100, "f": piece})
			half := &payload{name: p.name}
			for _, f := range p.files {
				data := bytes.Clone(f.data)
				if f.path[0] == "c" || f.path[0] == "f" {
					clear(data)
				}
				half.files = append(half.files, payloadFile{f.path, data})
			}
			half.write(t, m.daemon.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateDownloading)
			m.setenv("T", "torrents/"+string(p.hash))
			shares := func(when string, pieces ...int) {
				t.Helper()
				var got, want string
				defer func() {
					if t.Failed() {
						t.Logf("%s: pieces, percents and bytes\n got %q\nwant %q", when, got, want)
					}
				}()
				all := []int{2, 3, 1, 2, 1, 2}
				for i := range all {
					want += fmt.Sprintf("%d %d\n", pieces[i], all[i])
				}
				var bytes string
				for i, f := range p.files {
					n := min(pieces[i]*piece, len(f.data))
					want += percent(int64(n), int64(len(f.data))) + "\n"
					bytes += fmt.Sprintf("%d\n", n)
				}
				want += bytes
				rtorrenttest.Eventually(t, time.Minute, when, func() bool {
					got, _ = m.sh(t, "cat $T/file_chunks/* $T/file_progress/*; tail -n +2 files.tsv | cut -f 4")
					return got == want
				})
			}
			shares("downloading", 2, 3, 0, 1, 0, 0)
			// Closed, rTorrent may have counted a piece before c and d.
			m.put(t, "stop\n", "torrents", string(p.hash), "state")
			shares("closed", 2, 3, 0, 0, 0, 0)
			p.write(t, m.daemon.Downloads())
			m.put(t, "check\n", "torrents", string(p.hash), "state")
			shares("complete", 2, 3, 1, 2, 1, 2)
			m.put(t, "start\n", "torrents", string(p.hash), "state")
			m.awaitState(t, p.hash, stateSeeding)
			m.put(t, "stop\n", "torrents", string(p.hash), "state")
			shares("complete and closed", 2, 3, 1, 2, 1, 2)
		})
	}
}

// TestWholeServerFiles reads the files that tell everything at once, strictly.
func TestWholeServerFiles(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			d := rtorrenttest.Start(t, version)
			m := mountClient(t, rtorrenttest.Dial(t, d.Endpoint()), cache.Options{TTL: time.Hour, Slow: time.Hour}, Options{MetricsPerTorrent: true})
			m.daemon = d
			for _, name := range []string{"plain", "caf\xe9", "quote\"back\\slash\nline\ttab", "😀"} {
				m.add(t, "add-stopped", newPayload(t, name, 32768, map[string]int{"": 1000}))
			}
			var list []map[string]any
			if err := json.Unmarshal([]byte(m.read(t, "list.json")), &list); err != nil || len(list) != 4 {
				t.Fatalf("list.json: %d torrents, %v", len(list), err)
			}
			if got := list[1]["name_hex"]; got != "636166e9" {
				t.Errorf("name_hex = %v, want 636166e9", got)
			}
			if got := list[2]["name"]; got != "quote\"back\\slash\nline\ttab" {
				t.Errorf("name = %q", got)
			}
			rows := strings.Split(strings.TrimSuffix(m.read(t, "list.tsv"), "\n"), "\n")
			columns := strings.Count(rows[0], "\t")
			if len(rows) != 5 {
				t.Errorf("list.tsv has %d lines, want 5", len(rows))
			}
			for _, row := range rows {
				if strings.Count(row, "\t") != columns {
					t.Errorf("row %q has other columns than the header", row)
				}
			}
			for _, want := range []string{`rtorrent_torrents{state="stopped"} 4`, `rtorrent_tracker_torrents{tracker="127.0.0.1"} 4`, "rtorrent_size_bytes 4000"} {
				if !strings.Contains(m.read(t, "metrics"), want+"\n") {
					t.Errorf("metrics lack %s", want)
				}
			}
			checkMetrics(t, m.read(t, "metrics"))
		})
	}
}

// checkMetrics is a strict reader of Prometheus' text format: HELP and TYPE
// once before each family, families not mixed, no series twice, numbers.
func checkMetrics(t *testing.T, text string) {
	t.Helper()
	series := regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\\\|\\"|\\n)*",?)*\})? (\S+)$`)
	done, seen := map[string]bool{}, map[string]bool{}
	family := ""
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		line := s.Text()
		fields := strings.SplitN(line, " ", 4)
		switch {
		case strings.HasPrefix(line, "# HELP "):
			if family = fields[2]; done[family] {
				t.Errorf("family %s comes twice", family)
			}
			done[family] = true
		case strings.HasPrefix(line, "# TYPE "):
			if fields[2] != family || fields[3] != "gauge" && fields[3] != "counter" {
				t.Errorf("line %q", line)
			}
			if fields[3] == "counter" != strings.HasSuffix(family, "_total") {
				t.Errorf("%s is a %s", family, fields[3])
			}
		default:
			match := series.FindStringSubmatch(line)
			if match == nil || match[1] != family || seen[match[1]+match[2]] {
				t.Errorf("line %q", line)
				continue
			}
			seen[match[1]+match[2]] = true
			if _, err := strconv.ParseFloat(match[5], 64); err != nil {
				t.Errorf("line %q: %v", line, err)
			}
		}
	}
}

// TestSharedWith loads torrents whose data is at one place.
func TestSharedWith(t *testing.T) {
	m := mountDaemon(t, "0.16")
	outer := newPayload(t, "shared", 32768, map[string]int{"a": 1000, "sub/b": 1000})
	again := newPayload(t, "shared", 16384, map[string]int{"a": 1000})
	apart := newPayload(t, "apart", 32768, map[string]int{"": 1000})
	inside := newPayload(t, "b", 32768, map[string]int{"": 1000})
	for _, p := range []*payload{outer, again, apart, inside} {
		m.add(t, "add-stopped", p)
	}
	dir := m.daemon.Downloads() + "/shared/sub"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(m.torrent(inside.hash, "directory"), []byte(dir)); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		of   *payload
		with []*payload
	}{
		{outer, []*payload{again, inside}}, {again, []*payload{outer, inside}}, {inside, []*payload{outer, again}}, {apart, nil},
	}
	for _, tc := range cases {
		got := m.read(t, "torrents", string(tc.of.hash), "shared_with")
		if lines := strings.Count(got, "\n"); lines != len(tc.with) {
			t.Errorf("shared_with of %s has %d lines, want %d", tc.of.name, lines, len(tc.with))
		}
		for _, p := range tc.with {
			if !strings.Contains(got, string(p.hash)) {
				t.Errorf("shared_with of %s lacks %s", tc.of.name, p.name)
			}
		}
	}
	if got, err := os.Readlink(m.torrent(inside.hash, "content")); err != nil || got != dir+"/b" {
		t.Errorf("content leads to %q, %v; want %q", got, err, dir+"/b")
	}
}
