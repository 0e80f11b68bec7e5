package cache

import (
	"context"
	"time"

	"rtfs/rtorrent"
)

// Pieces returns which pieces of a torrent are verified, at most TTL old.
func (c *Cache) Pieces(ctx context.Context, h rtorrent.Hash) (*rtorrent.Pieces, error) {
	return c.pieces.value(ctx, h)
}

// FreshPieces is Pieces for a reader who would be refused what may have come
// since: it is at most a tenth of a second old.
func (c *Cache) FreshPieces(ctx context.Context, h rtorrent.Hash) (*rtorrent.Pieces, error) {
	return c.pieces.within(ctx, h, min(c.opts.TTL, watchFastest))
}

// Content returns the files of a torrent and which pieces are verified, at most
// TTL old; the pieces are no older than the files. A check sets first when a
// file was touched and then what is verified, so what is whole here and was
// touched after it was written to was verified since.
func (c *Cache) Content(ctx context.Context, h rtorrent.Hash) ([]*rtorrent.File, *rtorrent.Pieces, error) {
	files := c.files.entry(ctx, h, c.opts.TTL)
	if err := files.wait(ctx); err != nil {
		return nil, nil, err
	}
	for {
		pieces := c.pieces.entry(ctx, h, min(c.opts.TTL, time.Since(files.ended)))
		if err := pieces.wait(ctx); err != nil {
			return nil, nil, err
		}
		if !pieces.began.Before(files.ended) {
			return files.value, pieces.value, nil
		}
	}
}

// DropContent makes the next Content load everything anew.
func (c *Cache) DropContent(h rtorrent.Hash) {
	c.files.drop(h)
	c.pieces.drop(h)
}
