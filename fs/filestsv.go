package fs

import (
	"bytes"
	"context"

	"rtfs/rtorrent"
)

// filesOfAll returns the files of all torrents.
func (d *driver) filesOfAll(ctx context.Context, torrents []*rtorrent.Torrent) (map[rtorrent.Hash][]*rtorrent.File, error) {
	return d.allFiles.of(torrents, func(missing []*rtorrent.Torrent) (map[rtorrent.Hash][]*rtorrent.File, error) {
		return d.cache.Client().FilesOf(ctx, missing)
	})
}

// renderFilesTSV returns every file of every torrent: a header, then a row
// each.
func renderFilesTSV(ctx context.Context, d *driver, _ *server) ([]byte, error) {
	s, err := d.cache.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	all, err := d.filesOfAll(ctx, s.Torrents)
	if err != nil {
		return nil, err
	}
	shares, err := d.sharesOf(ctx, s.Torrents, all)
	if err != nil {
		return nil, err
	}
	return d.filesTSV.render(s, func() []byte {
		var b bytes.Buffer
		b.WriteString("hash\tpriority\tsize\tcompleted_bytes\tpath\n")
		for _, t := range s.Torrents {
			of := shares[t.Hash]
			for i, f := range all[t.Hash] {
				completed := shareOf(t, f, nil).bytes
				if i < len(of) {
					completed = of[i].bytes
				}
				b.WriteString(string(t.Hash))
				b.WriteByte('\t')
				b.WriteString(number(f.Priority))
				b.WriteByte('\t')
				b.WriteString(number(max(0, f.Size)))
				b.WriteByte('\t')
				b.WriteString(number(completed))
				b.WriteByte('\t')
				b.WriteString(escapeTSV(f.Path))
				b.WriteByte('\n')
			}
		}
		return b.Bytes()
	}), nil
}
