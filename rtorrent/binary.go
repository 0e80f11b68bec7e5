package rtorrent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A Binary is an rTorrent that is installed on this machine.
type Binary struct {
	Path    string
	Version string // as it tells itself: "0.9.8", "0.16.17"
}

// Is reports whether the binary is of a version or of a series of versions:
// 0.16.17 is of "0.16".
func (b Binary) Is(version string) bool {
	return b.Version == version || strings.HasPrefix(b.Version, version+".")
}

// FindBinaries returns the rTorrents of this machine that run: the one in PATH
// first, then those in rtfs's cache, where scripts/deps.sh unpacks the versions
// that the system lacks ($RTFS_CACHE, else rtfs in the user's cache directory).
func FindBinaries(ctx context.Context) []Binary {
	var found []Binary
	for _, path := range candidates() {
		if version := versionOf(ctx, path); version != "" {
			found = append(found, Binary{Path: path, Version: version})
		}
	}
	return found
}

// candidates returns the paths where an rTorrent may be.
func candidates() []string {
	var paths []string
	if path, err := exec.LookPath("rtorrent"); err == nil {
		paths = append(paths, path)
	}
	cache := os.Getenv("RTFS_CACHE")
	if cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return paths
		}
		cache = filepath.Join(dir, "rtfs")
	}
	entries, err := os.ReadDir(cache)
	if err != nil {
		return paths
	}
	for _, e := range entries { // sorted by name
		if strings.HasPrefix(e.Name(), "rtorrent-") {
			paths = append(paths, filepath.Join(cache, e.Name(), "rtorrent"))
		}
	}
	return paths
}

var versionLine = regexp.MustCompile(`client version ([0-9][0-9.]*[0-9])`)

// versionOf asks a binary for its version; "" means that it does not run or is
// no rTorrent.
func versionOf(ctx context.Context, path string) string {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	// On a machine that is busy a process can fail to start or to answer in
	// time once; a binary that is not there fails each time, and at once.
	for range 3 {
		cmd := exec.CommandContext(ctx, path, "-h")
		cmd.WaitDelay = 5 * time.Second
		out, err := cmd.Output()
		if m := versionLine.FindSubmatch(out); m != nil {
			return string(m[1])
		}
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return ""
		}
	}
	return ""
}
