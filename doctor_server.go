package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"rtfs/fs"
	"rtfs/rtorrent"
)

// examineServer checks the way to rTorrent and what it can do. The client is
// nil where rTorrent does not answer.
func (p *program) examineServer(ctx context.Context, d *diagnosis, server target, maps []fs.PathMap) (rtorrent.Endpoint, *rtorrent.Client) {
	quiet := *p
	quiet.stderr = io.Discard // its warnings are lines of ours
	if file := server.options.String("password-file"); file != "" && othersCanRead(file) {
		d.warning("chmod 600 "+quote(file), "the password in %s can be read by others", file)
	}
	e, t, err := quiet.open(server)
	p.closers = quiet.closers
	if err != nil {
		d.problem(asFailure(err).hint, "%v", err)
		return e, nil
	}
	examineDoor(d, e)
	client := rtorrent.New(t, rtorrent.Options{
		Timeout: server.options.Duration("timeout"),
		Local:   func(path string) string { return fs.LocalPath(maps, path) },
	})
	began := time.Now()
	caps, err := client.Caps(ctx)
	if err != nil {
		d.problem(reachHint(e, err), "server %s: %v", e, err)
		return e, nil
	}
	d.ok("server %s answers in %s", e, time.Since(began).Round(time.Millisecond))
	examineVersion(d, caps)
	examineNames(d, caps)
	examineLimits(ctx, d, client, caps)
	examineHook(ctx, d, client)
	return e, client
}

// examineDoor tells who else can reach the server: SCGI asks for no password,
// and whoever reaches it can run commands as rTorrent's user.
func examineDoor(d *diagnosis, e rtorrent.Endpoint) {
	const todo = "let rTorrent listen on a Unix socket in a directory of its user (network.scgi.open_local)"
	path := e.SocketPath()
	switch {
	case strings.HasPrefix(e.String(), "http:") && !e.IsLocal():
		d.warning("use https", "%s: calls and passwords travel unencrypted", e)
	case strings.HasPrefix(e.String(), "http"):
	case path == "" && e.IsLocal():
		d.warning(todo, "%s: every account of this machine can reach it, and run commands as rTorrent's user", e)
	case path == "":
		d.warning("reach it through ssh, or by https with a password", "%s: SCGI is not encrypted and knows no password", e)
	default:
		socket, err := os.Stat(path)
		folder, err2 := os.Stat(filepath.Dir(path))
		if err == nil && err2 == nil && socket.Mode().Perm()&0o002 != 0 && folder.Mode().Perm()&0o001 != 0 {
			d.warning("chmod o-rwx "+quote(path)+", and the same in rtorrent.rc", "%s: every account of this machine can use it, and run commands as rTorrent's user", path)
		}
	}
}

const trustHint = "have the web server not send UNTRUSTED_CONNECTION, if it is yours"

// reachHint says what to do about a server that does not answer.
func reachHint(e rtorrent.Endpoint, err error) string {
	var fault *rtorrent.Fault
	switch path := e.SocketPath(); {
	case errors.Is(err, rtorrent.ErrUntrusted) && errors.As(err, &fault):
		return trustHint
	case errors.Is(err, rtorrent.ErrUntrusted):
		return "put the password into ~/.netrc or $RTFS_PASSWORD, or name a --password-file"
	case errors.Is(err, os.ErrPermission) && path != "":
		return permissionHint(path, unix.W_OK)
	case errors.Is(err, os.ErrNotExist):
		return "start rTorrent, and look for network.scgi.open_local in its rtorrent.rc: the path there is the one to give"
	case errors.Is(err, syscall.ECONNREFUSED) && path != "":
		return "start rTorrent: its socket is there, but nobody listens"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "start rTorrent, and look for network.scgi.open_port in its rtorrent.rc"
	case errors.Is(err, context.DeadlineExceeded):
		return "see whether rTorrent runs at all (top), and whether other programs keep its connections open"
	case errors.Is(err, rtorrent.ErrProtocol):
		return "give the address of rTorrent's SCGI, or of a web server that passes /RPC2 to it; a port for peers or a web page is neither"
	}
	return "see whether rTorrent runs, and whether this is the address in its rtorrent.rc"
}

