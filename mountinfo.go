package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// fsType is the type of our mounts, as mount(8) lists it.
const fsType = "fuse.rtfs"

const mountinfo = "/proc/self/mountinfo"

// mountType returns the type of the topmost mount at a path, "" if nothing is
// mounted there. It does not touch the path, which may hang.
func mountType(path string) (string, error) {
	text, err := os.ReadFile(mountinfo)
	if err != nil {
		return "", err
	}
	return mountTypeIn(string(text), path), nil
}

// mountTypeIn is mountType on the text of mountinfo, proc(5).
func mountTypeIn(text, path string) string {
	kind, _ := mountIn(text, path)
	return kind
}

// mountIn returns the type of the topmost mount at a path, and the number of its
// device.
func mountIn(text, path string) (found, device string) {
	for line := range strings.Lines(text) {
		before, after, ok := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		kind := strings.Fields(after)
		if ok && len(fields) > 4 && len(kind) > 0 && unescape(fields[4]) == path {
			found, device = kind[0], fields[2] // later lines are mounted over earlier ones
		}
	}
	return found, device
}

// hasDevice reports whether a device is mounted anywhere.
func hasDevice(text, device string) bool {
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 2 && fields[2] == device {
			return true
		}
	}
	return false
}

// unescape undoes the octal escapes of mountinfo.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// maxLinks is how many links in a row are followed, as in the kernel.
const maxLinks = 40

// resolve returns the absolute path of a mountpoint without symbolic links. It
// does not touch the mountpoint itself: on a mount whose server is gone or
// stopped that fails or hangs.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for range maxLinks {
		parent, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return "", err
		}
		path = filepath.Join(parent, filepath.Base(path))
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil // no link, or nothing there: not for us to tell
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(parent, target)
		}
		path = filepath.Clean(target)
	}
	return "", fmt.Errorf("%s: too many links", path)
}
