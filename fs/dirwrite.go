package fs

import (
	"context"
	"fmt"
	"syscall"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"rtfs/rtorrent"
)

// What a directory can do besides being read. Each is a small interface of
// its own; what a directory lacks is refused. Unlink and rmdir in particular
// change nothing anywhere but where a directory holds what is only ours.
type (
	// A maker takes mkdir.
	maker interface {
		mkdir(ctx context.Context, name string) (entry, error)
	}
	// A creator takes new files.
	creator interface {
		create(ctx context.Context, name string, flags, mode uint32) (entry, fusefs.FileHandle, error)
	}
	// A remover takes unlink and rmdir of what only we hold.
	remover interface {
		remove(ctx context.Context, name string, dir bool) error
	}
	// A receiver takes what is moved into it from another directory.
	receiver interface {
		receive(ctx context.Context, from *dirNode, name, newName string) error
	}
	// A linker takes symlink.
	linker interface {
		symlink(ctx context.Context, target, name string) (entry, error)
	}
	// A renamer takes renames within itself.
	renamer interface {
		rename(ctx context.Context, name, newName string, replace bool) error
	}
	// A holder knows which torrent an entry of it stands for.
	holder interface {
		torrent(ctx context.Context, name string) (*rtorrent.Torrent, error)
	}
)

var (
	_ fusefs.NodeCreater   = (*dirNode)(nil)
	_ fusefs.NodeMkdirer   = (*dirNode)(nil)
	_ fusefs.NodeMknoder   = (*dirNode)(nil)
	_ fusefs.NodeSymlinker = (*dirNode)(nil)
	_ fusefs.NodeLinker    = (*dirNode)(nil)
	_ fusefs.NodeUnlinker  = (*dirNode)(nil)
	_ fusefs.NodeRmdirer   = (*dirNode)(nil)
	_ fusefs.NodeRenamer   = (*dirNode)(nil)
)

// Create implements fusefs.NodeCreater. An unknown name is EACCES where there
// are files to write: a typo must not look like success.
func (n *dirNode) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fusefs.Inode, fusefs.FileHandle, uint32, syscall.Errno) {
	c, ok := n.dir.(creator)
	if !ok {
		return nil, nil, 0, syscall.EACCES
	}
	e, handle, err := c.create(ctx, name, flags, mode)
	if err != nil {
		return nil, nil, 0, n.d.refuse("create", n.path+name, err)
	}
	inode, errno := n.enter(ctx, e, out)
	if errno != 0 {
		return nil, nil, 0, errno
	}
	return inode, handle, fuse.FOPEN_DIRECT_IO, 0
}

// Mkdir implements fusefs.NodeMkdirer.
func (n *dirNode) Mkdir(ctx context.Context, name string, _ uint32, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	m, ok := n.dir.(maker)
	if !ok {
		return nil, syscall.EPERM
	}
	e, err := m.mkdir(ctx, name)
	if err != nil {
		return nil, n.d.refuse("mkdir", n.path+name, err)
	}
	return n.enter(ctx, e, out)
}

// Mknod is refused: nothing here is a device.
func (n *dirNode) Mknod(context.Context, string, uint32, uint32, *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	return nil, syscall.EPERM
}

// Symlink implements fusefs.NodeSymlinker.
func (n *dirNode) Symlink(ctx context.Context, target, name string, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	l, ok := n.dir.(linker)
	if !ok {
		return nil, syscall.EPERM
	}
	e, err := l.symlink(ctx, target, name)
	if err != nil {
		return nil, n.d.refuse("symlink", n.path+name, err)
	}
	return n.enter(ctx, e, out)
}

// Link is refused.
func (n *dirNode) Link(context.Context, fusefs.InodeEmbedder, string, *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	return nil, syscall.EPERM
}

// Unlink is refused but for what only we hold.
func (n *dirNode) Unlink(ctx context.Context, name string) syscall.Errno {
	return n.remove(ctx, name, false)
}

// Rmdir is refused but for what only we hold.
func (n *dirNode) Rmdir(ctx context.Context, name string) syscall.Errno {
	return n.remove(ctx, name, true)
}

func (n *dirNode) remove(ctx context.Context, name string, dir bool) syscall.Errno {
	r, ok := n.dir.(remover)
	if !ok {
		return syscall.EPERM
	}
	return n.d.refuse("remove", n.path+name, r.remove(ctx, name, dir))
}

// renameExchange is RENAME_EXCHANGE of renameat2(2), renameNoReplace its
// RENAME_NOREPLACE.
const (
	renameNoReplace = 1
	renameExchange  = 2
)

// Rename implements fusefs.NodeRenamer. A rename from one directory to another
// is the receiver's matter, and refused from one server to another; it is never
// EXDEV, after which mv would copy.
func (n *dirNode) Rename(ctx context.Context, name string, newParent fusefs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	to, ok := newParent.(*dirNode)
	if !ok || flags&renameExchange != 0 {
		return syscall.EINVAL
	}
	err := fmt.Errorf("%w: %s", errPerm, to.path)
	if to == n {
		if r, ok := n.dir.(renamer); ok {
			err = r.rename(ctx, name, newName, flags&renameNoReplace == 0)
		}
	} else if r, ok := to.dir.(receiver); ok && to.d == n.d {
		err = r.receive(ctx, n, name, newName)
	}
	if errno := n.d.refuse("rename", n.path+name, err); errno != 0 {
		return errno
	}
	if moved := n.GetChild(name); moved != nil && moved.IsDir() {
		n.d.inos.renew(moved.StableAttr().Ino)
		if old, ok := moved.Operations().(*dirNode); ok && to == n {
			old.gone.Store(true)
		}
	}
	n.d.notifier.forget(&n.Inode, name)
	n.d.notifier.forget(&to.Inode, newName)
	return 0
}
