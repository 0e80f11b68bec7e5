package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rtfs/fs"
	"rtfs/rtorrent"
)

// answerBound is how long the mount waits for rTorrent to say what it is and
// where its directories are.
const answerBound = 2 * time.Second

// A place is a directory that rTorrent works in. If it were on our mount,
// rTorrent would wait for us, and we for rTorrent.
type place struct {
	what  string
	path  string
	shown string // what is there, "" for path
	// holds: only a mountpoint that holds the place overlaps it, not one in it.
	holds bool
}

// checkOverlaps refuses a mountpoint that holds, is or lies in a place of one
// of the rTorrents. It asks each for its own, all at once.
func (p *program) checkOverlaps(ctx context.Context, mountpoint string, servers []*server) error {
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, s := range servers {
		wg.Go(func() { errs[i] = p.checkOverlap(ctx, mountpoint, s) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// checkOverlap is checkOverlaps for one of them. One that does not answer gets
// a warning and only its socket is checked.
func (p *program) checkOverlap(ctx context.Context, mountpoint string, s *server) error {
	ctx, cancel := context.WithTimeout(ctx, answerBound)
	defer cancel()
	caps, err := s.client.Caps(ctx)
	if err != nil {
		p.warn("%s does not answer: %v", s.endpoint, err)
	}
	done := make(chan error, 1)
	go func() { done <- overlap(mountpoint, places(s.endpoint, caps, s.maps)) }()
	select {
	case err := <-done:
		return err
	case <-time.After(answerBound):
		return nil // a directory of rTorrent's hangs, which is not our fault
	}
}

// places lists the directories, as seen from here. Those of an rTorrent on
// another machine are here only where --map says so.
func places(e rtorrent.Endpoint, caps *rtorrent.Caps, maps []fs.PathMap) []place {
	var list []place
	if socket := e.SocketPath(); socket != "" {
		list = append(list, place{what: "SCGI socket", path: filepath.Dir(socket), shown: socket, holds: true})
	}
	if caps == nil {
		return list
	}
	for _, p := range []place{
		{what: "session directory", path: caps.Session},
		{what: "download directory", path: caps.Directory},
	} {
		remote := expandHome(p.path)
		p.path = fs.LocalPath(maps, remote)
		if filepath.IsAbs(p.path) && (e.IsLocal() || p.path != remote) {
			list = append(list, p)
		}
	}
	return list
}

func expandHome(path string) string {
	home, err := os.UserHomeDir()
	if rest, ok := strings.CutPrefix(path, "~/"); ok && err == nil {
		return filepath.Join(home, rest)
	}
	return path
}

func overlap(mountpoint string, places []place) error {
	const hint = "choose a mountpoint outside of it"
	for _, p := range places {
		shown := cmp.Or(p.shown, p.path)
		switch {
		case within(p.path, mountpoint):
			return fail(exitMountpoint, hint, "mountpoint %s holds rTorrent's %s %s, which would wait for its own mount", mountpoint, p.what, shown)
		case !p.holds && within(mountpoint, p.path):
			return fail(exitMountpoint, hint, "mountpoint %s lies in rTorrent's %s %s, which would wait for its own mount", mountpoint, p.what, shown)
		}
	}
	return nil
}

// within reports whether inner is outer or lies below it, by whatever names.
// What does not exist lies nowhere.
func within(inner, outer string) bool {
	top, err := os.Stat(outer)
	if err != nil {
		return false
	}
	inner, err = filepath.EvalSymlinks(inner)
	if err != nil {
		return false
	}
	for {
		info, err := os.Stat(inner)
		if err == nil && os.SameFile(info, top) {
			return true
		}
		parent := filepath.Dir(inner)
		if parent == inner {
			return false
		}
		inner = parent
	}
}
