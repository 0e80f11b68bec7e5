package fs

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"syscall"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// writeAtMost is how many bytes one open file takes.
const writeAtMost = 64 << 10

// A handle is an open control file. It is safe for concurrent use: a
// descriptor can be shared by processes.
type handle struct {
	node    *fileNode
	content []byte // rendered at open; never changed
	writes  bool
	appends bool
	shape   shape
	above   string // the text that what is written is added to

	mu      sync.Mutex // guards the fields below; never held during an action
	buffer  []byte     // what was written and is not a finished value yet
	start   int64      // file offset of the buffer's begin
	pending bool       // the buffer's end was not carried out yet
	partial bool       // the buffer was the beginning of a value
}

var (
	_ fusefs.FileReader   = (*handle)(nil)
	_ fusefs.FileWriter   = (*handle)(nil)
	_ fusefs.FileFlusher  = (*handle)(nil)
	_ fusefs.FileReleaser = (*handle)(nil)
)

// Read implements fusefs.FileReader.
func (h *handle) Read(_ context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	part := window(h.content, off, len(dest))
	if len(part) > 0 && off+int64(len(part)) == int64(len(h.content)) {
		h.node.text.seen(h.content)
	}
	return fuse.ReadResultData(part), 0
}

// window returns at most n bytes of content from off on.
func window(content []byte, off int64, n int) []byte {
	if off < 0 || off >= int64(len(content)) {
		return nil
	}
	return content[off:min(int64(len(content)), off+int64(n))]
}

// Write carries out the values that are complete with these bytes. Its errno
// is the answer: errors of close(2) are lost by shells.
func (h *handle) Write(ctx context.Context, data []byte, off int64) (uint32, syscall.Errno) {
	if !h.writes {
		return 0, syscall.EBADF
	}
	values, err := h.take(data, off)
	if err != nil {
		h.node.d.record(ctx, h.node.path, "", "", err)
	}
	for _, v := range values {
		if err == nil {
			err = h.commit(ctx, v, strings.HasSuffix(v, "\n"))
		}
	}
	if !bytes.HasSuffix(data, []byte("\n")) && (errors.Is(err, errPartial) || len(data) == 1 && h.shape != shapeLine && errors.Is(err, errInvalid)) {
		h.setPending()
		return uint32(len(data)), 0
	}
	if err != nil {
		h.truncate()
		return 0, h.errno(err)
	}
	return uint32(len(data)), 0
}

// take adds bytes to the buffer and returns the values to carry out now.
func (h *handle) take(data []byte, off int64) ([]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.appends || len(h.buffer) == 0 {
		h.start = off - int64(len(h.buffer))
	}
	if off != h.start+int64(len(h.buffer)) {
		if off != h.start {
			return nil, invalid("write at offset %d, want %d", off, h.start+int64(len(h.buffer)))
		}
		h.buffer = h.buffer[:0] // written again from the begin
	}
	if len(h.buffer)+len(data) > writeAtMost {
		return nil, errTooBig
	}
	h.buffer = append(h.buffer, data...)
	h.pending = false
	if h.shape == shapeLine {
		return h.takeLine()
	}
	value := h.buffer
	if !bytes.HasSuffix(value, []byte("\n")) {
		lines := h.shape == shapeLines && h.appends
		if lines || len(data)%stdioBuffer == 0 {
			h.pending = true // the rest of it may follow
			value = nil
		}
		if lines {
			value = h.buffer[:bytes.LastIndexByte(h.buffer, '\n')+1]
		}
	}
	if len(value) == 0 {
		return nil, nil
	}
	return []string{h.above + string(value)}, nil
}

// stdioBuffer divides the sizes at which programs cut what they write. A text
// that ends there without a newline is most likely not whole.
const stdioBuffer = 4096

// takeLine returns the buffer as one value, and begins the next one behind a
// finished line. The caller holds mu.
func (h *handle) takeLine() ([]string, error) {
	value, rest, finished := strings.Cut(string(h.buffer), "\n")
	if rest != "" {
		return nil, invalid("more than one line")
	}
	if finished {
		h.start += int64(len(h.buffer))
		h.buffer, h.partial = h.buffer[:0], false
		value += "\n"
	}
	return []string{value}, nil
}

// Flush carries out what waited for more bytes. It also comes when a child of
// a shell closes its copy of the descriptor, before anything was written.
func (h *handle) Flush(ctx context.Context) syscall.Errno {
	h.mu.Lock()
	value, due := h.above+string(h.buffer), h.pending
	h.pending = false
	h.mu.Unlock()
	if !due {
		return 0
	}
	if err := h.commit(ctx, value, true); err != nil {
		h.truncate()
		return h.errno(err)
	}
	return 0
}

// Release implements fusefs.FileReleaser. Its errno reaches nobody.
func (h *handle) Release(ctx context.Context) syscall.Errno {
	return h.Flush(ctx)
}

// commit checks one value and carries it out. The beginning of a value is
// errPartial, and no more, while bytes may follow; so is what began as one and
// could be whole by now (dd bs=1 of a URL).
func (h *handle) commit(ctx context.Context, value string, final bool) error {
	if !final {
		_, err := h.node.text.plan(ctx, value, h.appends)
		if errors.Is(err, errPartial) || err == nil && h.waits() {
			return errPartial
		}
	}
	return h.node.commit(ctx, value, h.appends, final)
}

// commit checks a value and carries it out, with a line in the log. Only where
// more of the value may follow is its beginning errPartial without a line.
func (n *fileNode) commit(ctx context.Context, value string, add, final bool) error {
	act, err := n.text.plan(ctx, value, add)
	before := n.text.shown(ctx)
	if err == nil && act != nil {
		err = act(ctx, n.d)
	}
	if !final && errors.Is(err, errPartial) {
		return err
	}
	after := strings.TrimSuffix(value, "\n")
	if err == nil {
		if now := n.text.shown(ctx); now != "" {
			after = now
		}
	}
	if n.mode&0o044 == 0 { // others cannot read it there, so not in the log
		before, after = "", ""
		if err != nil {
			err = withheld{err, strings.TrimSpace(value)}
		}
	}
	n.d.record(ctx, n.path, before, after, err)
	return err
}

// A withheld is an error about a value that must not be shown.
type withheld struct {
	error
	value string
}

func (w withheld) Unwrap() error { return w.error }

func (w withheld) Error() string {
	text := w.error.Error()
	for _, secret := range append(strings.Fields(w.value), w.value) {
		if len(secret) > 3 {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return text
}

// waits reports whether the value began as the beginning of one: then a
// newline or the close is its end.
func (h *handle) waits() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.partial
}

func (h *handle) truncate() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.buffer, h.start, h.pending, h.partial = h.buffer[:0], 0, false, false
}

func (h *handle) setPending() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pending, h.partial = true, true
}

func (h *handle) errno(err error) syscall.Errno {
	return h.node.d.refuse("write", h.node.path, err)
}
