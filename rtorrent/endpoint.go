package rtorrent

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// The schemes of an Endpoint.
const (
	schemeSCGI  = "scgi" // also unix://
	schemeHTTP  = "http"
	schemeHTTPS = "https"
	schemeSSH   = "ssh+scgi"
)

// An Endpoint says where an rTorrent listens. It prints without its password,
// whatever the verb. It is immutable.
type Endpoint struct {
	scheme   string
	network  string // "tcp", "unix" or "ssh"
	address  string // host:port, or the path of the socket; of ssh: on its host
	host     string // of ssh: the host, as ssh knows it
	port     string // of ssh: "" for what its config says
	url      string // of http and https: the URL without a login
	user     string
	password secret // nil for none
}

// A secret yields a password. It is a function because fmt prints what strings
// and pointers in unexported fields hold, without asking for their String.
type secret func() string

// passwordHint tells where a password may come from.
const passwordHint = "give it by --password-file, $RTFS_PASSWORD or ~/.netrc"

// endpointHint tells what ParseEndpoint takes.
const endpointHint = "a server is scgi://HOST:PORT, scgi:///PATH/TO/SOCKET, unix:///PATH/TO/SOCKET, ssh+scgi://[USER@]HOST/PATH/TO/SOCKET, http://HOST[:PORT][/PATH] or https://…"

// ParseEndpoint reads the address of a server: scgi://host:port,
// scgi:///path/to.sock, unix:///path/to.sock, ssh+scgi://[user@]host[:port]/path,
// http://… or https://…. The path of a socket is taken literally, without percent-decoding; the empty path of an
// http URL stands for /RPC2. A URL may name a user but no password, since all
// users of the machine can read the arguments of a program. Errors repeat no
// part of an address that could be a password.
func ParseEndpoint(s string) (Endpoint, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return Endpoint{}, errors.New("not an address: " + endpointHint)
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "scgi", "unix":
		return parseSCGI(scheme, rest)
	case schemeHTTP, schemeHTTPS:
		return parseHTTP(scheme, rest)
	case schemeSSH:
		return parseSSH(rest)
	}
	return Endpoint{}, fmt.Errorf("unknown scheme %s: %s", quote(scheme), endpointHint)
}

// maxSocketPath is the longest path of a socket, in bytes, on Linux: sun_path of
// unix(7) less its NUL.
const maxSocketPath = 107

func parseSCGI(scheme, rest string) (Endpoint, error) {
	switch {
	case strings.HasPrefix(rest, "/"):
		if len(rest) > maxSocketPath {
			return Endpoint{}, fmt.Errorf("%s: the path of a socket is at most %d bytes long, this is %d", rest, maxSocketPath, len(rest))
		}
		if strings.HasSuffix(rest, "/") || strings.Contains(rest, "\x00") {
			return Endpoint{}, fmt.Errorf("%s://%s: not the path of a socket", scheme, rest)
		}
		return Endpoint{scheme: schemeSCGI, network: "unix", address: rest}, nil
	case strings.Contains(rest, "@"):
		return Endpoint{}, errors.New("SCGI knows no user and no password: write scgi://HOST:PORT")
	case scheme == "unix":
		return Endpoint{}, fmt.Errorf("unix://%s: the path of a socket begins with /, as in unix:///run/rtorrent.sock", rest)
	}
	address := strings.TrimSuffix(rest, "/")
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || strings.Contains(address, "/") {
		return Endpoint{}, fmt.Errorf("scgi://%s: neither HOST:PORT nor, with a third slash, a path; an IPv6 address is written [::1]:PORT", rest)
	}
	if err := checkPort(port); err != nil {
		return Endpoint{}, fmt.Errorf("scgi://%s: %w", rest, err)
	}
	return Endpoint{scheme: schemeSCGI, network: "tcp", address: address}, nil
}

// parseSSH reads [user@]host[:port]/path. What ssh could take for an option is
// refused.
func parseSSH(rest string) (Endpoint, error) {
	login, path, ok := strings.Cut(rest, "/")
	host, user := login, ""
	if at := strings.LastIndexByte(login, '@'); at >= 0 {
		user, host = login[:at], login[at+1:]
	}
	if strings.Contains(user, ":") {
		return Endpoint{}, errors.New("ssh takes no password here: it knows keys and agents, as ssh(1) tells")
	}
	port := ""
	if name, number, err := net.SplitHostPort(host); err == nil {
		host, port = name, number
		if err := checkPort(port); err != nil {
			return Endpoint{}, fmt.Errorf("ssh+scgi://%s: %w", rest, err)
		}
	}
	bad := func(s string) bool { return strings.HasPrefix(s, "-") || strings.ContainsAny(s, " \t\n\x00") }
	if host == "" || bad(host) || bad(user) || user == "" && strings.Contains(login, "@") {
		return Endpoint{}, fmt.Errorf("ssh+scgi://%s: want ssh+scgi://[USER@]HOST/PATH/TO/SOCKET", rest)
	}
	if !ok || path == "" || strings.HasSuffix(path, "/") || strings.ContainsAny(path, ":\x00\n") {
		return Endpoint{}, fmt.Errorf("ssh+scgi://%s: want the path of a socket on %s, without a colon", rest, host)
	}
	return Endpoint{scheme: schemeSSH, network: "ssh", host: host, port: port, user: user, address: "/" + path}, nil
}

