package fs

import (
	"os"
	"testing"
	"time"

	"rtfs/rtorrent/rtorrenttest"
)

// TestByPathAndByView tells which torrents are in which folder and view, while
// that changes.
func TestByPathAndByView(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			for name, files := range map[string]map[string]int{"one": {"": 1000}, "two": {"": 1000}, "many": {"a": 1000, "b/c": 1000}} {
				p := newPayload(t, name, 32768, files)
				m.add(t, "add-stopped", p)
			}
			folder := m.daemon.Downloads()
			m.setenv("D", "by-path"+folder)
			m.setenv("FOLDER", folder)
			if err := os.MkdirAll(folder+"/two/deep", 0o755); err != nil {
				t.Fatal(err)
			}
			steps := []struct{ script, want string }{
				{"ls $D", "many\none\ntwo\n"},
				{"readlink -f $D/one | xargs -n1 basename | cmp - by-name/one/hash", ""},
				{"echo $FOLDER/two/deep > by-name/one/directory; ls $D", "many\ntwo\n"}, // a folder hides the link of its name
				{"ls $D/two $D/two/deep; cat $D/$(cat by-name/two/hash)/name", "by-path" + folder + "/two:\ndeep\n\nby-path" + folder + "/two/deep:\none\ntwo\n"},
				{"echo $FOLDER/two/deep > by-name/two/directory; ls $D/two/deep; ls $D", "one\ntwo\nmany\ntwo\n"},
				{"echo $FOLDER > by-name/one/directory; echo $FOLDER > by-name/two/directory; ls $D; ls $D/two/deep 2>&1", "many\none\ntwo\nls: cannot access '" + "by-path" + folder + "/two/deep': No such file or directory\n"},
				{"ls by-view/main by-view/stopped", "by-view/main:\nmany\none\ntwo\n\nby-view/stopped:\nmany\none\ntwo\n"},
				{"mv by-name/one by-view/main/ 2>&1; mv by-name/one $D/ 2>&1 | sed 's, to.*: ,: ,'", "mv: cannot move 'by-name/one' to 'by-view/main/one': Operation not permitted\nmv: cannot move 'by-name/one': Operation not permitted\n"},
			}
			for _, step := range steps {
				if got, status := m.sh(t, step.script); got != step.want {
					t.Errorf("%s\n got %q (exit status %d)\nwant %q", step.script, got, status, step.want)
				}
			}
			if out, status := m.sh(t, "mv by-name/one erase/"); status != 0 {
				t.Fatal(out)
			}
			rtorrenttest.Eventually(t, 30*time.Second, "it is in no folder and no view", func() bool {
				out, _ := m.sh(t, "ls $D by-view/main by-view/stopped | sort -u | grep -v :")
				return out == "\nmany\ntwo\n"
			})
		})
	}
}
