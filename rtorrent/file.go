package rtorrent

import (
	"context"
	"fmt"
)

// A File is one file of a torrent, in the order of the .torrent; its index is
// its place in that order.
type File struct {
	// Path is the path inside the torrent, components joined with '/'.
	Path            string `rt:"f.path,static,text"`
	Size            int64  `rt:"f.size_bytes,static"` // bytes; hostile torrents have negative ones
	Offset          int64  `rt:"f.offset,static"`     // bytes from the torrent's begin
	FirstPiece      int64  `rt:"f.range_first,static"`
	EndPiece        int64  `rt:"f.range_second,static"` // exclusive
	Priority        int64  `rt:"f.priority"`            // 0 off, 1 normal, 2 high
	CompletedPieces int64  `rt:"f.completed_chunks"`
	// FrozenPath is where rTorrent keeps the file, "" until the torrent was
	// opened once in this run of rTorrent.
	FrozenPath string `rt:"f.frozen_path,hex"`
	// LastTouched is when rTorrent last wrote, read or checked a part of the
	// file, in µs; 0 not in this run. A piece that has arrived is read again
	// for its check, so it is later than the file's time on disk unless
	// somebody else has written there.
	LastTouched int64 `rt:"f.last_touched"`
}

// Files returns the files of a torrent.
func (c *Client) Files(ctx context.Context, h Hash) ([]*File, error) {
	caps, err := c.Caps(ctx)
	if err != nil {
		return nil, err
	}
	var count int // a .torrent of 12 MB has 200,000, the table of which is 100 MB
	if err := c.Call(ctx, &count, "d.size_files", h); err != nil {
		return nil, err
	}
	q := c.files.query(caps.Has, Static, Tick, Slow)
	files, err := loadTable(ctx, c, caps, tableCall{
		method: "f.multicall", args: []any{string(h), ""}, name: "files", rows: count,
	}, q, nil)
	if err != nil {
		return nil, err
	}
	return files, c.correctPaths(ctx, caps, h, files)
}

// Created reports which files of a torrent rTorrent sees on its disk now, as
// regular files at their FrozenPath; while that is "" it sees none.
func (c *Client) Created(ctx context.Context, h Hash) ([]bool, error) {
	var rows [][]int
	if err := c.Call(ctx, &rows, "f.multicall", h, "", "f.is_created="); err != nil {
		return nil, err
	}
	created := make([]bool, len(rows))
	for i, row := range rows {
		if len(row) != 1 {
			return nil, fmt.Errorf("f.is_created: %w: %d cells, want 1", ErrProtocol, len(row))
		}
		created[i] = row[0] != 0
	}
	return created, nil
}
