package fs

import (
	"context"
	"unsafe"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// markedReads marks the READs that fill the kernel's page cache: those of
// mmap(2), sendfile(2) and splice(2), also of a file that is open with
// DIRECT_IO. The kernel tells them by a flag that go-fuse does not pass on to
// nodes; so the mark travels in a bit that no process number has.
type markedReads struct{ fuse.RawFileSystem }

const pageCacheMark = 1 << 31

// Read implements fuse.RawFileSystem.
func (m markedReads) Read(cancel <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	if in.ReadFlags&fuse.READ_LOCKOWNER == 0 { // read(2) by itself has one
		in.Caller.Pid |= pageCacheMark
	}
	return m.RawFileSystem.Read(cancel, in, buf)
}

// intoPageCache reports whether a READ was marked.
func intoPageCache(ctx context.Context) bool {
	caller, ok := fuse.FromContext(ctx)
	return ok && caller.Pid&pageCacheMark != 0
}

func addressOf(buf []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(buf))) }
