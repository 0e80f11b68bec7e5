package fs

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// awaitOrder waits until a file of a torrent has an order.
func (m *mounted) awaitOrder(t *testing.T, what string, h rtorrent.Hash, index int, want rtorrent.FileOrder) {
	t.Helper()
	var got rtorrent.FileOrder
	defer func() {
		if t.Failed() {
			t.Logf("%s: the order is %+v, want %+v\n%s", what, got, want, m.read(t, "log"))
		}
	}()
	rtorrenttest.Eventually(t, 30*time.Second, what, func() bool {
		var err error
		got, err = m.client.FileOrder(t.Context(), h, index)
		return err == nil && got == want
	})
}

// TestStreaming raises the files that programs wait for, and restores them.
func TestStreaming(t *testing.T) {
	normal, edges, high := rtorrent.FileOrder{Priority: 1}, rtorrent.FileOrder{Priority: 1, First: true, Last: true}, rtorrent.FileOrder{Priority: 2}
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			state := t.TempDir()
			m, p := halfThere(t, version, Options{Wait: 10 * time.Minute, Stream: true, StateDir: state})
			a := m.torrent(p.hash, "files", "a")
			wait := func(piece string) *waiter {
				return startWaiter(t, "dd", "if="+a, "of=/dev/null", "bs=32768", "skip="+piece)
			}
			m.awaitOrder(t, "nobody reads", p.hash, 0, normal)

			middle := wait("1")
			m.awaitOrder(t, "a piece in the middle is read", p.hash, 0, high)
			last := wait("5")
			m.awaitOrder(t, "the last piece is read", p.hash, 0, edges)
			last.cmd.Process.Kill()
			last.end(t)
			middle.cmd.Process.Kill()
			middle.end(t)
			m.awaitOrder(t, "the readers are gone", p.hash, 0, normal)

			// What the user says meanwhile stays, through the mount or not.
			for what, set := range map[string]func(string){
				"high\n": func(v string) { m.put(t, v, "torrents", string(p.hash), "file_priority", "a") },
				"off\n": func(string) {
					if _, err := m.client.Do(t.Context(), p.hash, rtorrent.SetFilePriority(p.hash, 0, 0), rtorrent.UpdatePriorities(p.hash)); err != nil {
						t.Fatal(err)
					}
				},
			} {
				w := wait("1")
				m.awaitOrder(t, "it is raised", p.hash, 0, high)
				set(what)
				w.cmd.Process.Kill()
				w.end(t)
				want := map[string]rtorrent.FileOrder{"high\n": high, "off\n": {}}[what]
				rtorrenttest.Eventually(t, 30*time.Second, "it is let go", func() bool {
					m.tree.d.streams.mu.Lock()
					defer m.tree.d.streams.mu.Unlock()
					return len(m.tree.d.streams.raised) == 0
				})
				m.awaitOrder(t, what+"by the user", p.hash, 0, want)
				m.put(t, "normal\n", "torrents", string(p.hash), "file_priority", "a")
				m.awaitOrder(t, "normal again", p.hash, 0, normal)
			}

			// A crash: the next mount restores it, but no mount that runs
			// beside one that lives.
			w := wait("1")
			m.awaitOrder(t, "it is raised", p.hash, 0, high)
			mountClient(t, m.client, cache.Options{}, Options{StateDir: state}).read(t, "list.tsv")
			journals, _ := filepath.Glob(filepath.Join(state, "streams", "*", "*.json"))
			if len(journals) != 1 {
				t.Fatalf("journals: %q, want one", journals)
			}
			content, err := os.ReadFile(journals[0])
			if err != nil || !bytes.Contains(content, []byte(p.hash)) {
				t.Fatalf("%s: %s, %v", journals[0], content, err)
			}
			m.awaitOrder(t, "its mount lives", p.hash, 0, high)
			m.tree.d.streams.journal.lock.Close() // as a crash does
			mountClient(t, m.client, cache.Options{}, Options{StateDir: state}).read(t, "list.tsv")
			m.awaitOrder(t, "another mount after the crash", p.hash, 0, normal)
			rtorrenttest.Eventually(t, 30*time.Second, "its journal is gone", func() bool {
				left, err := filepath.Glob(filepath.Join(state, "streams", "*", "*"))
				return err == nil && len(left) == 0
			})
			w.cmd.Process.Kill()
			w.end(t)
		})
	}
}

// TestStreamingAtTheEnd unmounts while a file is raised.
func TestStreamingAtTheEnd(t *testing.T) {
	m, p := halfThere(t, "0.9.8", Options{Wait: 10 * time.Minute, Stream: true})
	w := startWaiter(t, "cat", m.torrent(p.hash, "files", "b"))
	m.awaitOrder(t, "it is raised", p.hash, 1, rtorrent.FileOrder{Priority: 2})
	m.tree.Wake()
	w.end(t)
	m.tree.d.streams.close()
	m.awaitOrder(t, "the mount has ended", p.hash, 1, rtorrent.FileOrder{Priority: 1})
}
