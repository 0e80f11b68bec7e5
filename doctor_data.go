package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"sort"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"rtfs/fs"
	"rtfs/rtorrent"
)

// A dataCheck looks whether what rTorrent keeps on disk is here.
type dataCheck struct {
	maps     []fs.PathMap
	endpoint rtorrent.Endpoint
	client   *rtorrent.Client
	dataUID  int64 // as in fs.Options
	peer     int   // rTorrent's process as seen from here, 0 unknown
}

// peerPID returns the process that listens on the server's socket, 0 unknown.
func peerPID(e rtorrent.Endpoint) int {
	if e.SocketPath() == "" {
		return 0
	}
	peer, err := listener(e.SocketPath())
	if err != nil {
		return 0
	}
	return int(peer.Pid)
}

// A folder holds the data of torrents.
type folder struct {
	remote   string // as rTorrent calls it
	torrents int
}

// examine checks the folders of all torrents, and that for new ones.
func (x *dataCheck) examine(ctx context.Context, d *diagnosis) {
	began := time.Now()
	torrents, err := x.client.Torrents(ctx, nil)
	if err != nil {
		d.warning("", "the list of torrents: %v", err)
		return
	}
	d.ok("%s, listed in %s", count(len(torrents), "torrent"), time.Since(began).Round(time.Millisecond))
	caps, err := x.client.Caps(ctx)
	if err != nil {
		d.warning("", "%v", err)
		return
	}
	folders := foldersOf(torrents)
	if len(folders) == 0 && caps.Directory != "" {
		folders = []folder{{remote: expandHome(caps.Directory)}}
	}
	const enough = 50 // folders: the advice repeats itself
	for i, f := range folders {
		if i == enough {
			d.ok("%d more folders are not looked at", len(folders)-enough)
			return
		}
		if ctx.Err() != nil {
			d.warning("", "not looked at in time: %d of %d folders", len(folders)-i, len(folders))
			return
		}
		x.examineFolder(d, f)
	}
}

// foldersOf returns the folders that hold torrents, the ones with most first.
func foldersOf(torrents []*rtorrent.Torrent) []folder {
	counts := map[string]int{}
	for _, t := range torrents {
		remote := t.Directory
		if t.IsMulti {
			remote = path.Dir(remote)
		}
		if t.BasePath != "" {
			remote = path.Dir(t.BasePath)
		}
		counts[remote]++
	}
	folders := make([]folder, 0, len(counts))
	for remote, n := range counts {
		folders = append(folders, folder{remote, n})
	}
	sort.Slice(folders, func(i, j int) bool {
		a, b := folders[i], folders[j]
		return a.torrents > b.torrents || a.torrents == b.torrents && a.remote < b.remote
	})
	return folders
}

// examineFolder checks that one folder of rTorrent's can be read here.
func (x *dataCheck) examineFolder(d *diagnosis, f folder) {
	local := fs.LocalPath(x.maps, f.remote)
	name := local
	if local != f.remote {
		name = fmt.Sprintf("%s (rTorrent's %s)", local, f.remote)
	}
	of := ""
	if f.torrents > 0 {
		of = " of " + count(f.torrents, "torrent")
	}
	if !path.IsAbs(local) {
		d.warning("set directory.default in rtorrent.rc to an absolute path", "data%s is in %q, which only rTorrent can tell where it is", of, f.remote)
		return
	}
	info, err := bounded(func() (os.FileInfo, error) {
		dir, err := os.Open(local)
		if err != nil {
			return nil, err
		}
		defer dir.Close()
		return dir.Stat()
	})
	switch {
	case errors.Is(err, os.ErrPermission):
		d.warning(permissionHint(local, unix.R_OK|unix.X_OK), "data%s in %s may not be read by you", of, name)
	case err != nil:
		d.warning(x.mapHint(f.remote), "data%s in %s cannot be reached: %v", of, name, cause(err))
	case x.dataUID >= 0 && int64(info.Sys().(*syscall.Stat_t).Uid) != x.dataUID:
		d.warning("chown it, or run rtfs as the user who owns the data",
			"%s belongs to %s, and as root rtfs shows only files of %s, who runs rTorrent",
			name, ownerName(info.Sys().(*syscall.Stat_t).Uid), ownerName(uint32(x.dataUID)))
	default:
		d.ok("data%s in %s can be read", of, name)
	}
}

