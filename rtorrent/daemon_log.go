package rtorrent

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The files that a Daemon keeps in its directory.
const (
	rcFile     = "rtorrent.rc"
	logFile    = "rtorrent.log" // by rTorrent; begun anew at each start
	outputFile = "output.log"   // standard output and error; likewise
)

// LogTail returns the end of what this rTorrent printed and logged since its
// last start, at most 8 KiB.
func (d *Daemon) LogTail() string {
	return tail(filepath.Join(d.o.Dir, outputFile)) + tail(filepath.Join(d.o.Dir, logFile))
}

// lastWords is the end of LogTail that fits into one line of an error: the
// reason is printed where there is one, and else only logged.
func (d *Daemon) lastWords() string {
	for _, name := range []string{outputFile, logFile} {
		lines := strings.Split(strings.TrimSpace(tail(filepath.Join(d.o.Dir, name))), "\n")
		if words := strings.Join(lines[max(0, len(lines)-3):], "; "); words != "" {
			return words
		}
	}
	return "it said nothing"
}

// tail returns the last 4 KiB of a file, begun at a line; "" if it cannot be
// read.
func tail(name string) string {
	const limit = 4096
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	start := max(0, info.Size()-limit)
	b, err := io.ReadAll(io.NewSectionReader(f, start, limit))
	if err != nil {
		return ""
	}
	if start > 0 {
		_, b, _ = bytes.Cut(b, []byte("\n"))
	}
	return strings.ToValidUTF8(string(b), "?")
}
