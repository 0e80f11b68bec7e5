package fs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestAddFromPrograms drops a torrent by each of the common programs, and
// wants it loaded once and no message printed.
func TestAddFromPrograms(t *testing.T) {
	programs := []struct{ name, script string }{
		{"cp", `cp "$SRC" add-stopped/`},
		{"cp -p", `cp -p "$SRC" add-stopped/`},
		{"cp -a", `cp -a "$SRC" add-stopped/`},
		{"mv", `mv "$SRC" add-stopped/`},
		{"install", `install -m 644 "$SRC" add-stopped/`},
		{"dd", `dd if="$SRC" of=add-stopped/x.torrent bs=100 2>/dev/null`},
		{"tee", `tee add-stopped/x.torrent < "$SRC" > /dev/null`},
		{"cat", `cat "$SRC" > add-stopped/x.torrent`},
		{"two writers", `{ head -c 100; cat; } < "$SRC" > add-stopped/x.torrent 2>/dev/null; true`},
		{"rsync", `rsync "$SRC" add-stopped/`},
		{"rsync -a", `rsync -a "$SRC" add-stopped/`},
		{"rsync --inplace", `rsync --inplace "$SRC" add-stopped/`},
		{"gio copy", `gio copy "$SRC" add-stopped/`},
		{"gio move", `gio move "$SRC" add-stopped/`},
		{"shutil.copy", `python3 -c 'import shutil,sys; shutil.copy(sys.argv[1], "add-stopped")' "$SRC"`},
		{"shutil.copy2", `python3 -c 'import shutil,sys; shutil.copy2(sys.argv[1], "add-stopped")' "$SRC"`},
		{"shutil.move", `python3 -c 'import shutil,sys; shutil.move(sys.argv[1], "add-stopped")' "$SRC"`},
		{"tar", `tar -C "$(dirname "$SRC")" -c "$(basename "$SRC")" | tar -x -C add-stopped`},
		{"busybox cp", `busybox cp "$SRC" add-stopped/`},
		{"browser", `: > add-stopped/b.torrent && cat "$SRC" > add-stopped/b.torrent.part && mv add-stopped/b.torrent.part add-stopped/b.torrent`},
		{"over a placeholder", `touch add-stopped/c.torrent && cp "$SRC" add-stopped/c.torrent`},
	}
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountDaemon(t, version)
			for i, program := range programs {
				p := newPayload(t, fmt.Sprintf("%d %s", i, program.name), 32768, map[string]int{"": 50_000})
				m.setenv("SRC", p.file(t))
				out, status := m.sh(t, program.script)
				log := m.read(t, "add-stopped", "log")
				if out != "" || status != 0 {
					t.Errorf("%s: exit status %d, %q\n%s", program.name, status, out, log)
				}
				if loads := strings.Count(log, "\tOK\t"+string(p.hash)); loads != 1 {
					t.Errorf("%s: loaded %d times\n%s", program.name, loads, log)
				}
				if got := m.read(t, "torrents", string(p.hash), "state"); got != "stopped\n" {
					t.Errorf("%s: state = %q, want stopped", program.name, got)
				}
			}
		})
	}
}

// TestAddRefusals drops what must not be loaded: the errno says why, the log
// has a line, and nothing is loaded.
func TestAddRefusals(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountDaemon(t, version)
			p := newPayload(t, "p", 32768, map[string]int{"": 50_000})
			m.add(t, "add-stopped", p)
			dir := t.TempDir()
			cases := []struct {
				name, message string
				content       []byte
			}{
				{"duplicate", "File exists", p.torrent},
				{"text", "Invalid argument", []byte("this is no torrent\n")},
				{"cut", "Invalid argument", p.torrent[:len(p.torrent)/2]},
				{"page", "Invalid argument", []byte("<!DOCTYPE html><html></html>")},
			}
			for _, tc := range cases {
				path := filepath.Join(dir, tc.name+".torrent")
				if err := os.WriteFile(path, tc.content, 0o644); err != nil {
					t.Fatal(err)
				}
				out, status := m.sh(t, "cp "+path+" add/")
				if status != 1 || !strings.Contains(out, tc.message) {
					t.Errorf("%s: exit status %d, %q; want 1, %q", tc.name, status, out, tc.message)
				}
				if log := m.read(t, "add", "log"); strings.Count(log, "\t"+tc.name+".torrent\t") != 1 {
					t.Errorf("%s: add/log has %s", tc.name, log)
				}
			}
			if got, _ := m.sh(t, "ls torrents"); got != string(p.hash)+"\n" {
				t.Errorf("torrents = %q, want the first alone", got)
			}
		})
	}
}

// TestKillersAreRefused drops every file that is known to kill an rTorrent or
// to wedge it, and wants rTorrent to live.
func TestKillersAreRefused(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountDaemon(t, version)
			pid := m.daemon.PID()
			for i, k := range rtorrenttest.Killers() {
				err := writeFile(m.path("add", fmt.Sprintf("%d.torrent", i)), k.Torrent)
				var now int64
				if callErr := m.client.Call(t.Context(), &now, "system.pid"); callErr != nil || int(now) != pid {
					t.Fatalf("%s (drop: %v): rTorrent has pid %d, %v; want %d", k.Name, err, now, callErr, pid)
				}
			}
		})
	}
}

// TestOddTorrentsLoad drops what is odd but legal.
func TestOddTorrentsLoad(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := mountDaemon(t, version)
			for i, odd := range rtorrenttest.Odd() {
				parsed, err := rtorrent.ParseMetainfo(odd.Torrent)
				if err != nil {
					t.Errorf("%s: %v", odd.Name, err)
					continue
				}
				if err := writeFile(m.path("add-stopped", fmt.Sprintf("%d.torrent", i)), odd.Torrent); err != nil {
					t.Errorf("%s: %v", odd.Name, err)
					continue
				}
				if got := m.read(t, "torrents", string(parsed.Hash), "name"); got != parsed.Name+"\n" {
					t.Errorf("%s: name = %q, want %q", odd.Name, got, parsed.Name)
				}
			}
		})
	}
}
