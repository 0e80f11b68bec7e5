package rtorrent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServerInRC(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"network.scgi.open_local = /run/r.sock\n", "scgi:///run/r.sock"},
		{"scgi_local=/run/r.sock", "scgi:///run/r.sock"},
		{"\tscgi_local = \"/run/a b, c\\\"d\"  \n", "scgi:///run/a b, c\"d"},
		{"scgi_local = /run/a\\ b ;print=x\n", "scgi:///run/a b"},
		{"scgi_local = \\\n/run/r.sock\n", "scgi:///run/r.sock"},
		{"scgi_local = ~/r.sock\n", "scgi:///home/joe/r.sock"},
		{"scgi_local = \"~/r.sock\"\n", "scgi:///home/joe/r.sock"},
		{"network.scgi.open_port = 127.0.0.1:5000\r\n", "scgi://127.0.0.1:5000"},
		{"scgi_port = localhost:5000\n", "scgi://localhost:5000"},
		{"scgi_port = \"[::1]:5000\"\n", "scgi://[::1]:5000"},
		{"scgi_port = :5000\n", "scgi://127.0.0.1:5000"},
		{"scgi_port = 0.0.0.0:5000\n", "scgi://127.0.0.1:5000"},
		{"scgi_port = [::]:5000\n", "scgi://[::1]:5000"},
		{"# scgi_port = a:1\ndirectory = /x\n#scgi_local=/a\nscgi_port = b:2\n", "scgi://b:2"},
		{"scgi_local = (cat,(session.path),rpc.socket)\nscgi_port = b:2\n", "scgi://b:2"},
	} {
		got, why := serverInRC(test.text, "/home/joe")
		if got != test.want {
			t.Errorf("%q = %q (%s), want %q", test.text, got, why, test.want)
		}
		if _, err := ParseEndpoint(got); err != nil {
			t.Errorf("%q: %v", got, err)
		}
	}
}

func TestServerInRCSaysWhyNot(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", "no SCGI line"},
		{"scgi_port.set = 127.0.0.1:5000\nprint = scgi_port=b:2\n", "no SCGI line"},
		{"# comment \\\nscgi_port = b:2\n", "no SCGI line"},
		{"network.scgi.open_local = (cat,(session.path),rpc.socket)", "network.scgi.open_local = (cat,(session.path),rpc.socket): an expression"},
		{"scgi_local = \"$cat=/a\"", "an expression"},
		{"scgi_local = {/a}", "an expression"},
		{"scgi_local = rpc.socket", "relative"},
		{"scgi_local =", "nothing there"},
		{"scgi_local", "nothing there"},
		{"scgi_local = \"/a", "no closing quote"},
		{"scgi_port = 5000", "not HOST:PORT"},
	} {
		if got, why := serverInRC(test.text, "/home/joe"); got != "" || !strings.Contains(why, test.want) {
			t.Errorf("%q = %q (%s), want %q", test.text, got, why, test.want)
		}
	}
}

// env is an environment for FindServer.
func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func writeRC(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFindServer(t *testing.T) {
	home, config := t.TempDir(), t.TempDir()
	check := func(want string, pairs ...string) {
		t.Helper()
		if got, err := FindServer(env(pairs...)); err != nil || got != want {
			t.Errorf("FindServer = %q, %v, want %q", got, err, want)
		}
	}
	writeRC(t, "scgi_port = home:1\n", home, ".rtorrent.rc")
	check("scgi://env:1", "HOME", home, "RTFS_SERVER", "scgi://env:1")
	check("scgi://home:1", "HOME", home)
	writeRC(t, "scgi_port = dotconfig:1\n", home, ".config", "rtorrent", "rtorrent.rc")
	check("scgi://dotconfig:1", "HOME", home)
	check("scgi://dotconfig:1", "HOME", home, "XDG_CONFIG_HOME", "relative")
	check("scgi://home:1", "HOME", home, "XDG_CONFIG_HOME", config)
	writeRC(t, "scgi_port = config:1\n", config, "rtorrent", "rtorrent.rc")
	check("scgi://config:1", "HOME", home, "XDG_CONFIG_HOME", config)
	check("scgi://config:1", "XDG_CONFIG_HOME", config)
}

func TestFindServerSaysWhatWasTried(t *testing.T) {
	home := t.TempDir()
	writeRC(t, "scgi_local = (cfg.socket)\n", home, ".rtorrent.rc")
	_, err := FindServer(env("HOME", home))
	if err == nil {
		t.Fatal("found a server, want an error")
	}
	for _, want := range []string{
		"$RTFS_SERVER is not set",
		home + "/.config/rtorrent/rtorrent.rc: no such file",
		home + "/.rtorrent.rc: scgi_local = (cfg.socket): an expression",
		"scgi:///PATH/TO/SOCKET",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error = %q, want it to hold %q", err, want)
		}
	}
}
