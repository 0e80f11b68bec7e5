package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"rtfs/rtorrent/rtorrenttest"
)

// writeConfig writes a config file, and returns what to set in the environment.
func writeConfig(t *testing.T, text string) (env string) {
	t.Helper()
	dir := rtorrenttest.ShortDir(t)
	if err := os.Mkdir(filepath.Join(dir, "rtfs"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "rtfs", "config"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return "XDG_CONFIG_HOME=" + dir
}

func TestConfigErrors(t *testing.T) {
	dir := rtorrenttest.ShortDir(t)
	for _, c := range []struct{ text, stderr string }{
		{"nonsense = 1", "config:1: nonsense is not an option"},
		{"# words\n\nttl", "config:3: ttl needs a value"},
		{"ttl = soon\nserver = scgi:///x", "config:1: ttl"},
		{"read-only = perhaps\nserver = scgi:///x", "config:1: read-only"},
		{"o = ro", "config:1: o cannot be set here"},
		{"password = geheim", "config:1: a password does not belong here: write password-file"},
		{"[home]\nserver = https://me:geheim@host", "password"},
		{"[home", "config:1: want [NAME]"},
		{"[a/b]", "config:1: want [NAME]"},
		{"[home]\nuid = 3", "config:2: uid cannot be set here"},
		{"[home]\n[home]", "config:2: a second section [home]"},
		{"[home]\nttl = 1s", "section [home] names no server"},
		{"server = scgi:///x\n[home]\nserver = scgi:///y", "each needs a name"},
		{"server = home=scgi:///x\nserver = home=scgi:///y", "two servers are named home"},
		{"server = ho/me=scgi:///x", "want a name of letters"},
		{"server = gopher://x", "unknown scheme"},
		{"map = /a\nserver = scgi:///x", "--map /a"},
		{"ttl = 0s\nserver = scgi:///x", "--ttl 0s: want more than 0"},
	} {
		cmd := command(t, "mount", dir)
		cmd.Env = append(cmd.Env, writeConfig(t, c.text))
		r := finish(t, cmd)
		r.want(t, exitUsage, c.stderr)
		if strings.Contains(r.stderr, "geheim") {
			t.Errorf("%q: a password is repeated: %s", c.text, r.stderr)
		}
	}
}

// TestConfigIsBelowTheCommandLine has options of the file, of its sections and
// of the command line, from the weakest to the strongest.
func TestConfigIsBelowTheCommandLine(t *testing.T) {
	key, value, _ := strings.Cut(writeConfig(t, `
		timeout = 5s
		map = /downloads=~/data
		read-only
		[home]
		server = scgi:///home.sock
		timeout = 7s
		max-stale = 9s
		no-rutorrent = yes
		[box]
		server = https://box/
		map = /a,b=/c
	`), "=")
	t.Setenv(key, value)
	t.Setenv("HOME", "/home/me")
	t.Setenv("RTFS_SERVER", "")
	var got []target
	p := newProgram(nil, &bytes.Buffer{}, &bytes.Buffer{})
	app := p.app()
	app.Command("mount").Action = func(c *cli.Context) (err error) {
		got, err = p.targets(c, c.StringSlice("server"))
		return err
	}
	parse := func(args ...string) {
		t.Helper()
		if err := app.Run(append([]string{"rtfs", "mount"}, args...)); err != nil {
			t.Fatal(err)
		}
	}
	parse("--max-stale", "1m1s", "/m")
	if len(got) != 2 || got[0].name != "home" || got[0].address != "scgi:///home.sock" || got[1].name != "box" {
		t.Fatalf("servers = %+v, want home and box", got)
	}
	home, box := got[0].options, got[1].options
	for what, ok := range map[string]bool{
		"a section is above the file":      home.Duration("timeout") == 7*time.Second && box.Duration("timeout") == 5*time.Second,
		"the command line is above both":   home.Duration("max-stale") == 61*time.Second && box.Duration("max-stale") == 61*time.Second,
		"a toggle is for its section":      home.Bool("no-rutorrent") && !box.Bool("no-rutorrent"),
		"a toggle of the file is for all":  home.Bool("read-only") && box.Bool("read-only"),
		"what nobody sets has its default": box.Duration("ttl") == time.Second,
		"~ is the home":                    strings.Join(home.StringSlice("map"), "") == "/downloads=/home/me/data",
		"a value may hold a comma":         strings.Join(box.StringSlice("map"), "") == "/a,b=/c",
	} {
		if !ok {
			t.Errorf("not so: %s", what)
		}
	}

	// Servers of the command line stand in for those of the file; a section
	// of theirs counts.
	parse("--server", "home=scgi:///other.sock", "/m")
	if len(got) != 1 || got[0].address != "scgi:///other.sock" || got[0].options.Duration("timeout") != 7*time.Second {
		t.Errorf("servers = %+v, want home at another place with its options", got)
	}
	parse("--server", "box", "/m")
	if len(got) != 1 || got[0].name != "box" || got[0].address != "https://box/" {
		t.Errorf("servers = %+v, want box of the file alone", got)
	}
}

// TestMountOfTheConfigFile mounts what the file names: one server that answers
// and one that is down.
func TestMountOfTheConfigFile(t *testing.T) {
	rt, dir := rtorrenttest.Start(t, oldest()), mountDir(t)
	cmd := command(t, "mount", dir)
	cmd.Env = append(cmd.Env, writeConfig(t, "[home]\nserver = "+rt.Endpoint()+"\n[box]\nserver = scgi:///nonexistent/rpc.sock\n"))
	r := start(t, cmd, "Ctrl-C unmounts")
	wantTwoServers(t, dir, rt.Endpoint())
	rtfs(t, "umount", dir).want(t, exitOK)
	if got := r.wait(t); got != exitOK {
		t.Errorf("exit code = %d, want %d", got, exitOK)
	}

	call := command(t, "call", "system.client_version")
	call.Env = append(call.Env, cmd.Env[len(cmd.Env)-1])
	finish(t, call).want(t, exitUsage, "several servers")
	call = command(t, "call", "--server", "home", "system.client_version")
	call.Env = append(call.Env, cmd.Env[len(cmd.Env)-1])
	if got := finish(t, call); got.code != exitOK || !strings.Contains(got.stdout, `"0.`) {
		t.Errorf("call of home = %+v, want its version", got)
	}
}

func TestMountOfSeveralServers(t *testing.T) {
	rt := rtorrenttest.Start(t, oldest())
	home, box := "home="+rt.Endpoint(), "box=scgi:///nonexistent/rpc.sock"
	for _, args := range []string{
		"mount -d --server HOME --server BOX DIR",
		"mount -d HOME DIR --server BOX",
		"HOME DIR -o rw,server=BOX",
	} {
		dir := mountDir(t)
		cmd := command(t, strings.Fields(strings.NewReplacer("HOME", home, "BOX", box, "DIR", dir).Replace(args))...)
		if !strings.HasPrefix(args, "mount") {
			cmd.Args[0] = "mount.fuse.rtfs"
		}
		finish(t, cmd).want(t, exitOK, "scgi:///nonexistent/rpc.sock does not answer")
		wantTwoServers(t, dir, rt.Endpoint())
		rtfs(t, "umount", dir).want(t, exitOK)
	}
	dir := rtorrenttest.ShortDir(t)
	rtfs(t, "mount", "--server", "scgi:///x", "scgi:///y", dir).want(t, exitUsage, "each needs a name")
	rtfs(t, "mount", "--spawn", "--server", home, dir).want(t, exitUsage, "give no --server")
}

// wantTwoServers looks at a mount of home, which answers, and box, which is
// down.
func wantTwoServers(t *testing.T, dir, endpoint string) {
	t.Helper()
	if _, err := os.ReadDir(filepath.Join(dir, "home", "torrents")); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"home": "name: home\nserver: " + endpoint + "\n", "box": "name: box\nserver: scgi:///nonexistent/rpc.sock\n"} {
		if health := read(t, dir, name, "health"); !strings.HasPrefix(health, want) {
			t.Errorf("health of %s = %q, want %q", name, health, want)
		}
	}
	rtorrenttest.Eventually(t, 30*time.Second, "health tells who is down", func() bool {
		return strings.Contains(read(t, dir, "home", "health"), "connected: 1\n") && strings.Contains(read(t, dir, "box", "health"), "connected: 0\n")
	})
}
