package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"rtfs/fs"
)

// logger returns what --log-level asks for. It writes a line a problem to
// standard error, or to the journal where that is standard error, and no
// secrets: what follows the host of a URL is left out.
func (p *program) logger(c *cli.Context) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.String("log-level"))); err != nil {
		return nil, usage("--log-level %s: want debug, info, warn or error", c.String("log-level"))
	}
	journal := isJournal(os.Getenv("JOURNAL_STREAM"), os.Stderr)
	return newLogger(p.stderr, level, journal), nil
}

func newLogger(w io.Writer, level slog.Level, journal bool) *slog.Logger {
	out := &logWriter{w: w, journal: journal, now: time.Now, said: map[string]*repeats{}}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: redactAttr}))
}

func redactAttr(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString, slog.KindAny:
		if _, isLevel := a.Value.Any().(slog.Level); !isLevel {
			a.Value = slog.StringValue(fs.Redact(a.Value.String()))
		}
	}
	return a
}

// isJournal reports whether a file is the one that systemd says is the
// journal, which stamps lines itself.
func isJournal(stream string, f *os.File) bool {
	info, err := f.Stat()
	if err != nil || stream == "" {
		return false
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && stream == fmt.Sprintf("%d:%d", s.Dev, s.Ino)
}

const (
	// repeatAfter is how long a line that was said is not said again.
	repeatAfter = 5 * time.Minute
	// manyLines is how many lines are remembered.
	manyLines = 256
)

// A logWriter takes the lines of a slog.TextHandler and passes each on once: a
// server that is down fails a call a second. It is safe for concurrent use.
type logWriter struct {
	w       io.Writer
	journal bool
	now     func() time.Time

	mu   sync.Mutex // guards said
	said map[string]*repeats
}

// repeats says when a line was passed on, and how often it came since.
type repeats struct {
	at    time.Time
	count int
}

// Write implements io.Writer.
func (l *logWriter) Write(line []byte) (int, error) {
	stamp, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok || !bytes.HasPrefix(stamp, []byte("time=")) {
		return l.w.Write(line)
	}
	text, now := strings.TrimSuffix(string(rest), "\n"), l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.said[text]
	if before != nil && now.Sub(before.at) < repeatAfter {
		before.count++
		return len(line), nil
	}
	if before == nil && len(l.said) >= manyLines {
		clear(l.said)
	}
	l.said[text] = &repeats{at: now}
	if before != nil && before.count > 0 {
		text += fmt.Sprintf(" repeated=%d", before.count)
	}
	if l.journal {
		text = withPriority(text)
	} else {
		text = string(stamp) + " " + text
	}
	if _, err := io.WriteString(l.w, text+"\n"); err != nil {
		return 0, err
	}
	return len(line), nil
}

// withPriority says the level as the journal wants it, sd-daemon(3).
func withPriority(text string) string {
	for level, priority := range map[string]string{"ERROR": "<3>", "WARN": "<4>", "INFO": "<6>", "DEBUG": "<7>"} {
		if rest, ok := strings.CutPrefix(text, "level="+level+" "); ok {
			return priority + rest
		}
	}
	return text
}
