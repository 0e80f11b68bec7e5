package fs

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestAWriteShowsAllThatItChanges writes to each file of a torrent that takes
// values, at one that is stopped and one that runs, through a cache that never
// asks anew: it is to know all that rTorrent has then, so that the columns which
// commands say they change are all that they do.
func TestAWriteShowsAllThatItChanges(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			w := prepareRows(t, mountDaemon(t, version))
			m := mountClient(t, w.client, cache.Options{TTL: time.Hour, Slow: time.Hour}, Options{})
			if _, err := m.cache.Snapshot(t.Context()); err != nil {
				t.Fatal(err)
			}
			m.sh(t, "mkdir rtorrent/throttles/other") // whose name the other mount knows, as it made it
			elsewhere := filepath.Join(rtorrenttest.ShortDir(t), "p")
			if err := os.Symlink(filepath.Join(w.daemon.Downloads(), "p"), elsewhere); err != nil {
				t.Fatal(err)
			}
			for _, state := range []string{stateStopped, stateSeeding} {
				m.put(t, state+"\n", w.names.Replace("torrents/<HASH>/state"))
				w.wantAllKnown(t, m, state)
				for _, l := range w.rows() {
					other, ok := otherValues[l.Path]
					if !ok || !strings.HasPrefix(l.Path, "torrents/") || strings.Contains(l.Path, "/peers/<") {
						continue
					}
					file := w.names.Replace(l.Path)
					before := m.read(t, file)
					if l.Path == "torrents/<HASH>/directory" {
						other.write = elsewhere // one that runs must find its data
					}
					for _, value := range []string{other.write + "\n", before} {
						m.put(t, value, file)
						w.wantAllKnown(t, m, l.Path+" of one that is "+state)
					}
				}
			}
		})
	}
}

// wantAllKnown wants a mount's row to be what rTorrent has. A check goes on behind
// a start, so what ticks ask is asked as by the next one.
func (w *rowWorld) wantAllKnown(t *testing.T, m *mounted, after string) {
	t.Helper()
	quick := w.client.ColumnsOf(rtorrent.Tick, rtorrent.Moving)
	if _, err := m.cache.Look(t.Context(), w.hash, quick); err != nil {
		t.Fatal(err)
	}
	has, err := w.client.Torrent(t.Context(), w.hash)
	if err != nil {
		t.Fatal(err)
	}
	known, err := m.cache.Peek().Torrent(w.hash)
	if err != nil {
		t.Fatal(err)
	}
	for i := range reflect.TypeFor[rtorrent.Torrent]().NumField() {
		is, shows := reflect.ValueOf(*has).Field(i), reflect.ValueOf(*known).Field(i)
		name := reflect.TypeFor[rtorrent.Torrent]().Field(i).Name
		if !is.Equal(shows) && name != "Message" { // that a tracker cannot be reached shows later
			t.Errorf("after %s: %s is %v, and is known as %v", after, name, is, shows)
		}
	}
}
