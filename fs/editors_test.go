package fs

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

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
	files := []struct{ name, a, b, bad string }{
		{"state", "seeding", "stopped", "nonsense"},
		{"tags", "x", "y z", ""},
		{"comment", "first", "second ü", ""},
		{"priority", "1", "3", "7"},
		{"custom/kind", "a", "b c", ""},
		{"trackers/127.0.0.1/enabled", "1", "0", "7"},
		{"file_priority/p", "1", "2", "low"},
		{"../../rtorrent/settings/throttle/max_peers/normal", "60", "70", "nonsense"},
		{"trackers/127.0.0.1/url", "http://127.0.0.1:9/a", "http://127.0.0.1:9/b", "nonsense"},
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
			m.setenv("TMP", t.TempDir())
			m.setenv("TESTDATA", testdata)
			if out, status := m.sh(t, "echo old > torrents/"+string(p.hash)+"/custom/kind"); status != 0 {
				t.Fatal(out)
			}
			for _, file := range files {
				m.setenv("FILE", "torrents/"+string(p.hash)+"/"+file.name)
				for i, editor := range editors {
					value := []string{file.b, file.a}[i%2]
					m.setenv("NEW", value)
					out, status := m.sh(t, editor.script)
					got := m.read(t, "torrents", string(p.hash), file.name)
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
					if got := m.read(t, "torrents", string(p.hash), file.name); status == 0 || got != value+"\n" {
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
