package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

func TestPasswordInArgumentsIsRefused(t *testing.T) {
	dir := mountDir(t)
	for _, args := range [][]string{
		{"mount", "https://me:geheim@host/RPC2", dir},
		{"mount", "-d", "https://me:geheim@host", dir},
		{"call", "http://me:geheim@host", "system.pid"},
		{"mount", "-o", "password=geheim", "scgi://127.0.0.1:5000", dir},
		{"https://me:geheim@host/RPC2", dir, "-o", "rw"},
	} {
		r := rtfs(t, args...)
		r.want(t, exitUsage)
		if strings.Contains(r.stdout+r.stderr, "geheim") {
			t.Errorf("rtfs %q repeats the password: %s", args, r.stderr)
		}
	}
	rtfs(t, "mount", "https://me:geheim@host/RPC2", dir).want(t, exitUsage, "--password-file", "$RTFS_PASSWORD", "netrc")
}

// newFront returns a web server that answers system.pid and tells who logged in.
func newFront(t *testing.T) (front *httptest.Server, login func() string) {
	t.Helper()
	logins := make(chan string, 1)
	front = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		select {
		case logins <- user + ":" + password:
		default: // nobody has asked for the one before
		}
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, `<?xml version="1.0"?><methodResponse><params><param><value><i8>7</i8></value></param></params></methodResponse>`)
	}))
	t.Cleanup(front.Close)
	return front, func() string { return <-logins }
}

func TestPasswordComesFromElsewhere(t *testing.T) {
	front, login := newFront(t)
	secrets := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		name = filepath.Join(secrets, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	file := write("password", "from file\nsecond line\n")
	netrc := write("netrc", "machine 127.0.0.1 login anna password of-anna\n")
	named := strings.Replace(front.URL, "://", "://otto@", 1)
	for _, c := range []struct {
		url  string
		args []string
		env  []string
		want string
	}{
		{named, []string{"--password-file", file}, []string{"RTFS_PASSWORD=x", "NETRC=" + netrc}, "otto:from file"},
		{named, nil, []string{"RTFS_PASSWORD=of env", "NETRC=" + netrc}, "otto:of env"},
		{front.URL, nil, []string{"NETRC=" + netrc}, "anna:of-anna"},
		{named, nil, []string{"NETRC=" + netrc}, ":"},
	} {
		cmd := command(t, append(append([]string{"call"}, c.args...), c.url, "system.pid")...)
		cmd.Env = append(cmd.Env, c.env...)
		r := finish(t, cmd)
		r.want(t, exitOK)
		if r.stdout != "7\n" {
			t.Errorf("result = %q, want 7", r.stdout)
		}
		if got := login(); got != c.want {
			t.Errorf("%s %q %q: login = %q, want %q", c.url, c.args, c.env, got, c.want)
		}
	}
}

func TestPasswordFileOfOthersIsWarnedOf(t *testing.T) {
	front, _ := newFront(t)
	file := filepath.Join(t.TempDir(), "password")
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o640: true, 0o604: true} {
		if err := os.WriteFile(file, []byte("geheim\n"), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		r := rtfs(t, "call", "--password-file", file, front.URL, "system.pid")
		r.want(t, exitOK)
		if got := strings.Contains(r.stderr, "others can read it"); got != warned {
			t.Errorf("%v: warned = %t, want %t: %s", mode, got, warned, r.stderr)
		}
	}
}

func TestServerIsFound(t *testing.T) {
	rt := rtorrenttest.Start(t, oldest())
	cmd := command(t, "call", "system.pid")
	cmd.Env = append(cmd.Env, "RTFS_SERVER="+rt.Endpoint())
	finish(t, cmd).want(t, exitOK)

	cmd = command(t, "call", "system.pid")
	home := t.TempDir()
	rc := "network.scgi.open_local = " + strings.TrimPrefix(rt.Endpoint(), "scgi://") + "\n"
	if err := os.WriteFile(filepath.Join(home, ".rtorrent.rc"), []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "HOME="+home)
	finish(t, cmd).want(t, exitOK)

	rtfs(t, "call", "system.pid").want(t, exitServer, "$RTFS_SERVER is not set", ".rtorrent.rc")
}

func TestScgiOverTheNetworkIsWarnedOf(t *testing.T) {
	// 192.0.2.0/24 is for documentation: nobody is there.
	rtfs(t, "call", "--timeout", "200ms", "scgi://192.0.2.1:5000", "system.pid").want(t, exitServer, "SCGI is not encrypted")
}

func TestListener(t *testing.T) {
	rt := rtorrenttest.Start(t, oldest())
	peer, err := listener(strings.TrimPrefix(rt.Endpoint(), "scgi://"))
	if err != nil || peer.Uid != uint32(os.Getuid()) {
		t.Errorf("listener = %v, %v; want %d", peer, err, os.Getuid())
	}
	if _, err := listener("/nonexistent/socket"); err == nil {
		t.Error("a socket that does not exist has a listener")
	}
}
