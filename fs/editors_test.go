package fs

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestEditors changes control files by the programs that people change files
// with, and wants the change applied, or the refusal reported.
func TestEditors(t *testing.T) {
	editors := []struct{ name, script string }{
		{"sed -i", `sed -i "s#.*#$NEW#" $FILE`},
		{"perl -pi", `perl -pi -e "s#.*#$NEW#" $FILE`},
		{"rsync", `echo "$NEW" > $TMP/$(basename $FILE) && rsync -I $TMP/$(basename $FILE) $(dirname $FILE)/`},
		{"rsync --inplace", `echo "$NEW" > $TMP/$(basename $FILE) && rsync -I --inplace $TMP/$(basename $FILE) $(dirname $FILE)/`},
		{"gio save", `echo "$NEW" | gio save $FILE`},
		{"gio save -b", `echo "$NEW" | gio save --unlink $FILE`},
		{"vim", `vim -u NONE -es -c "%s#.*#$NEW#" -c wq $FILE 2>/dev/null </dev/null`},
		{"vim with defaults", `vim -es -c "set writebackup nobackup" -c "%s#.*#$NEW#" -c wq $FILE 2>/dev/null </dev/null`},
		{"nano", `timeout 20 python3 $TESTDATA/nano.py $FILE "$NEW"`},
		{"cp", `echo "$NEW" > $TMP/x && cp $TMP/x $FILE`},
		{"tee", `echo "$NEW" | tee $FILE > /dev/null`},
		{"dd", `echo "$NEW" | dd of=$FILE bs=1 2>/dev/null`},
		{"dd conv=notrunc", `echo "$NEW" | dd of=$FILE conv=notrunc 2>/dev/null`},
		{"python", `python3 -c "with open('$FILE','w') as f: f.write('$NEW\n')"`},
		{"busybox sh", `busybox sh -c 'echo "$NEW" > $FILE'`},
		{"install is refused", `! install -m 644 /dev/null $FILE 2>/dev/null && echo "$NEW" > $FILE`},
	}
	// The paths are seen from a torrent's directory: p seeds, q is stopped.
	// FOLDER is one that holds other folders a and b.
	files := []struct{ torrent, name, a, b, bad string }{
		{"p", "state", "seeding", "stopped", "nonsense"},
		{"p", "tags", "x", "y z", ""},
		{"p", "comment", "first", "second ü", ""},
		{"p", "priority", "1", "3", "7"},
		{"p", "custom/kind", "a", "b c", ""},
		{"p", "trackers/127.0.0.1/enabled", "1", "0", "7"},
		{"p", "file_priority/p", "1", "2", "low"},
		{"p", "../../rtorrent/settings/throttle/max_peers/normal", "60", "70", "nonsense"},
		{"p", "trackers/127.0.0.1/url", "http://127.0.0.1:9/a", "http://127.0.0.1:9/b", "nonsense"},
		{"q", "directory", "FOLDER/a", "FOLDER/b", "relative"},
		{"q", "throttle", "slow", "NULL", "nonsense"},
		{"q", "choke_group", "few", "default", "nonsense"},
		{"p", "peers_max", "50", "60", "-1"},
		{"q", "peers_min", "5", "6", "many"},
		{"q", "uploads_max", "7", "8", "many"},
		{"p", "super_seeding", "1", "0", "2"},
		{"q", "../../rtorrent/up_limit", "1048576", "2097152", "-1"},
		{"q", "../../rtorrent/throttles/slow/up_limit", "10240", "20480", "-1"},
		{"q", "../../rtorrent/choke_groups/few/up_max", "10", "20", "nonsense"},
		{"q", "../../rtorrent/choke_groups/few/up_heuristics", "upload_seed", "upload_leech", "nonsense"},
		{"q", "../../rtorrent/choke_groups/few/tracker_mode", "aggressive", "normal", "nonsense"},
		{"q", "../../add/defaults", "priority: 3", "comment: x", "nonsense: 1"},
		{"q", "../../add/tv/defaults", "priority: 3", "comment: x", "nonsense: 1"},
	}
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountDaemon(t, version)
			p := newPayload(t, "p", 32768, map[string]int{"": 50_000})
			p.write(t, m.daemon.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			q := newPayload(t, "q", 32768, map[string]int{"": 70_000})
			q.write(t, m.daemon.Downloads())
			m.add(t, "add-stopped", q)
			folder := filepath.Join(m.daemon.Downloads(), "f")
			m.setenv("F", folder)
			m.setenv("TMP", t.TempDir())
			m.setenv("TESTDATA", testdata)
			if out, status := m.sh(t, `mkdir -p $F/a $F/b rtorrent/throttles/slow rtorrent/choke_groups/few add/tv &&
				echo "priority: 2" | tee add/defaults > add/tv/defaults && echo old > torrents/`+string(p.hash)+"/custom/kind"); status != 0 {
				t.Fatal(out)
			}
			for k, file := range files {
				hash := map[string]rtorrent.Hash{"p": p.hash, "q": q.hash}[file.torrent]
				m.setenv("FILE", "torrents/"+string(hash)+"/"+file.name)
				written := 0
				for i, editor := range editors {
					if !everyEditor && k >= 9 && (i+k)%4 != 0 {
						continue
					}
					written++
					value := strings.Replace([]string{file.b, file.a}[written%2], "FOLDER", folder, 1)
					m.setenv("NEW", value)
					out, status := m.sh(t, editor.script)
					got := m.read(t, "torrents", string(hash), file.name)
					if file.name == "state" && (got == "queued\n" || got == "checking\n") {
						m.awaitState(t, p.hash, stateSeeding)
						got = "seeding\n"
					}
					if got != value+"\n" || status != 0 {
						t.Errorf("%s of %s: exit status %d, %q; reads %q, want %q\n%s", editor.name, file.name, status, out, got, value, m.read(t, "log"))
					}
					if file.bad == "" {
						continue
					}
					m.setenv("NEW", file.bad)
					out, status = m.sh(t, editor.script)
					if got := m.read(t, "torrents", string(hash), file.name); status == 0 || got != value+"\n" {
						t.Errorf("%s of a bad %s: exit status %d, %q; reads %q, want a refusal and %q", editor.name, file.name, status, out, got, value)
					}
				}
			}
			for _, script := range []string{"echo stop > $DIR/State", "touch $DIR/x", "cp log $DIR/y", "echo x > $DIR/state~"} {
				m.setenv("DIR", "torrents/"+string(p.hash))
				if out, status := m.sh(t, script); status == 0 || !strings.Contains(out, "Permission denied") {
					t.Errorf("%s: exit status %d, %q; want Permission denied", script, status, out)
				}
			}
			for i := range 2 * scratchFiles {
				out, _ := m.sh(t, fmt.Sprintf("echo x > torrents/%s/.%d", p.hash, i))
				if full := i >= scratchFiles; full != strings.Contains(out, "busy") {
					t.Errorf("scratch file %d: %q", i, out)
				}
			}
			if out, status := m.sh(t, "rm torrents/"+string(p.hash)+"/.[0-9]*"); status != 0 {
				t.Errorf("rm of scratch files: %s", out)
			}
		})
	}
}
