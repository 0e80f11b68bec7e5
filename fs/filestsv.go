package fs

import (
	"bytes"
	"context"
	"sync"
	"time"

	"rtfs/rtorrent"
)

// filesKeep is how old the files of a torrent may be, in files.tsv, when
// nothing was downloaded since: only a priority can have changed.
const filesKeep = time.Minute

// allFiles keeps the files of all torrents for files.tsv. It is safe for
// concurrent use.
type allFiles struct {
	mu    sync.Mutex // guards the fields below; never held during a call
	known map[rtorrent.Hash]knownFiles
	// stale are those that were forgotten since they were asked.
	stale map[rtorrent.Hash]bool
}

type knownFiles struct {
	files     []*rtorrent.File
	completed int64 // pieces, when the files were asked
	at        time.Time
}

// of returns the files of all torrents; those are asked that are not known or
// have changed.
func (a *allFiles) of(ctx context.Context, d *driver, torrents []*rtorrent.Torrent) (map[rtorrent.Hash]knownFiles, error) {
	now := time.Now()
	var missing []*rtorrent.Torrent
	a.mu.Lock()
	for _, t := range torrents {
		k, ok := a.known[t.Hash]
		if !ok || k.completed != t.CompletedPieces || now.Sub(k.at) > filesKeep {
			missing = append(missing, t)
			delete(a.stale, t.Hash)
		}
	}
	a.mu.Unlock()
	asked, err := d.cache.Client().FilesOf(ctx, missing)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	next := make(map[rtorrent.Hash]knownFiles, len(torrents))
	for _, t := range torrents {
		if k, ok := a.known[t.Hash]; ok {
			next[t.Hash] = k
		}
	}
	for _, t := range missing {
		k := knownFiles{files: asked[t.Hash], completed: t.CompletedPieces, at: now}
		if a.stale[t.Hash] {
			k.at = time.Time{} // a priority was set while they were asked
		}
		next[t.Hash] = k
	}
	a.known = next
	return next, nil
}

// forget makes the next reader ask for a torrent's files.
func (a *allFiles) forget(h rtorrent.Hash) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.known, h)
	if a.stale == nil {
		a.stale = map[rtorrent.Hash]bool{}
	}
	a.stale[h] = true
}

// renderFilesTSV returns every file of every torrent: a header, then a row
// each.
func renderFilesTSV(ctx context.Context, d *driver, _ *server) ([]byte, error) {
	s, err := d.cache.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	all, err := d.allFiles.of(ctx, d, s.Torrents)
	if err != nil {
		return nil, err
	}
	return d.filesTSV.render(s, func() []byte {
		var b bytes.Buffer
		b.WriteString("hash\tpriority\tsize\tcompleted_bytes\tpath\n")
		for _, t := range s.Torrents {
			for _, f := range all[t.Hash].files {
				b.WriteString(string(t.Hash))
				b.WriteByte('\t')
				b.WriteString(number(f.Priority))
				b.WriteByte('\t')
				b.WriteString(number(max(0, f.Size)))
				b.WriteByte('\t')
				b.WriteString(number(verifiedBytes(t, f)))
				b.WriteByte('\t')
				b.WriteString(escapeTSV(f.Path))
				b.WriteByte('\n')
			}
		}
		return b.Bytes()
	}), nil
}
