package rtorrent

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whatever a small reply holds, it is read, or a fault, or an error of a known
// kind.
func FuzzDecodeSmall(f *testing.F) {
	addReplies(f, ".xml", xmlrpcC.single("text"), tinyXML2.single(int64(1)),
		xmlrpcC.refusal(&Fault{Code: -1, Message: "x"}), xmlrpcC.single([]any{"a", []any{int64(1)}}),
		xmlReply("<value><struct><member><name>a</name><value><i8>1</i8></value></member></struct></value>"))
	f.Fuzz(func(t *testing.T, reply []byte) {
		before := bytes.Clone(reply)
		for _, to := range []any{nil, new(string), new(int64), new([]string), new(map[string]any), new(any)} {
			err := decodeSmall(reply, to)
			var fault *Fault
			if err != nil && !errors.As(err, &fault) && !errors.Is(err, ErrProtocol) {
				t.Errorf("into %T: error without a kind: %v", to, err)
			}
		}
		if !bytes.Equal(reply, before) {
			t.Error("the reply was changed")
		}
	})
}

// An endpoint that is taken is taken in the form in which it is shown, too, and
// neither that nor an error repeats a password.
func FuzzParseEndpoint(f *testing.F) {
	for _, s := range []string{
		"scgi://127.0.0.1:5000", "scgi:///run/rpc.sock", "unix:///x", "http://h/", "https://me@h:1/RPC2?x", "scgi://[::1]:5", "ssh+scgi://me@h/run/rpc.sock", "http://me:hunter2@h", "scgi://%zz", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseEndpoint(s)
		if u, parsed := url.Parse(s); parsed == nil && u.User != nil {
			if p, _ := u.User.Password(); len(p) > 5 && strings.Count(s, p) == 1 && strings.Contains(fmt.Sprint(e, err), p) {
				t.Errorf("%q is shown with its password: %v, %v", s, e, err)
			}
		}
		if err != nil {
			return
		}
		if again, err := ParseEndpoint(e.String()); err != nil || again.String() != e.String() {
			t.Errorf("%q is shown as %q, which is read as %q, %v", s, e, again, err)
		}
	})
}

// A server that is found in an rtorrent.rc is one for ParseEndpoint, but for its
// port, of which only rTorrent knows what it takes.
func FuzzServerInRC(f *testing.F) {
	for _, s := range []string{
		"network.scgi.open_local = /run/x.sock", "scgi_port = :5000", "scgi_local = \"~/a\\\"b\"\n", "network.scgi.open_port = \\\n0.0.0.0:1", "scgi_local = (cat,x)", "=",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		server, why := serverInRC(text, "/home/me")
		if (server == "") == (why == "") {
			t.Errorf("server %q, and why not: %q", server, why)
		}
		if server != "" && !strings.HasPrefix(server, schemeSCGI+"://") {
			t.Errorf("server = %q", server)
		}
	})
}

// A netrc file gives passwords that are words of it, and only with a machine or
// a default.
func FuzzNetrc(f *testing.F) {
	for _, s := range []string{
		"machine h login me password hunter2", "default password x", "machine h\n# c\nmacdef init\nx\n\nlogin a password b", "machine", "machine h machine h password p",
	} {
		f.Add(s)
	}
	path := filepath.Join(f.TempDir(), "netrc")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		user, password, ok := NetrcPassword(path, "h")
		words := netrcWords(strings.NewReader(text))
		if ok && (!slices.Contains(words, password) || user != "" && !slices.Contains(words, user)) {
			t.Errorf("%q has user %q and password %q", text, user, password)
		}
		if ok && !slices.Contains(words, "default") && !slices.Contains(words, "machine") {
			t.Errorf("%q has a password for h", text)
		}
	})
}

// A peer is an IP address with a port, never a name: rTorrent 0.16 would resolve
// it, and abort at a long one.
func FuzzParsePeer(f *testing.F) {
	for _, s := range []string{"192.0.2.1:6881", "[2001:db8::1]:6881", "host:1", "192.0.2.1", "[fe80::1%eth0]:1", "1.2.3.4:0", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePeer(s)
		if err != nil {
			return
		}
		if text := p.String(); strings.Trim(text, "0123456789abcdef.:[]") != "" {
			t.Errorf("%q is sent as %q", s, text)
		}
		if again, err := ParsePeer(p.String()); err != nil || again != p {
			t.Errorf("%s is read as %s, %v", p, again, err)
		}
	})
}

// What is written in the conventions of others is read back as it was.
func FuzzConventions(f *testing.F) {
	for _, s := range []string{"", "tv", "a,b", "100%", "%2C", "a\nb", "é\xff\U0001F600", " ", "VRS24mrker", "VRS24mrker%20"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := PercentDecode(s); len(got) > len(s) {
			t.Errorf("%q is decoded to %q", s, got)
		}
		if got := DecodeComment(EncodeComment(s)); got != s {
			t.Errorf("comment %q is read as %q", s, got)
		}
		if s == "" || strings.TrimSpace(s) != s {
			return // no tag
		}
		encoded := EncodeTags([]string{s, "other"})
		if got := DecodeTags(encoded); s != "other" && !slices.Equal(got, []string{s, "other"}) {
			t.Errorf("tag %q is read as %q", s, got)
		}
		if !XMLSafe(encoded) {
			t.Errorf("tag %q is sent as %q", s, encoded)
		}
	})
}

// A tracker's URL that is taken is one that rTorrent gives back.
func FuzzCheckTracker(f *testing.F) {
	for _, s := range []string{"http://h/a?passkey=x", "udp://h:80", "dht://", "wss://h", "http://h/\x01", "HTTP://h", "http:///"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if CheckTracker(s) == nil && (!XMLSafe(s) || strings.ContainsAny(s, " \t\n")) {
			t.Errorf("%q is taken", s)
		}
	})
}
