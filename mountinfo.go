package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	m, _ := mountIn(text, path)
	return m.kind
}

// A mountLine is one mount of mountinfo.
type mountLine struct {
	device, path, kind string
	source             string // what mount(8) calls the device; device is its number
}

func mountsIn(text string) []mountLine {
	var mounts []mountLine
	for line := range strings.Lines(text) {
		before, after, ok := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		kind := strings.Fields(after)
		if ok && len(fields) > 4 && len(kind) > 1 {
			mounts = append(mounts, mountLine{fields[2], unescape(fields[4]), kind[0], unescape(kind[1])})
		}
	}
	return mounts
}

// mountIn returns the topmost mount at a path, false if nothing is mounted there.
func mountIn(text, path string) (found mountLine, ok bool) {
	for _, m := range mountsIn(text) {
		if m.path == path {
			found, ok = m, true // later lines are mounted over earlier ones
		}
	}
	return found, ok
}

// mountAbove returns where the file system is mounted that a path lies in, which
// is not that mounted at the path itself, and its type.
func mountAbove(text, path string) (dir, kind string) {
	for path != "/" {
		path = filepath.Dir(path)
		if m, ok := mountIn(text, path); ok {
			return path, m.kind
		}
	}
	return "", ""
}

// hasDevice reports whether a device is mounted anywhere.
func hasDevice(text, device string) bool {
	return slices.ContainsFunc(mountsIn(text), func(m mountLine) bool { return m.device == device })
}

// ourDevice returns the number of the device of our mount at a path, "" if it
// cannot be told.
func ourDevice(path string) string {
	text, err := os.ReadFile(mountinfo)
	if m, _ := mountIn(string(text), path); err == nil && m.kind == fsType {
		return m.device
	}
	return ""
}

// mountPath returns where the mount of a device is now: a directory above it may
// have another name. Without such a mount it is at the path where it was.
func mountPath(device, was string) string {
	text, err := os.ReadFile(mountinfo)
	if err != nil || device == "" {
		return was
	}
	found := ""
	for _, m := range mountsIn(string(text)) {
		if m.device == device && (found == "" || m.path == was) { // it can be bound elsewhere, too
			found = m.path
		}
	}
	return cmp.Or(found, was)
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
