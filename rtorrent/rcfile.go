package rtorrent

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// FindServer finds the server of a user who named none: $RTFS_SERVER, else the
// SCGI line of the user's rtorrent.rc, where rTorrent itself looks for that
// file. The error says what was tried and why it did not do. The result is for
// ParseEndpoint.
func FindServer(getenv func(string) string) (string, error) {
	if server := getenv("RTFS_SERVER"); server != "" {
		return server, nil
	}
	tried := []string{"$RTFS_SERVER is not set"}
	for _, path := range rcPaths(getenv) {
		text, err := readRC(path)
		if err != nil {
			tried = append(tried, err.Error())
			continue
		}
		server, why := serverInRC(text, getenv("HOME"))
		if server != "" {
			return server, nil
		}
		tried = append(tried, path+": "+why)
	}
	return "", fmt.Errorf("no server given: %s; %s", strings.Join(tried, "; "), endpointHint)
}

// rcPaths returns where the user's rtorrent.rc can be, in rTorrent's order
// (seen on 0.9.8, which reads the first that exists).
func rcPaths(getenv func(string) string) []string {
	var paths []string
	home := getenv("HOME")
	switch config := getenv("XDG_CONFIG_HOME"); {
	case filepath.IsAbs(config): // the standard wants a relative one ignored
		paths = append(paths, filepath.Join(config, "rtorrent", "rtorrent.rc"))
	case home != "":
		paths = append(paths, filepath.Join(home, ".config", "rtorrent", "rtorrent.rc"))
	}
	if home != "" {
		paths = append(paths, filepath.Join(home, ".rtorrent.rc"))
	}
	return paths
}

func readRC(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	const enough = 1 << 20 // bytes; those of the wild have some thousand
	text, err := io.ReadAll(io.LimitReader(f, enough))
	return string(text), err
}

// serverInRC returns the server that the first usable SCGI line of an
// rtorrent.rc opens; else "" and why not. (rTorrent refuses a second one.)
func serverInRC(text, home string) (server, why string) {
	text = strings.ReplaceAll(text, "\\\n", "")
	why = "no SCGI line"
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		key = strings.TrimSpace(key)
		var open func(value, home string) (string, error)
		switch key {
		case "network.scgi.open_local", "scgi_local":
			open = localServer
		case "network.scgi.open_port", "scgi_port":
			open = portServer
		default:
			continue
		}
		value, err := rcValue(value)
		if err == nil {
			server, err = open(value, home)
		}
		if err == nil {
			return server, ""
		}
		why = fmt.Sprintf("%s = %s: %v", key, value, err)
	}
	return "", why
}

// rcValue reads a value of one word: quoted, or up to a comma, a semicolon or
// the end of the line, with backslash as escape in both. On failure it returns
// the text as it is.
func rcValue(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return text, errors.New("nothing there")
	}
	quoted := text[0] == '"'
	rest := strings.TrimPrefix(text, `"`)
	if rest != "" && strings.ContainsRune("($", rune(rest[0])) || text[0] == '{' {
		return text, errors.New("an expression, which only rTorrent can evaluate")
	}
	var value strings.Builder
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\\' && i+1 < len(rest):
			i++
			value.WriteByte(rest[i])
		case quoted && c == '"':
			return value.String(), nil
		case !quoted && (c == ',' || c == ';'):
			return strings.TrimSpace(value.String()), nil
		default:
			value.WriteByte(c)
		}
	}
	if quoted {
		return text, errors.New("no closing quote")
	}
	return value.String(), nil
}

// localServer returns the server at a Unix socket. A leading ~ is the home
// directory, as rTorrent expands it: without a user's name.
func localServer(path, home string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "~"); ok && home != "" {
		path = home + rest
	}
	if !filepath.IsAbs(path) {
		return "", errors.New("relative to a directory that only rTorrent knows")
	}
	return schemeSCGI + "://" + path, nil
}

// portServer returns the server at a TCP port. One that listens on all
// addresses is reached on the loopback.
func portServer(address, _ string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", errors.New("not HOST:PORT")
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "", err == nil && ip == netip.IPv4Unspecified():
		host = "127.0.0.1"
	case err == nil && ip == netip.IPv6Unspecified():
		host = "::1"
	}
	return schemeSCGI + "://" + net.JoinHostPort(host, port), nil
}
