package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

func TestExitCodesOfUsage(t *testing.T) {
	dir := rtorrenttest.ShortDir(t)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const server = "scgi:///nonexistent/rpc.sock"
	for _, c := range []struct {
		args   string
		code   int
		stderr string
	}{
		{"", exitUsage, "rtfs shows a running rTorrent as files"},
		{"nonsense", exitUsage, `"nonsense" is not a command`},
		{"help nonsense", exitUsage, "\"nonsense\" is not a command\nrtfs: hint: rtfs help tells"},
		{"help mount umount", exitUsage, "at most one COMMAND"},
		{"h", exitUsage, "\"h\" is not a command"},
		{"version x", exitUsage, "want no arguments"},
		{"--version x", exitUsage, "want no arguments"},
		{"completion bash x", exitUsage, "got 2 arguments"},
		{"mount --nonsense DIR", exitUsage, "-nonsense\nrtfs: hint: rtfs help mount tells"},
		{"mount SERVER", exitUsage, "no MOUNTPOINT is given\nrtfs: hint: rtfs help mount tells"},
		{"--nonsense", exitUsage, "nonsense"},
		{"mount", exitUsage, "want [SERVER] MOUNTPOINT, got 0 arguments"},
		{"mount a b c", exitUsage, "got 3 arguments"},
		{"mount --spawn SERVER DIR", exitUsage, "want MOUNTPOINT alone"},
		{"mount --download-dir /x SERVER DIR", exitUsage, "--download-dir is for --spawn"},
		{"mount nonsense DIR", exitUsage, "server \"nonsense\": not an address"},
		{"mount /run/rt.sock DIR", exitUsage, "server \"/run/rt.sock\": not an address"},
		{"mount /run/rt.sock DIR", exitUsage, "hint: perhaps scgi:///run/rt.sock"},
		{"mount localhost:5000 DIR", exitUsage, "hint: perhaps scgi://localhost:5000"},
		{"call /run/rt.sock system.pid", exitUsage, "hint: perhaps scgi:///run/rt.sock"},
		{"call localhost:5000 system.pid", exitUsage, "hint: perhaps scgi://localhost:5000"},
		{"mount box:x@host DIR", exitUsage, "server: not an address"},
		{"mount https://me:geheim@host DIR/missing", exitUsage, "--password-file"},
		{"mount ftp://host DIR", exitUsage, "unknown scheme"},
		{"mount --ttl soon SERVER DIR", exitUsage, "-ttl: want a number with a unit"},
		{"mount --ttl 3 SERVER DIR", exitUsage, "a unit is missing, as in 3s"},
		{"mount -o max_stale=3 SERVER DIR", exitUsage, "a unit is missing, as in 3s"},
		{"mount --ttl 0s SERVER DIR", exitUsage, "--ttl 0s: want more than 0"},
		{"mount --umask 9 SERVER DIR", exitUsage, "--umask 9"},
		{"mount --map /a SERVER DIR", exitUsage, "--map /a: want REMOTE=LOCAL"},
		{"mount --log-level loud SERVER DIR", exitUsage, "--log-level loud"},
		{"mount --password-file /x SERVER DIR", exitUsage, "only http and https"},
		{"mount --tls-ca /nonexistent https://host DIR", exitUsage, "/nonexistent"},
		{"mount -o nonsense SERVER DIR", exitUsage, "-o nonsense: unknown option"},
		{"mount -o daemon SERVER DIR", exitUsage, "-o daemon: unknown option"},
		{"mount -o ttl SERVER DIR", exitUsage, "-o ttl: needs a value"},
		{"mount -o ttl=x SERVER DIR", exitUsage, "-o ttl=x"},
		{"mount -o read_only=1 SERVER DIR", exitUsage, "takes no value"},
		{"mount SERVER DIR/missing", exitMountpoint, "no such file or directory"},
		{"mount SERVER DIR/missing/deeper", exitMountpoint, "no such file or directory"},
		{"mount SERVER DIR/file", exitMountpoint, "not a directory"},
		{"umount", exitUsage, "want one MOUNTPOINT"},
		{"umount help", exitMountpoint, "help: no rtfs is mounted there"},
		{"umount DIR", exitMountpoint, "no rtfs is mounted there"},
		{"umount DIR/missing", exitMountpoint, "no rtfs is mounted there"},
		{"call", exitUsage, "no METHOD is given\nrtfs: hint: rtfs help call tells"},
		{"call SERVER", exitUsage, "no METHOD"},
		{"call --xml --json SERVER x", exitUsage, "exclude each other"},
		{"call SERVER x :", exitUsage, "argument 1"},
		{"hash a b", exitUsage, "want one FILE or MAGNET"},
		{"demo a b", exitUsage, "at most one MOUNTPOINT"},
		{"demo DIR/missing", exitMountpoint, "missing"},
		{"completion tcsh", exitUsage, "want bash, zsh or fish"},
		{"SERVER", exitUsage, "want SERVER MOUNTPOINT"},
		{"SERVER DIR -x", exitUsage, "-x"},
	} {
		args := strings.Fields(strings.NewReplacer("SERVER", server, "DIR", dir).Replace(c.args))
		r := rtfs(t, args...)
		if r.code != c.code || !strings.Contains(r.stderr, c.stderr) {
			t.Errorf("rtfs %s: exit code = %d, want %d; stderr = %q, want %q in it", c.args, r.code, c.code, r.stderr, c.stderr)
		}
		if r.stdout != "" {
			t.Errorf("rtfs %s: stdout = %q, want none", c.args, r.stdout)
		}
	}
}

