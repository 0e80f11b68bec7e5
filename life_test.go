package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

// TestSuspend stops rtfs and its rTorrent as a suspend of the machine does,
// with a read under way. Whatever goes on first, the read ends within its bound
// and the mount serves.
func TestSuspend(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		t.Parallel()
		rt, dir := rtorrenttest.Start(t, version), mountDir(t)
		r := startMount(t, "--timeout", "1s", "--max-stale", "1ms", "--ttl", "1ms", rt.Endpoint(), dir)
		served := func() bool {
			_, err := os.ReadDir(filepath.Join(dir, "torrents"))
			return err == nil
		}
		for _, step := range []struct {
			first string
			want  error // of the read that was under way
		}{{"rTorrent", nil}, {"rtfs", syscall.ETIMEDOUT}} {
			rtorrenttest.Eventually(t, runBound, "it is served", served)
			if err := rt.Pause(); err != nil {
				t.Fatal(err)
			}
			r.signal(t, syscall.SIGSTOP)
			// By a program, since a signal of Go's runtime can interrupt a read.
			ls := exec.Command("ls", filepath.Join(dir, "torrents"))
			said, err := ls.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := ls.Start(); err != nil {
				t.Fatal(err)
			}
			wake := []func() error{rt.Continue, func() error { return r.cmd.Process.Signal(syscall.SIGCONT) }}
			if step.first == "rtfs" {
				wake[0], wake[1] = wake[1], wake[0]
			}
			if err := wake[0](); err != nil {
				t.Fatal(err)
			}
			if step.first != "rtfs" {
				if err := wake[1](); err != nil {
					t.Fatal(err)
				}
			}
			text, err := io.ReadAll(said)
			if err != nil {
				t.Fatal(err)
			}
			err = ls.Wait()
			if step.want == nil && err != nil || step.want != nil && !strings.Contains(string(text), "timed out") {
				t.Errorf("%s goes on first: ls says %q (%v), want %v", step.first, text, err, step.want)
			}
			if step.first == "rtfs" {
				if err := wake[1](); err != nil {
					t.Fatal(err)
				}
			}
		}
		rtorrenttest.Eventually(t, runBound, "it is served", served)
		r.signal(t, syscall.SIGTERM)
		if got := r.wait(t); got != exitOK {
			t.Errorf("exit code = %d, want %d", got, exitOK)
		}
	})
}

// TestMountpointIsMovedAway renames the directory above a mountpoint. The mount
// goes with it, serves, and is unmounted where it is.
func TestMountpointIsMovedAway(t *testing.T) {
	t.Parallel()
	rt, top := rtorrenttest.Start(t, oldest()), mountDir(t)
	was, is := filepath.Join(top, "was"), filepath.Join(top, "is")
	if err := os.MkdirAll(filepath.Join(was, "here"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := startMount(t, rt.Endpoint(), filepath.Join(was, "here"))
	if err := os.Rename(was, is); err != nil {
		t.Fatal(err)
	}
	read(t, is, "here", "README")
	r.signal(t, syscall.SIGTERM)
	if got := r.wait(t); got != exitOK {
		t.Errorf("exit code = %d, want %d", got, exitOK)
	}
	wantMounted(t, filepath.Join(is, "here"), false)
}

// TestMountWithoutFUSE has no /dev/fuse, and one that may not be opened. Both
// are told, with what to do.
func TestMountWithoutFUSE(t *testing.T) {
	t.Parallel()
	const mayNot = "mknod -m 600 /dev/fuse c 10 229 && chmod 755 /dev && exec setpriv --reuid 4242 --clear-groups"
	cases := []struct{ name, setUp, hint string }{{"missing", "exec", "there is no /dev/fuse"}}
	unshare := []string{"unshare", "--mount"}
	if os.Geteuid() == 0 {
		cases = append(cases, struct{ name, setUp, hint string }{"forbidden", mayNot, "you may not open /dev/fuse"})
	} else {
		unshare = append(unshare, "--user", "--map-root-user")
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			top := rtorrenttest.ShortDir(t)
			dir, binary := filepath.Join(top, "mountpoint"), filepath.Join(top, "program")
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			for _, d := range []string{top, dir} {
				if err := os.Chmod(d, 0o777); err != nil {
					t.Fatal(err)
				}
			}
			cmd := command(t, "mount", "scgi:///nonexistent/rpc.sock", dir)
			if out, err := exec.Command("cp", cmd.Path, binary).CombinedOutput(); err != nil {
				t.Fatalf("cp: %v: %s", err, out)
			}
			script := fmt.Sprintf(`mount -t tmpfs none /dev && %s "$0" "$@"`, c.setUp)
			cmd.Args = append(append(unshare, "sh", "-c", script, binary), cmd.Args[1:]...)
			var err error
			if cmd.Path, err = exec.LookPath("unshare"); err != nil {
				t.Fatal(err)
			}
			cmd.Env = append(cmd.Env, "HOME="+top, "XDG_STATE_HOME="+top, "XDG_CONFIG_HOME="+top)
			finish(t, cmd).want(t, exitMount, "rtfs: mount "+dir+": ", "hint: "+c.hint)
		})
	}
}

// TestFewDescriptors lets rtfs have no more than 40 open files, and opens more
// than that. What is over is refused with EMFILE, and the mount lives.
func TestFewDescriptors(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		t.Parallel()
		rt, dir := rtorrenttest.Start(t, version), mountDir(t)
		cmd := command(t, "mount", rt.Endpoint(), dir)
		cmd.Args = append([]string{"sh", "-c", `ulimit -n 40; exec "$0" "$@"`}, cmd.Args...)
		cmd.Path = "/bin/sh"
		r := start(t, cmd, "Ctrl-C unmounts")
		var data []rtorrenttest.Content
		for i := range 60 {
			data = append(data, rtorrenttest.Content{Path: []string{fmt.Sprint(i)}, Data: rtorrenttest.Bytes(100)})
		}
		s := rtorrenttest.MakeSample(t, "p", rtorrenttest.NoTracker, data...)
		s.Write(t, rt.Downloads())
		torrent := filepath.Join(dir, "torrents", string(s.Hash))
		if err := os.WriteFile(filepath.Join(dir, "add", "p.torrent"), s.Encode(), 0o644); err != nil {
			t.Fatal(err)
		}
		rtorrenttest.Eventually(t, runBound, "it seeds", func() bool { return read(t, torrent, "state") == "seeding\n" })
		refused := 0
		var open []*os.File
		for i := range data {
			f, err := os.Open(filepath.Join(torrent, "files", fmt.Sprint(i)))
			if err == nil {
				_, err = f.Read(make([]byte, 10))
				open = append(open, f)
			}
			if errors.Is(err, syscall.EMFILE) {
				refused++
			} else if err != nil {
				t.Errorf("file %d: %v, want %v", i, err, syscall.EMFILE)
			}
		}
		if refused == 0 {
			t.Error("no file was one too many")
		}
		read(t, dir, "README")
		read(t, dir, "health")
		for _, f := range open {
			f.Close()
		}
		rtorrenttest.Eventually(t, runBound, "all is read again", func() bool {
			_, err := os.ReadFile(filepath.Join(torrent, "files", "59"))
			return err == nil
		})
		r.signal(t, syscall.SIGTERM)
		if got := r.wait(t); got != exitOK {
			t.Errorf("exit code = %d, want %d", got, exitOK)
		}
	})
}
