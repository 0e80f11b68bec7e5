package fs

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// maxBackground is how many requests that nobody waits for, such as reading
// ahead, the kernel may have under way for one server: its own default.
const maxBackground = 12

// A MountOptions says how the kernel sees the mount.
type MountOptions struct {
	Source     string // the first column of mount(8)
	AllowOther bool
	Direct     bool     // mount(2) first, fusermount3 only if that fails
	Options    []string // passed on to the kernel
	Debug      bool
}

// Mount mounts the tree. It does not wait for rTorrent, so it succeeds while
// rTorrent is down; but it has it asked once, so that health is true and events
// begin with the mount.
func (t *Tree) Mount(dir string, m MountOptions) (*fuse.Server, error) {
	return Mount([]*Tree{t}, dir, m)
}

// Mount mounts one tree, or each of several, which must have names and places,
// below the root.
func Mount(trees []*Tree, dir string, m MountOptions) (*fuse.Server, error) {
	root := trees[0].root
	if root.d.opts.Name != "" {
		root = newServersRoot(trees)
	}
	options := append([]string{"default_permissions"}, m.Options...)
	if root.d.opts.ReadOnly {
		options = append(options, "ro")
	}
	absent := absentLife
	o := &fusefs.Options{
		NegativeTimeout: &absent,
		NullPermissions: true,
		RootStableAttr:  &fusefs.StableAttr{Ino: root.ino},
		MountOptions: fuse.MountOptions{
			FsName:        m.Source,
			Name:          "rtfs",
			AllowOther:    m.AllowOther,
			Options:       options,
			DirectMount:   m.Direct,
			Debug:         m.Debug,
			DisableXAttrs: true,
			// Every READ is answered from memory or by the kernel alone: to try a
			// pipe first is three system calls in vain, and a line in the log
			// where the reply is larger than a pipe.
			DisableSplice: true,
			PanicHandler:  root.d.survive,
			// Content is read much faster in pieces of that size. It is also
			// that of each buffer for requests; those of a server that hangs
			// leave room for the others.
			MaxWrite:                1 << 20,
			MaxInflightRequestBytes: len(trees) * 64 << 20,
			MaxBackground:           len(trees) * maxBackground,
			ExtraCapabilities:       fuse.CAP_READDIRPLUS_AUTO | fuse.CAP_ATOMIC_O_TRUNC,
		},
	}
	var raw fuse.RawFileSystem = resting(markedReads{fusefs.NewNodeFS(root, o)}, trees)
	if wrap := trees[0].wrap; wrap != nil {
		raw = wrap(raw)
	}
	server, err := fuse.NewServer(raw, dir, &o.MountOptions)
	if err == nil {
		go server.Serve()
		err = server.WaitMount()
	}
	if err != nil {
		return nil, fmt.Errorf("mount %s: %w", dir, err)
	}
	closeOnExec()
	for _, t := range trees {
		go t.d.cache.Want(t.d.life, 0)
	}
	return server, nil
}

// closeOnExec keeps the connection to the kernel from the programs that are
// started from now on: go-fuse leaves it open to them where it mounts by
// mount(2). An rTorrent or an ssh that holds it keeps the mount of a killed rtfs
// waiting for answers, where it should fail with ENOTCONN.
func closeOnExec() {
	const dir = "/proc/self/fd/"
	names, err := os.ReadDir(dir)
	if err != nil {
		return // no /proc, and nobody to start
	}
	for _, n := range names {
		if target, err := os.Readlink(dir + n.Name()); err == nil && target == "/dev/fuse" {
			if fd, err := strconv.Atoi(n.Name()); err == nil {
				unix.CloseOnExec(fd)
			}
		}
	}
}

// survive makes a panic in a handler an EIO that is logged; the mount lives.
func (d *driver) survive(panicked any) fuse.Status {
	d.logger.Error("input/output error: a bug in rtfs", "error", panicked, "stack", string(debug.Stack()))
	d.health.note(fmt.Sprintf("a bug in rtfs: %v", panicked))
	return fuse.EIO
}
