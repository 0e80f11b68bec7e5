package fs

import (
	"context"

	"rtfs/rtorrent"
)

// A share is how much of a file is verified.
type share struct{ pieces, bytes int64 }

// shareOf counts by the pieces of the torrent where rTorrent tells them. They
// may be nil of a torrent that is whole. Of a closed one that is not, rTorrent
// keeps a count for each file, which can have one too many: where a file begins
// with a piece, both versions count the piece before it, too.
func shareOf(t *rtorrent.Torrent, f *rtorrent.File, p *rtorrent.Pieces) share {
	all := share{max(0, f.EndPiece-f.FirstPiece), max(0, f.Size)}
	switch {
	case isAllThere(t) || p != nil && p.Whole():
		return all
	case p != nil && p.Known():
		s := share{bytes: extentOf(f).verified(p, t.PieceSize)}
		for piece := f.FirstPiece; piece < f.EndPiece; piece++ {
			if p.Has(piece) {
				s.pieces++
			}
		}
		return s
	}
	n := f.CompletedPieces
	if n <= all.pieces && f.FirstPiece > 0 && t.PieceSize > 0 && f.Offset%t.PieceSize == 0 {
		n--
	}
	n = min(max(0, n), all.pieces)
	if n == all.pieces {
		return all
	}
	return share{n, min(all.bytes, n*t.PieceSize)}
}

// isAllThere reports whether every piece of a torrent is verified, so that
// there is nothing to ask.
func isAllThere(t *rtorrent.Torrent) bool { return t.IsComplete && t.Hashing == 0 && !t.IsMeta }

// sharesOf returns the shares of the files of those torrents that are open and not
// whole: of others rTorrent does not tell more than is known.
func (d *driver) sharesOf(ctx context.Context, torrents []*rtorrent.Torrent, files map[rtorrent.Hash][]*rtorrent.File) (map[rtorrent.Hash][]share, error) {
	var partial []*rtorrent.Torrent
	for _, t := range torrents {
		if t.IsOpen && !isAllThere(t) {
			partial = append(partial, t)
		}
	}
	return d.allShares.of(partial, func(missing []*rtorrent.Torrent) (map[rtorrent.Hash][]share, error) {
		var hashes []rtorrent.Hash
		for _, t := range missing {
			hashes = append(hashes, t.Hash)
		}
		pieces, err := d.cache.Client().PiecesOf(ctx, hashes)
		shares := make(map[rtorrent.Hash][]share, len(pieces))
		for _, t := range missing {
			for _, f := range files[t.Hash] {
				shares[t.Hash] = append(shares[t.Hash], shareOf(t, f, pieces[t.Hash]))
			}
		}
		return shares, err
	})
}
