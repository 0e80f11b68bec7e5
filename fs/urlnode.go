package fs

import (
	"context"
	"strings"
	"sync"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// linksMax is how many bytes one open url takes.
const linksMax = 1 << 20

// urlName is the name of the file that takes links.
const urlName = "url"

// urlLine describes it.
func urlLine(prefix string) Line {
	return Line{Path: prefix + urlName, Mode: modeString(modeURL), Doc: "write magnet:, http: and https: links, one a line: what they lead to is added", From: "load.normal"}
}

const modeURL = syscall.S_IFREG | 0o200

// A urlNode is the file that takes links. Each line is added by the write that
// ends it, whose errno is the answer.
type urlNode struct {
	base
	ino uint64
	dir *dropDir
}

var (
	_ node                 = (*urlNode)(nil)
	_ fusefs.NodeOpener    = (*urlNode)(nil)
	_ fusefs.NodeGetattrer = (*urlNode)(nil)
	_ fusefs.NodeSetattrer = (*urlNode)(nil)
)

func (a *dropDir) urlEntry() entry {
	ino := a.ino + 2
	return entry{name: urlName, mode: a.d.mode(modeURL), ino: ino, life: fixedLife, node: func() node {
		return &urlNode{base: base{d: a.d}, ino: ino, dir: a}
	}}
}

func (n *urlNode) attr(_ context.Context, out *fuse.Attr) (time.Duration, error) {
	n.d.fill(out, n.ino, n.d.mode(modeURL), 0, 0)
	return 0, nil
}

// Getattr implements fusefs.NodeGetattrer.
func (n *urlNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.getattr(ctx, n, n.dir.path+urlName, out)
}

// Setattr accepts everything and changes nothing.
func (n *urlNode) Setattr(ctx context.Context, f fusefs.FileHandle, _ *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return n.Getattr(ctx, f, out)
}

// Open implements fusefs.NodeOpener.
func (n *urlNode) Open(_ context.Context, flags uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	if flags&syscall.O_ACCMODE != syscall.O_RDONLY && n.d.opts.ReadOnly {
		return nil, 0, syscall.EROFS
	}
	return &urlHandle{d: n.d, dir: n.dir}, fuse.FOPEN_DIRECT_IO, 0
}

// A urlHandle is an open url.
type urlHandle struct {
	d   *driver
	dir *dropDir

	mu     sync.Mutex // guards the fields below; never held during a load
	buffer string     // the begin of a line
	total  int
}

var (
	_ fusefs.FileReader   = (*urlHandle)(nil)
	_ fusefs.FileWriter   = (*urlHandle)(nil)
	_ fusefs.FileFlusher  = (*urlHandle)(nil)
	_ fusefs.FileReleaser = (*urlHandle)(nil)
)

// Read finds nothing: what was written is a torrent by now.
func (h *urlHandle) Read(context.Context, []byte, int64) (fuse.ReadResult, syscall.Errno) {
	return fuse.ReadResultData(nil), 0
}

// Write adds the links of the lines that are complete with these bytes.
func (h *urlHandle) Write(ctx context.Context, data []byte, _ int64) (uint32, syscall.Errno) {
	text, err := h.take(string(data))
	if err == nil {
		err = h.add(ctx, text)
	}
	if err != nil {
		return 0, h.d.refuse("write", h.dir.path+urlName, err)
	}
	return uint32(len(data)), 0
}

// take adds bytes to the buffer and returns the lines to add now. A last line
// without a newline is whole if it is a link and no program would cut it there.
func (h *urlHandle) take(data string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.total += len(data); h.total > linksMax {
		return "", errTooBig
	}
	text := h.buffer + data
	h.buffer = ""
	if at := strings.LastIndexByte(text, '\n') + 1; at < len(text) {
		_, err := parseLink(strings.TrimSpace(text[at:]))
		if err != nil || len(data)%stdioBuffer == 0 || len(data) == 1 {
			text, h.buffer = text[:at], text[at:]
		}
	}
	return text, nil
}

func (h *urlHandle) add(ctx context.Context, text string) error {
	links := splitLinks(text)
	if len(links) == 0 {
		return nil
	}
	return h.d.untilDone(ctx, func(ctx context.Context) error {
		return h.d.addLinks(ctx, h.dir, urlName, links)
	})
}

// Flush adds what waited for more bytes.
func (h *urlHandle) Flush(ctx context.Context) syscall.Errno {
	h.mu.Lock()
	text := h.buffer
	h.buffer = ""
	h.mu.Unlock()
	return h.d.refuse("write", h.dir.path+urlName, h.add(ctx, text))
}

// Release implements fusefs.FileReleaser. Its errno reaches nobody.
func (h *urlHandle) Release(ctx context.Context) syscall.Errno { return h.Flush(ctx) }
