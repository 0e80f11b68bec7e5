package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A machine is what doctor looks at of the one it runs on.
type machine struct {
	root       string // where its /dev and /etc are
	uid        int
	allowOther bool
}

func (m machine) path(elem ...string) string {
	return filepath.Join(append([]string{m.root}, elem...)...)
}

// examine checks what every mount needs.
func (m machine) examine(d *diagnosis) {
	m.examineDevice(d)
	m.examineHelper(d)
	m.examineAllowOther(d)
	m.examineUpdatedb(d)
}

func (m machine) examineDevice(d *diagnosis) {
	device := m.path("dev", "fuse")
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	switch {
	case err == nil:
		f.Close()
		d.ok("%s can be opened", device)
	case errors.Is(err, fs.ErrNotExist):
		d.problem("as root: modprobe fuse; a container needs --device /dev/fuse --cap-add SYS_ADMIN", "%s does not exist", device)
	case errors.Is(err, syscall.EPERM):
		d.problem("a container needs --device /dev/fuse --cap-add SYS_ADMIN", "%s is forbidden here: %v", device, cause(err))
	case errors.Is(err, fs.ErrPermission):
		d.problem("as root: chmod 666 "+device+", or add yourself to its group", "%s may not be opened by you", device)
	default:
		d.problem("as root: modprobe fuse", "%s cannot be opened: %v", device, cause(err))
	}
}

// examineHelper looks for the program that mounts for those who are not root.
func (m machine) examineHelper(d *diagnosis) {
	path, err := fusermount3()
	if m.uid == 0 {
		if err == nil {
			d.ok("fusermount3 is %s; root needs none", path)
		} else {
			d.ok("fusermount3 is neither in PATH nor in /bin; root needs none")
		}
		return
	}
	if err != nil {
		d.problem("apt install fuse3, or what this system calls that package", "fusermount3 is neither in PATH nor in /bin")
		return
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		d.problem("apt install --reinstall fuse3", "fusermount3: %v", err)
	case info.Mode()&fs.ModeSetuid == 0 || info.Sys().(*syscall.Stat_t).Uid != 0:
		d.problem("as root: chown root "+path+" && chmod u+s "+path, "%s does not run as root", path)
	case !m.hasMtab():
		d.problem("as root: ln -s /proc/self/mounts "+m.path("etc", "mtab"), "%s does not exist, and fusermount3 unmounts nothing without it", m.path("etc", "mtab"))
	default:
		d.ok("fusermount3 is %s", path)
	}
}

func (m machine) hasMtab() bool {
	_, err := os.Stat(m.path("etc", "mtab"))
	return err == nil
}

func (m machine) examineAllowOther(d *diagnosis) {
	conf := m.path("etc", "fuse.conf")
	allowed := slices.Contains(confLines(conf), "user_allow_other")
	switch {
	case allowed:
		d.ok("user_allow_other is set in %s: --allow-other works", conf)
	case m.uid == 0:
		d.ok("user_allow_other is not set in %s; root can use --allow-other without", conf)
	case m.allowOther:
		d.problem("as root: echo user_allow_other >> "+conf, "user_allow_other is not set in %s, and --allow-other needs it", conf)
	default:
		d.ok("user_allow_other is not set in %s: nobody but you can enter the mount", conf)
	}
}

