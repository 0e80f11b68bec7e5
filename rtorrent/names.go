package rtorrent

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// A nameCache keeps what the session's .torrent files say, for the names and
// paths that RPC cannot tell. It is safe for concurrent use.
type nameCache struct {
	mu    sync.Mutex // guards known
	known map[Hash]*SessionTorrent
}

func newNameCache() *nameCache {
	return &nameCache{known: map[Hash]*SessionTorrent{}}
}

func (n *nameCache) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.known)
}

// session returns what the session's .torrent says, or nil if it cannot be
// read from here. Only what RPC told badly is ever looked up.
func (n *nameCache) session(caps *Caps, h Hash) *SessionTorrent {
	if caps.LocalSession == "" {
		return nil
	}
	n.mu.Lock()
	known, ok := n.known[h]
	n.mu.Unlock()
	if ok {
		return known
	}
	b, err := os.ReadFile(filepath.Join(caps.LocalSession, string(h)+".torrent"))
	if err != nil {
		return nil // 0.16 writes it some time after the load
	}
	t, err := ParseSession(b)
	switch {
	case errors.Is(err, ErrIncomplete):
		return nil
	case err == nil && t.Hash == h:
		known = t
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known[h] = known
	return known
}

// correctName puts the exact bytes of the name into a row, also where it ends
// a path. 0.9.8 shows '?' for every control and non-ASCII byte of a text that
// holds a latin-1 or non-BMP character (0.16 percent escapes), and a newline
// for a carriage return; only the name itself has another form there. Of the
// folders above it nothing better is known where the torrent has its own.
//
// It returns the row itself if there is nothing to correct: rows may be
// published already.
func (c *Client) correctName(caps *Caps, t *Torrent) *Torrent {
	if !strings.ContainsAny(t.Name, "?\n") && !strings.ContainsAny(t.BasePath, "?%\n") && !strings.ContainsAny(t.Directory, "?%\n") {
		return t // nearly always
	}
	right := *t
	if !caps.Has("d.name"+hexForm) && strings.ContainsAny(t.Name, "?\n") && !t.IsMeta {
		if s := c.names.session(caps, t.Hash); s != nil {
			right.Name = s.Name
		}
	}
	if t.IsMulti {
		correctEnd(&right.Directory, right.Name)
	} else if strings.Contains(t.BasePath, "?") {
		if path := t.Directory + "/" + right.Name; t.BasePath == questioned(path) {
			right.BasePath = path
		}
	}
	correctEnd(&right.BasePath, right.Name)
	if right == *t {
		return t
	}
	return &right
}

// correctEnd replaces the last component of a path where it is what rTorrent
// shows for the name.
func correctEnd(p *string, name string) {
	at := strings.LastIndexByte(*p, '/') + 1
	shown := (*p)[at:]
	if shown == name || !strings.ContainsAny(shown, "?%\n") { // nearly always
		return
	}
	switch shown {
	case questioned(name), escaped(name), strings.ReplaceAll(name, "\r", "\n"):
		*p = (*p)[:at] + name
	}
}

// questioned returns a text as 0.9.8 shows it when it cannot encode it.
func questioned(s string) string {
	b := []byte(s)
	for i, c := range b {
		switch {
		case c == '\r':
			b[i] = '\n'
		case c >= 0x80, c < 0x20 && c != '\t' && c != '\n':
			b[i] = '?'
		}
	}
	return string(b)
}

// escaped returns a text as 0.16 shows it when it cannot encode it: a '%' that
// is really there is not escaped.
func escaped(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// correctPaths puts the exact bytes of the paths into the files. 0.16 shows
// percent escapes where 0.9.8 shows '?', which cannot be told from a '%' that
// is really there; a carriage return is a newline on both.
func (c *Client) correctPaths(ctx context.Context, caps *Caps, h Hash, files []*File) error {
	mark, components := "?\n", "f.path_components"+hexForm
	if caps.Has(components) {
		mark = "%\n"
	}
	doubtful := false
	for _, f := range files {
		doubtful = doubtful || strings.ContainsAny(f.Path, mark)
	}
	if !doubtful {
		return nil
	}
	if s := c.names.session(caps, h); s != nil && len(s.Files) == len(files) {
		for i, f := range files {
			f.Path = strings.Join(s.Files[i].Path, "/")
		}
		return nil
	}
	if !caps.Has(components) {
		return nil
	}
	return c.hexPaths(ctx, h, components, files)
}

// hexPaths asks the paths as hexadecimal components, a list inside each row.
func (c *Client) hexPaths(ctx context.Context, h Hash, command string, files []*File) error {
	var rows [][][]string
	if err := c.Call(ctx, &rows, "f.multicall", h, "", command+"="); err != nil {
		return err
	}
	if len(rows) != len(files) {
		return fmt.Errorf("%s: %w: %d rows, want %d", command, ErrProtocol, len(rows), len(files))
	}
	for i, row := range rows {
		if len(row) != 1 {
			return fmt.Errorf("%s: %w: %d cells, want 1", command, ErrProtocol, len(row))
		}
		parts := make([]string, len(row[0]))
		for j, digits := range row[0] {
			b, err := hex.DecodeString(digits)
			if err != nil {
				return fmt.Errorf("%s: %w: %v", command, ErrProtocol, err)
			}
			parts[j] = string(b)
		}
		files[i].Path = strings.Join(parts, "/")
	}
	return nil
}