func TestHelpFitsAScreen(t *testing.T) {
	r := rtfs(t, "help")
	r.want(t, exitOK)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if len(lines) > 24 {
		t.Errorf("help has %d lines, want at most 24", len(lines))
	}
	for _, line := range lines {
		if n := len([]rune(line)); n > 96 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if again := rtfs(t, "--help"); again.stdout != r.stdout {
		t.Errorf("--help = %q, want what help prints", again.stdout)
	}
	for _, command := range []string{"mount", "umount", "demo", "call", "hash", "doctor", "completion", "version", "help"} {
		if !strings.Contains(r.stdout, "rtfs "+command) {
			t.Errorf("help does not name %s", command)
		}
		detail := rtfs(t, "help", command)
		detail.want(t, exitOK)
		if !strings.Contains(detail.stdout, "rtfs "+command) {
			t.Errorf("help %s = %q", command, detail.stdout)
		}
	}
}

func TestVersion(t *testing.T) {
	r := rtfs(t, "version")
	r.want(t, exitOK)
	if f := strings.Fields(r.stdout); len(f) != 4 || f[0] != "rtfs" {
		t.Errorf("version = %q, want rtfs, its version, that of Go and the platform", r.stdout)
	}
	if again := rtfs(t, "--version"); again != r {
		t.Errorf("--version = %v, want %v", again, r)
	}
}

func TestOptionsFirst(t *testing.T) {
	app := (newProgram(nil, &bytes.Buffer{}, &bytes.Buffer{})).app()
	for _, c := range []struct{ args, want string }{
		{"rtfs", "rtfs"},
		{"rtfs nonsense -d", "rtfs nonsense -d"},
		{"rtfs mount s d -d", "rtfs mount -d -- s d"},
		{"rtfs mount s --ttl 2s d --read-only", "rtfs mount --ttl 2s --read-only -- s d"},
		{"rtfs mount s --ttl=2s d", "rtfs mount --ttl=2s -- s d"},
		{"rtfs mount s -- -d", "rtfs mount -- s -d"},
		{"rtfs umount - -h", "rtfs umount -h -- -"},
		{"rtfs mount s d --ttl", "rtfs mount --ttl -- s d"},
		{"rtfs call m -1 --json", "rtfs call m -1 --json"},
	} {
		if got := optionsFirst(app, strings.Fields(c.args)); strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", c.args, got, c.want)
		}
	}
}

func TestFromMount8(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"rtfs", "rtfs"},
		{"rtfs mount a b -o rw", "rtfs mount a b -o rw"},
		{"rtfs scgi://h:1 /m -o rw,dev,suid", "rtfs mount --daemon -o rw,dev,suid -- scgi://h:1 /m"},
		{"/sbin/mount.rtfs scgi://h:1 /m -s -n -v -o rw", "/sbin/mount.rtfs mount --daemon -o rw -- scgi://h:1 /m"},
		{"mount.fuse.rtfs http://h /m", "mount.fuse.rtfs mount --daemon -- http://h /m"},
		{"mount.rtfs a", ""}, {"rtfs scgi://h:1 /m -f", ""}, {"rtfs scgi://h:1 /m extra", ""},
	} {
		got, err := fromMount8(strings.Fields(c.args))
		if strings.Join(got, " ") != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s: %q, %v; want %q", c.args, got, err, c.want)
		}
	}
}

func TestSplitOptions(t *testing.T) {
	for s, want := range map[string][]string{
		"":             {""},
		"a":            {"a"},
		"a,b=c,,d":     {"a", "b=c", "", "d"},
		`map=/a\,b=/c`: {"map=/a,b=/c"},
		`a\\,b\`:       {`a\`, `b\`},
	} {
		if got := splitOptions(s); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestMountTypeIn(t *testing.T) {
	const text = `22 1 8:1 / / rw - ext4 /dev/sda1 rw
40 22 0:40 / /mnt/a\040b rw,nosuid shared:1 master:2 - fuse.rtfs scgi:///x rw
41 22 0:41 / /mnt rw - fuse.rtfs scgi:///x rw
42 22 0:42 / /mnt rw - tmpfs tmpfs rw
`
	for path, want := range map[string]string{"/": "ext4", "/mnt/a b": fsType, "/mnt": "tmpfs", "/mnt/c": "", `/mnt/a\040b`: ""} {
		if got := mountTypeIn(text, path); got != want {
			t.Errorf("mountTypeIn(%s) = %q, want %q", path, got, want)
		}
	}
	for path, want := range map[string][2]string{
		"/mnt/a b": {"/mnt", "tmpfs"}, "/mnt/a b/c/d": {"/mnt/a b", fsType}, "/home": {"/", "ext4"}, "/": {},
	} {
		if dir, kind := mountAbove(text, path); dir != want[0] || kind != want[1] {
			t.Errorf("mountAbove(%s) = %q, %q, want %q", path, dir, kind, want)
		}
	}
}
