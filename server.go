package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"rtfs/rtorrent"
)

// openServer returns where the server of a command for one server is, and how
// to reach it. It is an address or a name in the config file; an empty one is
// looked for where the user's rTorrent has it. No call is made.
func (p *program) openServer(c *cli.Context, server string) (rtorrent.Endpoint, rtorrent.Transport, error) {
	var arguments []string
	if server != "" {
		arguments = []string{server}
	}
	list, err := p.targets(c, arguments)
	if err != nil {
		return rtorrent.Endpoint{}, nil, err
	}
	if len(list) > 1 {
		return rtorrent.Endpoint{}, nil, usage("%s has several servers: name one, as in --server %s", configPath(), list[0].name)
	}
	return p.open(list[0])
}

// open returns where a server is and how to reach it. No call is made.
func (p *program) open(server target) (rtorrent.Endpoint, rtorrent.Transport, error) {
	e, err := server.locate()
	if err != nil {
		return e, nil, err
	}
	if e, err = p.logIn(server.options, e); err != nil {
		return e, nil, err
	}
	t, err := rtorrent.NewTransport(e, rtorrent.TransportOptions{
		CAFile:      server.options.String("tls-ca"),
		InsecureTLS: server.options.Bool("insecure-tls"),
	})
	if err != nil {
		return e, nil, usage("%s: %w", e, err)
	}
	if closer, ok := t.(io.Closer); ok {
		p.closers = append(p.closers, closer)
	}
	if strings.HasPrefix(e.String(), "scgi://") && !e.IsLocal() {
		p.warn("%s: SCGI is not encrypted and knows no password: who can reach it can run commands there", e)
	}
	return e, t, nil
}

// logIn adds the password, from the first of --password-file, $RTFS_PASSWORD
// and netrc that has one.
func (p *program) logIn(c *cli.Context, e rtorrent.Endpoint) (rtorrent.Endpoint, error) {
	file := c.String("password-file")
	web := strings.HasPrefix(e.String(), "http")
	switch {
	case file != "" && !web:
		return e, usage("--password-file: only http and https know passwords, not %s", e)
	case !web:
		return e, nil
	}
	user, password := "", os.Getenv("RTFS_PASSWORD")
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return e, fail(exitUsage, "", "--password-file: %w", err)
		}
		if othersCanRead(file) {
			p.warn("--password-file %s: others can read it: chmod 600 %s", file, quote(file))
		}
		password, _, _ = strings.Cut(string(text), "\n")
		password = strings.TrimSuffix(password, "\r")
	}
	if password == "" {
		name, word, ok := rtorrent.NetrcPassword(netrc(), e.Host())
		if ok && (e.User() == "" || e.User() == name) {
			user, password = name, word
		}
	}
	if password == "" {
		return e, nil
	}
	if strings.HasPrefix(e.String(), "http:") && !e.IsLocal() {
		p.warn("%s: the password travels unencrypted", e)
	}
	return e.WithPassword(user, password), nil
}

// othersCanRead reports whether a file can be read by more than its owner.
func othersCanRead(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o044 != 0
}

func netrc() string {
	if path := os.Getenv("NETRC"); path != "" {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".netrc")
}

// dataUID returns the only user whose payload may be shown, -1 for any. Root
// can read what rTorrent itself could not; so root shows only what belongs to
// the user that runs rTorrent: the one that listens on its socket, else --uid,
// else the owner of the socket, else root.
func dataUID(c *cli.Context, e rtorrent.Endpoint) int64 {
	if os.Geteuid() != 0 {
		return -1
	}
	if path := e.SocketPath(); path != "" {
		if peer, err := listener(path); err == nil {
			return int64(peer.Uid)
		}
		if info, err := os.Stat(path); err == nil && !c.IsSet("uid") {
			return int64(info.Sys().(*syscall.Stat_t).Uid)
		}
	}
	return int64(c.Uint("uid"))
}

// listener asks the kernel who listens on a Unix socket. The connection carries
// nothing.
func listener(path string) (*unix.Ucred, error) {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return nil, err
	}
	var peer *unix.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		peer, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, fmt.Errorf("asking who listens on %s: %w", path, failed)
	}
	return peer, nil
}

// stateDir is where rtfs keeps what outlives a mount, "" if the user has no
// home: mount(8) may call without one.
func stateDir() string { return userDir("XDG_STATE_HOME", ".local", "state") }

// configDir is where it keeps what the user has chosen.
func configDir() string { return userDir("XDG_CONFIG_HOME", ".config") }

func userDir(variable string, below ...string) string {
	if dir := os.Getenv(variable); filepath.IsAbs(dir) {
		return filepath.Join(dir, "rtfs")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(append(append([]string{home}, below...), "rtfs")...)
}
