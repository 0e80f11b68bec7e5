package fs

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"rtfs/rtorrent"
)

// A torrentFile is one file of a torrent, as the trees beside files/ see it.
type torrentFile struct {
	torrent *rtorrent.Torrent
	file    *rtorrent.File
	index   int
	pieces  *rtorrent.Pieces // of the torrent, where the tree's values need them
}

func (f *torrentFile) share() share { return shareOf(f.torrent, f.file, f.pieces) }

// sharesFrom are the rTorrent commands that a share is made from.
const sharesFrom = "d.bitfield d.complete f.completed_chunks f.range_first f.range_second"

// fileTrees are the trees beside files/: the same paths, a value in each.
func fileTrees() []Node[rtorrent.Torrent] {
	return []Node[rtorrent.Torrent]{
		fileTreeOf(1, "file_priority", "priorities of the files: 0 off, 1 normal, 2 high; takes the words too", File[torrentFile]{
			Doc: "priority of that file", From: "f.priority", Kind: kindNumber,
			Value: func(f *torrentFile) string { return number(f.file.Priority) },
			Set:   &setter[torrentFile]{words: filePriorityWords[:], plan: setFilePriority},
		}),
		fileTreeOf(2, "file_progress", "verified part of each file in percent, rounded down", File[torrentFile]{
			Doc: "progress of that file", From: sharesFrom, Kind: kindNumber,
			Value: func(f *torrentFile) string { return fileProgress(f) },
		}),
		fileTreeOf(3, "file_chunks", "pieces of each file", File[torrentFile]{
			Doc: "verified pieces and all pieces of that file", From: sharesFrom,
			Value: func(f *torrentFile) string {
				return fmt.Sprintf("%d %d", f.share().pieces, f.file.EndPiece-f.file.FirstPiece)
			},
		}),
	}
}

// fileTreeOf declares one such tree; the file is the row of each of its leaves.
func fileTreeOf(tree uint64, name, doc string, row File[torrentFile]) List[rtorrent.Torrent] {
	at := int(tree-1) << 20
	leaf := fileLeaf{number: tree, entry: func(c *contentDir, name string, index int) entry {
		f := row
		f.Name = name
		e, _ := f.bind(c.d, c.fileSubject(index, row.From == sharesFrom), at)
		return e
	}}
	if row.Set != nil {
		leaf.control = func(c *contentDir, name string, index int) *fileNode {
			f := row
			f.Name = name
			return f.node(c.d, c.fileSubject(index, false), at)
		}
	}
	return List[rtorrent.Torrent]{Name: name, Doc: doc,
		Below: func(prefix string) []Line {
			f := row
			f.Name = "<path>"
			return f.reference(prefix)
		},
		Open: func(d *driver, s subject[rtorrent.Torrent]) directory {
			return &contentDir{d: d, subject: s, path: s.path, tree: leaf}
		},
	}
}

// fileSubject is one file of the directory's torrent, with the torrent's pieces
// if they are needed.
func (c *contentDir) fileSubject(index int, pieces bool) subject[torrentFile] {
	s := subject[torrentFile]{
		path: c.path, hash: c.subject.hash, ino: c.subject.ino + inoFiles<<1 + uint64(index),
		mtime: func(f *torrentFile) int64 { return timeAdded(f.torrent) },
	}
	s.find = func(ctx context.Context) (*torrentFile, error) {
		t, err := c.subject.find(ctx)
		if err != nil {
			return nil, err
		}
		files, err := c.d.cache.Files(ctx, t.Hash)
		if err != nil {
			return nil, err
		}
		if index >= len(files) {
			return nil, errNoEntry
		}
		f := &torrentFile{torrent: t, file: files[index], index: index}
		if pieces && !isAllThere(t) {
			f.pieces, err = c.d.cache.Pieces(ctx, t.Hash)
		}
		return f, err
	}
	return s
}

func fileProgress(f *torrentFile) string {
	if f.file.Size <= 0 {
		return percent(1, 1)
	}
	return percent(f.share().bytes, f.file.Size)
}

// filePriorityWords are what the priorities 0 to 2 of a file are called; there
// is no low.
var filePriorityWords = [...]string{"off", "normal", "high"}

// setFilePriority plans a write to a file in file_priority/.
func setFilePriority(f *torrentFile, value string, _ bool) (action, error) {
	for p, word := range filePriorityWords {
		if value != word && value != strconv.Itoa(p) {
			continue
		}
		if err := needMetadata(f.torrent); err != nil {
			return nil, err
		}
		h, index := f.torrent.Hash, f.index
		return func(ctx context.Context, d *driver) error {
			if err := d.cache.SetFilePriority(ctx, h, index, int64(p)); err != nil {
				return err
			}
			d.streams.choose(fileKey{h, index}, int64(p))
			d.allFiles.forget(h)
			d.filesTSV.shed(nil) // the rows of torrents may be as they were
			d.priorities.due(d, h)
			return nil
		}, nil
	}
	return nil, invalid("file priority %q, want 0 to 2 or off, normal, high", value)
}

// priorityDelay is how long priorities that were set wait for more of the same
// torrent: a loop over its files makes one d.update_priorities.
const priorityDelay = 50 * time.Millisecond

// priorityUpdates are the torrents whose file priorities were set and are not
// in force yet. It is safe for concurrent use.
type priorityUpdates struct {
	mu     sync.Mutex // guards timers
	timers map[rtorrent.Hash]*time.Timer
}

func newPriorityUpdates() *priorityUpdates {
	return &priorityUpdates{timers: map[rtorrent.Hash]*time.Timer{}}
}

// due puts the priorities in force soon.
func (p *priorityUpdates) due(d *driver, h rtorrent.Hash) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.timers[h]; t != nil {
		t.Reset(priorityDelay)
		return
	}
	p.timers[h] = time.AfterFunc(priorityDelay, func() {
		p.mu.Lock()
		delete(p.timers, h)
		p.mu.Unlock()
		p.update(d, h)
	})
}

func (p *priorityUpdates) update(d *driver, h rtorrent.Hash) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.life), d.cache.Client().Timeout())
	defer cancel()
	if _, err := d.cache.Apply(ctx, h, rtorrent.UpdatePriorities(h)); err != nil {
		d.fail("update priorities", "torrents/"+string(h)+"/file_priority/", err)
	}
}

// flush puts in force what waits, before the mount ends.
func (p *priorityUpdates) flush(d *driver) {
	p.mu.Lock()
	var waiting []rtorrent.Hash
	for h, t := range p.timers {
		if t.Stop() {
			waiting = append(waiting, h)
		}
	}
	clear(p.timers)
	p.mu.Unlock()
	for _, h := range waiting {
		p.update(d, h)
	}
}
