package rtorrent

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseEndpoint(t *testing.T) {
	for _, test := range []struct {
		in, out, network, address, url string
		local                          bool
	}{
		{"scgi://localhost:5000", "", "tcp", "localhost:5000", "", true},
		{"SCGI://localhost:5000/", "scgi://localhost:5000", "tcp", "localhost:5000", "", true},
		{"scgi://127.1.2.3:5000", "", "tcp", "127.1.2.3:5000", "", true},
		{"scgi://[::1]:5000", "", "tcp", "[::1]:5000", "", true},
		{"scgi://[::ffff:127.0.0.1]:5000", "", "tcp", "[::ffff:127.0.0.1]:5000", "", true},
		{"scgi://0.0.0.0:5000", "", "tcp", "0.0.0.0:5000", "", true},
		{"scgi://[2001:db8::1]:5000", "", "tcp", "[2001:db8::1]:5000", "", false},
		{"scgi://[fe80::1%eth0]:5000", "", "tcp", "[fe80::1%eth0]:5000", "", false},
		{"scgi://box.example:65535", "", "tcp", "box.example:65535", "", false},
		{"scgi:///run/r.sock", "", "unix", "/run/r.sock", "", true},
		{"unix:///run/r.sock", "scgi:///run/r.sock", "unix", "/run/r.sock", "", true},
		{"unix:///run/a b%41?#:@.sock", "scgi:///run/a b%41?#:@.sock", "unix", "/run/a b%41?#:@.sock", "", true},
		{"ssh+scgi://box/run/r.sock", "", "ssh", "/run/r.sock", "", false},
		{"ssh+scgi://me@box.example:2222/run/r.sock", "", "ssh", "/run/r.sock", "", false},
		{"SSH+scgi://me@[::1]:22/a b@c", "ssh+scgi://me@[::1]:22/a b@c", "ssh", "/a b@c", "", false},
		{"http://localhost", "http://localhost/RPC2", "tcp", "localhost:80", "http://localhost/RPC2", true},
		{"http://box.example/", "http://box.example/RPC2", "tcp", "box.example:80", "http://box.example/RPC2", false},
		{"https://box.example:8443/a%2Fb", "", "tcp", "box.example:8443", "https://box.example:8443/a%2Fb", false},
		{"https://[::1]/x", "", "tcp", "[::1]:443", "https://[::1]/x", true},
		{"https://joe@box.example/x?token=t", "https://joe@box.example/x", "tcp", "box.example:443", "https://box.example/x?token=t", false},
	} {
		e, err := ParseEndpoint(test.in)
		if err != nil {
			t.Errorf("%s: %v", test.in, err)
			continue
		}
		if test.out == "" {
			test.out = test.in
		}
		if e.String() != test.out || e.Network() != test.network || e.Address() != test.address || e.url != test.url || e.IsLocal() != test.local {
			t.Errorf("%s = %q %q %q %q local %v, want %q %q %q %q local %v", test.in,
				e, e.Network(), e.Address(), e.url, e.IsLocal(), test.out, test.network, test.address, test.url, test.local)
		}
		if test.network == "ssh" && e.SocketPath() != "" {
			t.Errorf("%s: socket %q on this machine, want none", test.in, e.SocketPath())
		}
		socket := strings.HasPrefix(test.address, "/") && test.network == "unix"
		if (e.SocketPath() == test.address) != socket || (e.Host() == "") != socket {
			t.Errorf("%s: socket %q, host %q", test.in, e.SocketPath(), e.Host())
		}
		if again, err := ParseEndpoint(e.String()); err != nil || again.String() != e.String() || again.Address() != e.Address() {
			t.Errorf("%s again = %v, %v, want the same", e, again, err)
		}
	}
}

func TestParseEndpointRefusals(t *testing.T) {
	for _, test := range []struct{ in, hint string }{
		{"", "scgi://HOST:PORT"},
		{"localhost:5000", "scgi://HOST:PORT"},
		{"/run/r.sock", "scgi:///PATH"},
		{"ftp://localhost", "unknown scheme"},
		{"ssh+scgi://box", "path of a socket on box"},
		{"ssh+scgi://box/", "path of a socket"},
		{"ssh+scgi://box/a:b", "without a colon"},
		{"ssh+scgi:///run/r.sock", "[USER@]HOST"},
		{"ssh+scgi://@box/r", "[USER@]HOST"},
		{"ssh+scgi://-oProxyCommand=x/r", "[USER@]HOST"},
		{"ssh+scgi://-l@box/r", "[USER@]HOST"},
		{"ssh+scgi://box:0/r", "port"},
		{"ssh+scgi://me:secret@box/r", "knows keys and agents"},
		{"scgi://", "HOST:PORT"},
		{"scgi://localhost", "HOST:PORT"},
		{"scgi://:5000", "HOST:PORT"},
		{"scgi://::1:5000", "[::1]:PORT"},
		{"scgi://run/r.sock", "third slash"},
		{"scgi://localhost:5000/RPC2", "HOST:PORT"},
		{"scgi://localhost:0", "65535"},
		{"scgi://localhost:65536", "65535"},
		{"scgi://localhost:http", "65535"},
		{"unix://r.sock", "begins with /"},
		{"unix:///run/", "not the path"},
		{"unix:///" + strings.Repeat("x", 107), "at most 107"},
		{"http://", "without a host"},
		{"http://:80/x", "without a host"},
		{"http://localhost:0", "65535"},
		{"http://local host", "invalid character"},
	} {
		if e, err := ParseEndpoint(test.in); err == nil || !strings.Contains(err.Error(), test.hint) {
			t.Errorf("%q = %v, %v, want an error with %q", test.in, e, err, test.hint)
		}
	}
}

func TestParseEndpointRefusesPasswordsAndKeepsThemSecret(t *testing.T) {
	for _, in := range []string{
		"http://joe:hunter2@localhost/RPC2",
		"https://:hunter2@localhost",
		"http://joe:hunter2/3@localhost",
		"http://joe:12/hunter2@localhost",
		"http://joe:12?hunter2@localhost",
		"http://joe:12#hunter2@localhost",
		"http://joe:12#hunter2",
		"http://joe:hunter2%@localhost",
	} {
		e, err := ParseEndpoint(in)
		if err == nil || !strings.Contains(err.Error(), "$RTFS_PASSWORD") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q = %v, %v, want an error that says where to put it and does not repeat it", in, e, err)
		}
	}
	if _, err := ParseEndpoint("scgi://joe:hunter2@localhost:5000"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("SCGI with a login: %v, want an error that does not repeat it", err)
	}
}

func TestEndpointNeverPrintsItsPassword(t *testing.T) {
	e, err := ParseEndpoint("https://joe@localhost/x")
	if err != nil {
		t.Fatal(err)
	}
	e = e.WithPassword("", "hunter2")
	if e.User() != "joe" || e.password() != "hunter2" {
		t.Errorf("user = %q, want that of the URL with its password", e.User())
	}
	holder := struct{ e, unexported any }{e, struct{ inner Endpoint }{e}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{e, &e, holder, []Endpoint{e}} {
			if got := fmt.Sprintf(verb, value); strings.Contains(got, "hunter2") || strings.Contains(got, "68756e74657232") {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
	if renamed := e.WithPassword("ann", "x"); renamed.User() != "ann" || e.User() != "joe" {
		t.Errorf("users = %q and %q, want ann and, unchanged, joe", renamed.User(), e.User())
	}
}
