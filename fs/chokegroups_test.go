package fs

import (
	"os"
	"strings"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

// TestChokeGroups makes groups, sets them up and puts torrents into them.
func TestChokeGroups(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			p := newPayload(t, "p", 32768, map[string]int{"": 70_000})
			m.add(t, "add-stopped", p)
			m.setenv("T", "torrents/"+string(p.hash))
			steps := []struct{ script, want string }{
				{"ls rtorrent/choke_groups", "default\n"},
				{"cd rtorrent/choke_groups/default; cat index size up_max down_max up_heuristics down_heuristics tracker_mode up_rate up_queued up_unchoked",
					"0\n1\n0\n0\nupload_leech\ndownload_leech\nnormal\n0\n0\n0\n"},
				{"mkdir rtorrent/choke_groups/slow 'rtorrent/choke_groups/a%2Fb ü'; ls rtorrent/choke_groups; cat rtorrent/choke_groups/*/index",
					"a%2Fb ü\ndefault\nslow\n2\n0\n1\n"},
				{"cat $T/choke_group; echo slow > $T/choke_group; cat $T/choke_group rtorrent/choke_groups/slow/size rtorrent/choke_groups/default/size", "default\nslow\n1\n0\n"},
				{"echo 'a/b ü' > $T/choke_group; cat $T/choke_group 'rtorrent/choke_groups/a%2Fb ü/size'; echo default > $T/choke_group; cat $T/choke_group", "a/b ü\n1\ndefault\n"},
				{"cd rtorrent/choke_groups/slow; for n in 10 0 -1 2147483647; do echo $n > up_max; echo $n > down_max; cat up_max down_max; done", "10\n10\n0\n0\n-1\n-1\n2147483647\n2147483647\n"},
				{"cd rtorrent/choke_groups/slow; for w in upload_seed upload_leech_experimental upload_leech; do echo $w > up_heuristics; cat up_heuristics; done", "upload_seed\nupload_leech_experimental\nupload_leech\n"},
				{"cd rtorrent/choke_groups/slow; echo download_leech > down_heuristics; for w in aggressive normal; do printf $w > tracker_mode; cat tracker_mode; done", "aggressive\nnormal\n"},
				{"cat rtorrent/choke_groups/default/up_max", "0\n"},
			}
			for _, step := range steps {
				if got, status := m.sh(t, step.script); got != step.want {
					t.Errorf("%s\n got %q (exit status %d)\nwant %q", step.script, got, status, step.want)
				}
			}
			for _, tc := range []struct{ script, message string }{
				{"mkdir rtorrent/choke_groups/slow", "File exists"},
				{"mkdir rtorrent/choke_groups/5", "Invalid argument"},
				{"mkdir rtorrent/choke_groups/5%", "Invalid argument"},
				{"mkdir rtorrent/choke_groups/😀", "Invalid or incomplete multibyte"},
				{"rmdir rtorrent/choke_groups/slow", "Operation not permitted"},
				{"mv rtorrent/choke_groups/slow rtorrent/choke_groups/fast", "Operation not permitted"},
				{"echo x > rtorrent/choke_groups/slow/up_max", "Invalid argument"},
				{"echo -2 > rtorrent/choke_groups/slow/up_max", "Invalid argument"},
				{"echo 5000000000 > rtorrent/choke_groups/slow/up_max", "Invalid argument"},
				{"echo upload_leech > rtorrent/choke_groups/slow/down_heuristics", "Invalid argument"},
				{"echo invalid > rtorrent/choke_groups/slow/up_heuristics", "Invalid argument"},
				{"echo lazy > rtorrent/choke_groups/slow/tracker_mode", "Invalid argument"},
				{"echo 1 > rtorrent/choke_groups/slow/index", "Permission denied"},
				{"cat rtorrent/choke_groups/fast/index", "No such file"},
			} {
				if out, status := m.sh(t, tc.script); status == 0 || !strings.Contains(out, tc.message) {
					t.Errorf("%s: exit status %d, %q; want 1 and %q", tc.script, status, out, tc.message)
				}
			}
			takesWhatItReads(t, m.path("rtorrent", "choke_groups", "slow"))
		})
	}
}

// takesWhatItReads writes into every file of a directory that takes writes
// what it holds, and wants it to hold that.
func takesWhatItReads(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		path := dir + "/" + e.Name()
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Mode()&0o200 == 0 {
			continue
		}
		content, err := os.ReadFile(path)
		if err == nil {
			err = writeFile(path, content)
		}
		if err != nil {
			t.Errorf("%s does not take what it reads, %q: %v", path, content, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(content) {
			t.Errorf("%s reads %q, %v after its own value was written; want %q", path, after, err, content)
		}
	}
}
