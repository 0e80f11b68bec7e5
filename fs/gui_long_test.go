//go:build long

package fs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestFileManager drags torrents about in Thunar, and presses Delete: what
// should happen to them happens, and nothing else.
func TestFileManager(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			p := newPayload(t, "one", piece, map[string]int{"": 1000})
			p.write(t, m.daemon.Downloads())
			m.add(t, "add", p)
			m.awaitState(t, p.hash, stateSeeding)
			if out, status := m.sh(t, "mkdir by-tag/films by-tag/series && echo films > torrents/"+string(p.hash)+"/tags"); status != 0 {
				t.Fatal(out)
			}
			d := newDesktop(t)
			for _, step := range []struct{ name, from, to, key, file, want string }{
				{"drag between tags", "by-tag/films", "by-tag/series", "", "tags", "series\n"},
				{"ctrl-drag between tags", "by-tag/series", "by-tag/films", "ctrl", "tags", "series\nfilms\n"},
				{"drag to @none", "by-tag/series", "by-tag/@none", "", "tags", "films\n"},
				{"drag to stopped", "by-state/seeding", "by-state/stopped", "", "state", "stopped\n"},
				{"drag to seeding", "by-state/stopped", "by-state/seeding", "", "state", "seeding\n"},
				{"drag to paused", "by-state/seeding", "by-state/paused", "", "state", "paused\n"},
			} {
				from, to := d.show(m.path(step.from), 0), d.show(m.path(step.to), 500)
				d.drag(from, to, step.key, step.name, func() bool { return m.read(t, "torrents", string(p.hash), step.file) == step.want })
				d.screenshot(step.name)
				if dialogs := append(to.close(), from.close()...); len(dialogs) > 0 {
					t.Errorf("%s: %q came", step.name, dialogs)
				}
			}
			for _, dir := range []string{"by-name", "torrents", "torrents/" + string(p.hash), "by-tag/films"} {
				deleteAll(t, d, m, p, dir)
			}
			from, to := d.show(m.path("by-name"), 0), d.show(m.path("erase"), 500)
			d.drag(from, to, "", "drag to erase", func() bool {
				_, err := m.client.Torrent(t.Context(), p.hash)
				return errors.Is(err, rtorrent.ErrNotFound)
			})
			d.screenshot("drag to erase")
			if dialogs := append(to.close(), from.close()...); len(dialogs) > 0 {
				t.Errorf("drag to erase: %q came", dialogs)
			}
			sameData(t, m, p)
		})
	}
}

// deleteAll presses Delete on all that is in a directory and confirms: the file
// manager tells that it may not, and all is as it was.
func deleteAll(t *testing.T, d *desktop, m *mounted, p *payload, dir string) {
	t.Helper()
	all := "cut -f1-3 list.tsv; cd torrents/" + string(p.hash) + " && tail state tags comment priority directory is_open is_active"
	before, _ := m.sh(t, all)
	w := d.show(m.path(dir), 0)
	w.keys("ctrl+a", "Delete")
	asked := d.awaitDialog("Attention", "")
	shot := "delete in " + strings.NewReplacer(string(p.hash), "a torrent", "/", " ").Replace(dir)
	d.screenshot(shot)
	d.xdotool("windowactivate", "--sync", asked, "key", "Return")
	d.awaitDialog("Attention", asked)
	d.screenshot(shot + ", refused")
	w.close()
	if after, _ := m.sh(t, all); after != before {
		t.Errorf("Delete in %s changed something:\n got %s\nwant %s", dir, after, before)
	}
	sameData(t, m, p)
}

// sameData wants the data of a torrent of one file as it was made.
func sameData(t *testing.T, m *mounted, p *payload) {
	t.Helper()
	if got, err := os.ReadFile(filepath.Join(m.daemon.Downloads(), p.name)); err != nil || string(got) != string(p.files[0].data) {
		t.Errorf("the data has changed: %v", err)
	}
}

// awaitDialog waits for a dialog other than the one given, and returns its id.
func (d *desktop) awaitDialog(title, other string) (found string) {
	d.t.Helper()
	rtorrenttest.Eventually(d.t, time.Minute, "a dialog "+title, func() bool {
		for id, is := range d.dialogs() {
			if is == title && id != other {
				found = id
			}
		}
		return found != ""
	})
	return found
}
