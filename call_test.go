package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

func TestCall(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		rt := rtorrenttest.Start(t, version)
		call := func(args ...string) result { return rtfs(t, append([]string{"call"}, args...)...) }
		for _, c := range []struct {
			args []string
			want string
		}{
			{[]string{"system.pid"}, fmt.Sprint(rt.PID())},
			{[]string{"session.path"}, `"` + rt.Session() + `/"`},
			{[]string{"throttle.global_up.max_rate.set", "", ":512000"}, "0"},
			{[]string{"throttle.global_up.max_rate"}, "512000"},
			{[]string{"d.multicall2", "", "main", "d.hash="}, "[]"},
			{[]string{"system.multicall", `:[{"methodName":"system.pid","params":[]}]`}, fmt.Sprintf("[\n  [\n    %d\n  ]\n]", rt.PID())},
			{[]string{"directory.default.set", "", "<&>"}, `"<&>"`}, // it repeats what it set
			{[]string{"directory.default"}, `"<&>"`},
			{[]string{"directory.default.set", "", ""}, `""`},
		} {
			r := call(append([]string{rt.Endpoint()}, c.args...)...)
			r.want(t, exitOK)
			if r.stdout != c.want+"\n" {
				t.Errorf("%q: result = %q, want %q", c.args, r.stdout, c.want)
			}
		}
		call(rt.Endpoint(), "no.such.method").want(t, exitFailure, "no.such.method", "not defined")
		call(rt.Endpoint(), "d.name", strings.Repeat("0", 40)).want(t, exitFailure, "d.name")

		r := call("--raw", rt.Endpoint(), "system.pid")
		r.want(t, exitOK)
		if !strings.HasPrefix(r.stdout, "<?xml") || !strings.Contains(r.stdout, "<methodResponse>") {
			t.Errorf("--raw: %q, want XML", r.stdout)
		}
		r = call("--raw", rt.Endpoint(), "no.such.method")
		r.want(t, exitFailure, "no.such.method")
		if !strings.Contains(r.stdout, "<fault>") {
			t.Errorf("--raw: %q, want the fault", r.stdout)
		}
	})
}

func TestCallByJSON(t *testing.T) {
	rt := rtorrenttest.Start(t, "0.16")
	r := rtfs(t, "call", "--json", rt.Endpoint(), "system.pid")
	r.want(t, exitOK)
	if want := fmt.Sprintln(rt.PID()); r.stdout != want {
		t.Errorf("result = %q, want %q", r.stdout, want)
	}
	r = rtfs(t, "call", "--json", "--raw", rt.Endpoint(), "system.pid")
	r.want(t, exitOK)
	var reply struct{ JSONRPC string }
	if err := json.Unmarshal([]byte(r.stdout), &reply); err != nil || reply.JSONRPC != "2.0" {
		t.Errorf("--raw: %q, want a reply of JSON-RPC", r.stdout)
	}
	rtfs(t, "call", "--json", rt.Endpoint(), "no.such.method").want(t, exitFailure, "no.such.method", "method not found")

	old := rtorrenttest.Start(t, "0.9.8")
	rtfs(t, "call", "--json", old.Endpoint(), "system.pid").want(t, exitFailure, "speaks XML-RPC only", "hint: leave out --json")
}

func TestCallWithoutAnAnswer(t *testing.T) {
	rtfs(t, "call", "scgi:///nonexistent/rpc.sock", "system.pid").want(t, exitServer, "system.pid: rTorrent is not reachable", "hint: is rTorrent running")
	rt := rtorrenttest.Start(t, oldest())
	if err := rt.Pause(); err != nil {
		t.Fatal(err)
	}
	rtfs(t, "call", "--timeout", "200ms", rt.Endpoint(), "system.pid").want(t, exitServer, "deadline exceeded")
	if err := rt.Continue(); err != nil {
		t.Fatal(err)
	}
}

func TestCallArgs(t *testing.T) {
	for _, c := range []struct {
		word string
		want any // nil: refused
	}{
		{"plain", "plain"}, {"", ""}, {"-1", "-1"}, {"5", "5"},
		{":5", int64(5)}, {":-5000000000", int64(-5000000000)}, {`:"a:b"`, "a:b"}, {":true", true},
		{`:[1,"x",[]]`, []any{int64(1), "x", []any{}}}, {`:{"a":[2]}`, map[string]any{"a": []any{int64(2)}}},
		{":", nil}, {":x", nil}, {":5 6", nil}, {":1.5", nil}, {":null", nil}, {":[null]", nil}, {":1e3", nil}, {":{", nil},
	} {
		args, err := callArgs([]string{c.word})
		switch {
		case c.want == nil:
			if err == nil {
				t.Errorf("%q: %v, want an error", c.word, args)
			}
		case err != nil:
			t.Errorf("%q: %v", c.word, err)
		case !reflect.DeepEqual(args[0], c.want):
			t.Errorf("%q: %#v, want %#v", c.word, args[0], c.want)
		}
	}
}

func TestHash(t *testing.T) {
	torrent, err := rtorrent.MakeMetainfo("thing", []rtorrent.MakeFile{{Length: 5, Data: strings.NewReader("hello")}}, 16<<10, "http://127.0.0.1:9/announce")
	if err != nil {
		t.Fatal(err)
	}
	m, err := rtorrent.ParseMetainfo(torrent)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, arg := range []string{write("a.torrent", torrent), "magnet:?xt=urn:btih:" + strings.ToLower(string(m.Hash)) + "&dn=thing"} {
		r := rtfs(t, "hash", arg)
		r.want(t, exitOK)
		if r.stdout != string(m.Hash)+"\n" {
			t.Errorf("hash %s = %q, want %s", arg, r.stdout, m.Hash)
		}
	}
	rtfs(t, "hash", write("cut.torrent", torrent[:len(torrent)-1])).want(t, exitFailure, "cut.torrent", "hint: was it downloaded")
	rtfs(t, "hash", write("page.torrent", []byte("<html>"))).want(t, exitFailure, "page.torrent: not a valid torrent")
	rtfs(t, "hash", filepath.Join(dir, "missing")).want(t, exitFailure, "missing")
	rtfs(t, "hash", "magnet:?dn=x").want(t, exitFailure, "magnet")
	rtfs(t, "hash").want(t, exitUsage)
}