func parseHTTP(scheme, rest string) (Endpoint, error) {
	u, err := url.Parse(scheme + "://" + rest)
	switch {
	case err != nil && strings.Contains(rest, "@"):
		return Endpoint{}, errors.New("not a URL; if that was a password: " + passwordHint)
	case err != nil:
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return Endpoint{}, fmt.Errorf("%s://%s: %w", scheme, rest, err)
	}
	if _, set := u.User.Password(); set {
		return Endpoint{}, errors.New("a URL with a password is seen by all users of this machine: " + passwordHint)
	}
	// A password with an unescaped / or # ends up behind the host.
	if strings.Contains(u.EscapedPath()+u.RawQuery+u.EscapedFragment(), "@") || u.Fragment != "" {
		return Endpoint{}, errors.New("a URL with @ or # behind its host: write %40 or %23; if that was a password: " + passwordHint)
	}
	e := Endpoint{scheme: scheme, network: "tcp", user: u.User.Username()}
	port := u.Port()
	if port == "" {
		port = map[string]string{schemeHTTP: "80", schemeHTTPS: "443"}[scheme]
	}
	if u.Hostname() == "" {
		return Endpoint{}, fmt.Errorf("a URL without a host: %s", endpointHint)
	}
	if err := checkPort(port); err != nil {
		return Endpoint{}, fmt.Errorf("%s://%s: %w", scheme, u.Host, err)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path, u.RawPath = "/RPC2", ""
	}
	u.User = nil
	e.address = net.JoinHostPort(u.Hostname(), port)
	e.url = u.String()
	return e, nil
}

func checkPort(port string) error {
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("port %s: not a number from 1 to 65535", quote(port))
	}
	return nil
}

// WithPassword returns e with a login for basic authentication. An empty user
// stands for the one that the URL names. SCGI ignores it.
func (e Endpoint) WithPassword(user, password string) Endpoint {
	if user != "" {
		e.user = user
	}
	e.password = func() string { return password }
	return e
}

// User is the user of the login, "" if there is none.
func (e Endpoint) User() string { return e.user }

// Network is the network to dial, "tcp" or "unix", or "ssh" for what is behind
// one.
func (e Endpoint) Network() string { return e.network }

// Address is the address to dial: host:port, or the path of a socket.
func (e Endpoint) Address() string { return e.address }

// Host is the name or IP address of the host, "" for a Unix socket.
func (e Endpoint) Host() string {
	if e.network == "ssh" {
		return e.host
	}
	if e.network != "tcp" {
		return ""
	}
	host, _, _ := net.SplitHostPort(e.address)
	return host
}

// SocketPath is the path of a Unix socket, "" for any other endpoint.
func (e Endpoint) SocketPath() string {
	if e.network != "unix" {
		return ""
	}
	return e.address
}

// IsLocal reports whether rTorrent, or the web server in front of it, is on
// this machine, as far as the address tells: a Unix socket or the loopback.
func (e Endpoint) IsLocal() bool {
	switch e.network {
	case "unix":
		return true
	case "ssh":
		return false // also ssh to localhost goes to another user, or a container
	}
	host := strings.ToLower(e.Host())
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback() || ip.IsUnspecified()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// String returns the address in the form that ParseEndpoint takes, less any
// password and any query, which can hold a token.
func (e Endpoint) String() string {
	if e.network == "ssh" {
		at := e.destination()
		if e.port != "" {
			at = strings.TrimSuffix(at, e.host) + net.JoinHostPort(e.host, e.port)
		}
		return e.scheme + "://" + at + e.address
	}
	if e.url == "" {
		return e.scheme + "://" + e.address
	}
	shown, _, _ := strings.Cut(e.url, "?")
	if e.user != "" {
		shown = strings.Replace(shown, "://", "://"+url.User(e.user).String()+"@", 1)
	}
	return shown
}

// destination is how ssh is told where to go.
func (e Endpoint) destination() string {
	if e.user != "" {
		return e.user + "@" + e.host
	}
	return e.host
}