// mapHint says where a folder of rTorrent's is on this machine, or how to find
// out.
func (x *dataCheck) mapHint(remote string) string {
	if remoteTop, local := x.findMap(remote); local != "" && local != remoteTop {
		return "mount with --map " + quote(remoteTop+"="+local)
	}
	if inner := fmt.Sprintf("/proc/%d/root%s", x.peer, remote); x.peer != 0 {
		if _, err := os.Stat(inner); err == nil {
			return "rTorrent sees it in a container, in no folder of this machine: give the container a volume for it"
		}
	}
	if !x.endpoint.IsLocal() {
		return "mount that folder here by NFS or sshfs, then mount with --map " + quote(remote+"=WHERE_IT_IS_HERE")
	}
	return "mount with --map " + quote(remote+"=WHERE_IT_IS_HERE") + "; if it is gone for rTorrent too, its disk may not be mounted"
}

// findMap looks in the kernel's lists of mounts, rTorrent's and ours, for where
// rTorrent's path is here: the volumes of a container are mounts. It returns
// "" if it is nowhere.
func (x *dataCheck) findMap(remote string) (remoteTop, local string) {
	if x.peer == 0 {
		return "", ""
	}
	theirs, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", x.peer))
	if err != nil {
		return "", ""
	}
	ours, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", ""
	}
	remoteTop, local = mapBetween(mountPoints(string(theirs)), mountPoints(string(ours)), remote)
	// Only if it is the very folder.
	there, err := os.Stat(fmt.Sprintf("/proc/%d/root%s", x.peer, remoteTop))
	if err != nil {
		return "", ""
	}
	here, err := os.Stat(local)
	if err != nil || !os.SameFile(here, there) {
		return "", ""
	}
	return remoteTop, local
}

// A mountPoint is one line of mountinfo: a folder of a file system, and where
// it is mounted.
type mountPoint struct{ device, root, at string }

func mountPoints(text string) []mountPoint {
	var list []mountPoint
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 4 {
			list = append(list, mountPoint{f[2], unescape(f[3]), unescape(f[4])})
		}
	}
	return list
}

// mapBetween finds the mount that holds a path in one list of mounts, and a
// mount of the same folder in another. It returns both places of that folder.
func mapBetween(theirs, ours []mountPoint, remote string) (remoteTop, local string) {
	var holds mountPoint
	for _, m := range theirs {
		if _, ok := below(m.at, remote); ok && len(m.at) >= len(holds.at) {
			holds = m
		}
	}
	best := -1
	for _, m := range ours {
		if rest, ok := below(m.root, holds.root); ok && m.device == holds.device && len(m.root) > best {
			best, local = len(m.root), path.Join(m.at, rest)
		}
	}
	return holds.at, local
}

// below returns the rest of a path that is dir or below it.
func below(dir, p string) (rest string, ok bool) {
	dir = strings.TrimSuffix(dir, "/")
	if p == dir || strings.HasPrefix(p, dir+"/") {
		return p[len(dir):], true
	}
	return "", false
}

// examineOverlap checks that rTorrent would not wait for its own mount.
func (x *dataCheck) examineOverlap(ctx context.Context, d *diagnosis, dir string) {
	mountpoint, err := resolve(dir)
	if err != nil {
		return // it was said
	}
	caps, err := x.client.Caps(ctx)
	if err != nil {
		return
	}
	if kind, err := mountType(mountpoint); err != nil || kind != "" {
		return // it may hang
	}
	if err := overlap(mountpoint, places(x.endpoint, caps, x.maps)); err != nil {
		d.problem(asFailure(err).hint, "%v", err)
	}
}