// examineUpdatedb checks that the nightly run of locate's database stays out.
func (m machine) examineUpdatedb(d *diagnosis) {
	conf := m.path("etc", "updatedb.conf")
	lines := confLines(conf)
	if lines == nil {
		d.ok("no %s: locate does not walk the mount", conf)
		return
	}
	for _, line := range lines {
		key, value, _ := strings.Cut(line, "=")
		if strings.TrimSpace(key) == "PRUNEFS" &&
			slices.Contains(strings.Fields(strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`))), fsType) {
			d.ok("%s keeps locate out of the mount", conf)
			return
		}
	}
	if m.uid != 0 && !m.allowOther {
		d.ok("%s names no %s in PRUNEFS; updatedb cannot enter your mounts anyway", conf, fsType)
		return
	}
	d.warning("add "+fsType+" to PRUNEFS in "+conf, "updatedb walks the mount every night")
}

// confLines returns the lines of a file less comments, nil if it cannot be read.
func confLines(path string) []string {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	lines := []string{}
	for line := range strings.Lines(string(text)) {
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) != "" {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// examineMountpoint checks a directory to mount on, and takes no dead mount away.
func (m machine) examineMountpoint(d *diagnosis, dir string) {
	path, err := resolve(dir)
	if err != nil {
		d.problem(missingHint(dir, nil), "mountpoint %s: %v", dir, cause(err))
		return
	}
	kind, err := mountType(path)
	switch {
	case err != nil:
		d.problem("", "mountpoint %s: %v", dir, err)
		return
	case kind == fsType && isDead(path):
		d.warning("rtfs umount "+quote(dir)+", or simply mount again", "mountpoint %s: an rtfs that is gone left it mounted", dir)
		return
	case kind == fsType:
		d.ok("mountpoint %s: an rtfs is mounted there", dir)
		return
	}
	info, err := bounded(func() (os.FileInfo, error) { return os.Stat(path) })
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.problem(missingHint(dir, nil), "mountpoint %s does not exist", dir)
	case err != nil:
		d.problem("choose another directory", "mountpoint %s: %v", dir, cause(err))
	case !info.IsDir():
		d.problem(missingHint(dir, info), "mountpoint %s is not a directory", dir)
	case m.uid != 0 && unix.Access(path, unix.W_OK) != nil:
		d.problem("choose a directory of yours, as fusermount3 wants it", "mountpoint %s is not writable by you", dir)
	default:
		d.ok("mountpoint %s is a directory", dir)
	}
}

// missingHint says what to do about a mountpoint that is no directory, or nothing
// at all (nil). It may be meant as the address of a server.
func missingHint(dir string, info os.FileInfo) string {
	socket := info != nil && info.Mode()&fs.ModeSocket != 0
	if guess := guessAddress(dir); guess != "" && (socket || strings.HasSuffix(dir, ".sock") || !strings.Contains(dir, "/")) {
		return "perhaps " + guess + " is meant, a server"
	}
	if info != nil {
		return "choose a directory"
	}
	return "mkdir -p " + quote(dir)
}

// cause is an error without the path, which the message has already.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// permissionHint says how to get at a path that may not be used in the way mode
// asks, as in access(2): it finds the folder or file that is in the way.
func permissionHint(path string, mode uint32) string {
	for dir := filepath.Dir(path); dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		if unix.Access(dir, unix.X_OK) != nil && unix.Access(filepath.Dir(dir), unix.X_OK) == nil {
			path, mode = dir, unix.X_OK
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return "run rtfs as the user who runs rTorrent"
	}
	owner := info.Sys().(*syscall.Stat_t)
	name := strconv.Itoa(int(owner.Gid))
	if group, err := user.LookupGroupId(name); err == nil {
		name = group.Name
	}
	if bits := uint32(info.Mode().Perm()) >> 3 & 7; bits&mode == mode && owner.Gid != 0 && !inGroup(owner.Gid) {
		return fmt.Sprintf("%s is open to the group %s: as root, usermod -aG %s %s; then log in again", path, name, name, userName())
	}
	return fmt.Sprintf("%s is %v %s:%s: run rtfs as its owner, or have the mode changed", path, info.Mode(), ownerName(owner.Uid), name)
}

func inGroup(gid uint32) bool {
	groups, err := os.Getgroups()
	return err == nil && (slices.Contains(groups, int(gid)) || os.Getegid() == int(gid))
}

func userName() string { return ownerName(uint32(os.Geteuid())) }

func ownerName(uid uint32) string {
	id := strconv.Itoa(int(uid))
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
