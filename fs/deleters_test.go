package fs

import (
	"bytes"
	"context"
	"crypto/sha1"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent/rtorrenttest"
)

// deleters are programs that try to delete everything below $MNT. What they
// print and how they end is theirs; that nothing is lost is ours.
var deleters = []struct{ name, script string }{
	{"rm", `rm -rf "$MNT"/*`},
	{"busybox rm", `busybox rm -rf "$MNT"/*`},
	{"find -delete", `find "$MNT" -delete`},
	{"find rmdir", `find "$MNT" -depth -type d -exec rmdir {} +`},
	{"rsync", `mkdir -p "$EMPTY" && rsync -a --delete "$EMPTY"/ "$MNT"/`},
	{"rsync force", `mkdir -p "$EMPTY" && rsync -a --delete --force --ignore-errors "$EMPTY"/ "$MNT"/`},
	{"python rmtree", `python3 -c 'import os, shutil; shutil.rmtree(os.environ["MNT"], ignore_errors=True)'`},
	{"perl remove_tree", `perl -MFile::Path=remove_tree -e 'remove_tree($ENV{MNT}, {keep_root => 1})'`},
	{"gio remove", `find "$MNT" -mindepth 1 -depth -print0 | xargs -0 gio remove`},
	{"gio trash", `find "$MNT" -mindepth 1 -depth -print0 | xargs -0 gio trash`},
}

// TestDeletersDeleteNothing lets them at a mount with torrents that have tags,
// custom keys, data, and drops.
func TestDeletersDeleteNothing(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			t.Setenv("MNT", m.dir)
			t.Setenv("EMPTY", filepath.Join(t.TempDir(), "empty"))
			t.Setenv("HOME", t.TempDir())
			t.Setenv("XDG_DATA_HOME", "")
			m.fillForDeleters(t)
			before := m.everything(t)
			for _, d := range deleters {
				m.put(t, "d8:announce", "add", "unfinished.torrent.part")
				m.put(t, "", "add", "placeholder")
				if out, status := m.bounded(t, 30*time.Second, d.script); status == 127 {
					t.Fatalf("%s is not installed: run make deps: %s", d.name, out)
				}
				if after := m.everything(t); after != before {
					t.Fatalf("%s has changed something:\n got %s\nwant %s", d.name, after, before)
				}
				if out, status := m.bounded(t, 10*time.Second, `ls "$MNT"/torrents && cat "$MNT"/by-name/*/state`); status != 0 {
					t.Fatalf("the mount does not work after %s: exit status %d, %s", d.name, status, out)
				}
			}
		})
	}
}

// fillForDeleters adds torrents with all that a user can give them; the drops
// they came as are still visible.
func (m *mounted) fillForDeleters(t *testing.T) {
	t.Helper()
	file := newPayload(t, "file", 32768, map[string]int{"": 100_000})
	folder := newPayload(t, "folder", 32768, map[string]int{"a": 50_000, "sub/b": 50_000, "sub/sub/c": 0})
	stopped := newPayload(t, "stopped", 32768, map[string]int{"": 40_000})
	for _, p := range []*payload{file, folder, stopped} {
		p.write(t, m.daemon.Downloads())
	}
	m.add(t, "add", file)
	m.add(t, "add", folder)
	m.add(t, "add-stopped", stopped)
	for _, p := range []*payload{file, folder} {
		m.awaitState(t, p.hash, stateSeeding)
	}
	if out, status := m.sh(t, "mkdir rtorrent/throttles/slow rtorrent/choke_groups/few by-tag/made && echo 500K > rtorrent/throttles/slow/up_limit && ls 'where/size>0'"); status != 0 {
		t.Fatal(out)
	}
	m.put(t, "off\n", "torrents", string(folder.hash), "file_priority", "a")
	for _, p := range []*payload{file, folder, stopped} {
		m.put(t, "tv\nhd\n", "torrents", string(p.hash), "tags")
		m.put(t, "a comment\n", "torrents", string(p.hash), "comment")
		m.put(t, "slow\n", "torrents", string(p.hash), "throttle")
		m.put(t, "few\n", "torrents", string(p.hash), "choke_group")
		for _, key := range []string{"ratio-group", "empty"} {
			if err := m.client.CallWrite(t.Context(), nil, "d.custom.set", p.hash, key, strings.TrimPrefix(key, "empty")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// put writes a file's text in one write.
func (m *mounted) put(t *testing.T, text string, elem ...string) {
	t.Helper()
	if err := writeFile(m.path(elem...), []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// everything returns, asked of rTorrent and of the disk without the mount, all
// that a deleter could change.
func (m *mounted) everything(t *testing.T) string {
	t.Helper()
	getters := strings.Fields("d.hash= d.name= d.state= d.is_open= d.is_active= d.complete= d.hashing= d.is_hash_checked= " +
		"d.state_changed= d.state_counter= d.completed_bytes= d.size_bytes= d.priority= d.directory= d.directory_base= d.base_path= " +
		"d.tied_to_file= d.throttle_name= d.ignore_commands= d.timestamp.started= d.views= d.peers_max= d.uploads_max= " +
		"d.custom1= d.custom2= d.custom3= d.custom4= d.custom5= " +
		"f.multicall=,f.path=,f.size_bytes=,f.priority=,f.completed_chunks= t.multicall=,t.url=,t.is_enabled=")
	args := []any{"", "main"}
	for _, g := range getters {
		args = append(args, g)
	}
	var rows [][]any
	if err := m.client.Call(t.Context(), &rows, "d.multicall2", args...); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(&b, "%s %v\n", getters[i], cell)
		}
		var custom []string
		if err := m.client.Call(t.Context(), &custom, "d.custom.keys", row[0]); err != nil {
			t.Fatal(err)
		}
		slices.Sort(custom)
		for _, key := range custom {
			var value string
			if err := m.client.Call(t.Context(), &value, "d.custom", row[0], key); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "custom %s %q\n", key, value)
		}
	}
	var groups []string
	if err := m.client.Call(t.Context(), &groups, "choke_group.list"); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "choke groups %q\nsettings %q\n", groups, optionValues(t, m.client))
	for _, dir := range []string{m.daemon.Downloads(), m.daemon.Session()} {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || strings.Contains(path, ".torrent.") || !e.Type().IsRegular() {
				return err // rTorrent saves the .torrent.* by itself
			}
			content, err := os.ReadFile(path)
			fmt.Fprintf(&b, "%s %x\n", path, sha1.Sum(content))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// bounded runs a shell script outside the mount point and fails the test if it
// takes longer than within: then the connection to the kernel is cut, so that
// nothing hangs.
func (m *mounted) bounded(t *testing.T, within time.Duration, script string) (output string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		return syscall.Unmount(m.dir, syscall.MNT_FORCE|syscall.MNT_DETACH)
	}
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil || cmd.ProcessState == nil {
		t.Fatalf("%s: not within %s: %v\n%.2000s", script, within, err, out.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}