func examineVersion(d *diagnosis, caps *rtorrent.Caps) {
	wire := "XML-RPC"
	if caps.JSON {
		wire = "XML-RPC and JSON-RPC"
	}
	if caps.Version == "0.9.8" || strings.HasPrefix(caps.Version, "0.16.") {
		d.ok("rTorrent %s, libtorrent %s, %s", caps.Version, caps.Library, wire)
		return
	}
	d.warning("what works is found out command by command; 0.9.8 and 0.16 are known to", "rTorrent %s is none that rtfs is tested with", caps.Version)
}

// examineNames tells which names this wire carries, and whether the session
// makes up for it.
func examineNames(d *diagnosis, caps *rtorrent.Caps) {
	readable := ""
	if caps.LocalSession != "" {
		if dir, err := os.Open(caps.LocalSession); err == nil {
			dir.Close()
			readable = caps.LocalSession
		}
	}
	switch exact := caps.Has("d.name.hex") || caps.JSON; {
	case readable != "" && exact:
		d.ok("session %s can be read: metainfo.torrent is there, and writes wait until they are saved", readable)
	case readable != "":
		d.ok("session %s can be read: names of any bytes are exact, metainfo.torrent is there", readable)
	case caps.Session == "":
		d.warning("set session.path in rtorrent.rc", "rTorrent has no session directory: it forgets everything when it ends")
	case exact:
		d.warning("--map "+caps.Session+"=WHERE_IT_IS_HERE, or read access for you", "session %s cannot be read from here: no metainfo.torrent, and erased torrents leave no copy", caps.Session)
	default:
		d.warning("--map "+caps.Session+"=WHERE_IT_IS_HERE, or read access for you",
			"session %s cannot be read from here: names with emoji show as ?, no metainfo.torrent, erased torrents leave no copy", caps.Session)
	}
}

// examineLimits tells how large a .torrent can be.
func examineLimits(ctx context.Context, d *diagnosis, client *rtorrent.Client, caps *rtorrent.Caps) {
	const getter = "network.xmlrpc.size_limit"
	most := caps.RequestLimit() / 4 * 3 // base64
	if !caps.Has(getter) {
		d.ok("this rTorrent tells no limit for requests")
		return
	}
	var limit int64
	switch err := client.Call(ctx, &limit, getter); {
	case err != nil:
		d.warning("", "limit for requests: %v", err)
	case limit/4*3 >= most:
		d.ok("a .torrent of up to %d KB can be added", most>>10)
	case caps.Has(getter + ".set"):
		d.ok("a .torrent of up to %d KB can be added; over %d KB rtfs raises %s for it", most>>10, limit/4*3>>10, getter)
	default:
		d.warning("set "+getter+" in rtorrent.rc", "only a .torrent of up to %d KB can be added", limit/4*3>>10)
	}
}

// examineHook looks for what would delete data on a plain erase. The call is one
// that rTorrent keeps to connections it trusts.
func examineHook(ctx context.Context, d *diagnosis, client *rtorrent.Client) {
	if err := client.Call(ctx, nil, "method.get", "", "event.download.erased"); errors.Is(err, rtorrent.ErrUntrusted) {
		d.warning(trustHint, "rTorrent does not trust this connection: adding, starting and tagging are refused")
		return
	}
	hook, err := fs.EraseHook(ctx, client)
	switch {
	case err != nil:
		d.warning("", "erase hooks: %v", err)
	case hook != "":
		d.warning("see what it does; if it is harmless, mount with --allow-erase-hook",
			"rTorrent runs %q whenever a torrent is erased: it may delete data, so rtfs erases nothing", hook)
	default:
		d.ok("no erase hook: what leaves rTorrent keeps its data")
	}
}
