package fs

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// logKeep is how many bytes of a log are kept.
const logKeep = 1 << 20

// A logFile is text that only grows: offsets count from the mount, reads end
// at the end, and of what is older than its last MiB a line `lost N` stands in
// for the reader. It is safe for concurrent use.
type logFile struct {
	readers atomic.Int64 // open handles
	lines   int          // that are kept at least, however long they are

	mu    sync.Mutex // guards the fields below
	kept  []byte
	count int   // lines in kept
	gone  int64 // bytes before kept
}

func newLogFile(lines int) *logFile { return &logFile{lines: lines} }

// add appends a line.
func (l *logFile) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(append(l.kept, line...), '\n')
	l.count++
	over := len(l.kept) - logKeep
	if over <= 0 || l.count <= l.lines {
		return
	}
	// A quarter more, so that not every line moves a MiB.
	cut, count := 0, l.count
	for cut < over+logKeep/4 && count > l.lines {
		cut += bytes.IndexByte(l.kept[cut:], '\n') + 1
		count--
	}
	if cut >= logKeep/4 {
		l.kept, l.count = append([]byte(nil), l.kept[cut:]...), count
		l.gone += int64(cut)
	}
}

// size is the size of all that was ever added.
func (l *logFile) size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gone + int64(len(l.kept))
}

// read returns at most n bytes from off on. Bytes that are gone read as one
// line that says how many, padded with newlines to their number.
func (l *logFile) read(off int64, n int) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if off < 0 || off >= l.gone+int64(len(l.kept)) {
		return nil
	}
	if off >= l.gone {
		return append([]byte(nil), window(l.kept, off-l.gone, n)...)
	}
	n = int(min(int64(n), l.gone-off))
	lost := append([]byte(nil), strings.Repeat("\n", n)...)
	copy(lost, fmt.Sprintf("lost %d\n", l.gone-off))
	return lost
}

// record logs one write: when, who, what, and how it went.
func (d *driver) record(ctx context.Context, path, before, after string, err error) {
	uid := "-"
	if caller, ok := fuse.FromContext(ctx); ok {
		uid = fmt.Sprint(caller.Uid)
	}
	outcome, words := "OK", ""
	if err != nil {
		outcome = unix.ErrnoName(errnoOf(err, true))
		words = redact(err.Error())
		d.health.note(path + ": " + words)
		d.health.learn(err)
	}
	fields := []string{time.Now().UTC().Format(time.RFC3339), uid, path, redact(before), redact(after), outcome, words}
	for i, f := range fields {
		fields[i] = escapeTSV(f)
	}
	d.log.add(strings.Join(fields, "\t"))
}

// oneLine makes a text fit on one line, and keeps passkeys out of it.
func oneLine(s string) string {
	return redact(strings.Join(strings.Fields(s), " "))
}

// Redact cuts every URL in s down to its scheme and host: the rest can hold a
// passkey. What names a socket of this machine is left.
func Redact(s string) string { return redact(s) }

func redact(s string) string {
	var b strings.Builder
	for {
		at := strings.Index(s, "://")
		if at < 0 {
			b.WriteString(s)
			return b.String()
		}
		host := s[at+3:]
		if strings.HasSuffix(s[:at], "scgi") || strings.HasSuffix(s[:at], "unix") {
			b.WriteString(s[:at+3])
			s = host
			continue
		}
		end := strings.IndexAny(host, "/?# \t\n\"'[]()<>,;")
		if end < 0 {
			end = len(host)
		}
		if user := strings.LastIndexByte(host[:end], '@'); user >= 0 {
			b.WriteString(s[:at+3])
			b.WriteString(host[user+1 : end])
		} else {
			b.WriteString(s[:at+3+end])
		}
		s = host[end:]
		if s != "" && strings.ContainsRune("/?#", rune(s[0])) {
			rest := strings.IndexAny(s, " \t\n\"'<>,;]")
			if rest < 0 {
				rest = len(s)
			}
			b.WriteString("/…")
			s = s[rest:]
		}
	}
}
