package fs

import (
	"context"
	"fmt"
	"io"
	"os"
	"syscall"

	"rtfs/rtorrent"
)

// renderMagnet returns a torrent's magnet link, with the trackers that are
// enabled.
func renderMagnet(ctx context.Context, d *driver, t *rtorrent.Torrent) ([]byte, error) {
	trackers, err := d.cache.Trackers(ctx, t.Hash)
	if err != nil {
		return nil, err
	}
	return line(magnetOf(t, trackers).String()), nil
}

// magnetSize is the size of magnet if its trackers were asked lately. If not,
// it is the size without them: a listing of all torrents must not ask for the
// trackers of each. An open magnet has its true size.
func magnetSize(d *driver, t *rtorrent.Torrent) int64 {
	return int64(len(line(magnetOf(t, d.cache.KnownTrackers(t.Hash)).String())))
}

func magnetOf(t *rtorrent.Torrent, trackers []*rtorrent.Tracker) rtorrent.Magnet {
	m := rtorrent.Magnet{Hash: t.Hash, Name: t.Name}
	if t.IsMeta {
		m.Name = "" // not known yet
	}
	for _, tracker := range trackers {
		if tracker.IsEnabled && rtorrent.CheckTracker(tracker.URL) == nil {
			m.Trackers = append(m.Trackers, tracker.URL)
		}
	}
	return m
}

// metainfoMax bounds a .torrent in the session, in bytes.
const metainfoMax = 64 << 20

// renderMetainfo returns the .torrent that rTorrent keeps in its session. The
// log says why it cannot be had.
func renderMetainfo(ctx context.Context, d *driver, t *rtorrent.Torrent) ([]byte, error) {
	content, err := d.metainfo(t)
	if err != nil {
		err = fmt.Errorf("%w: %v", errNoSupport, err)
		d.record(ctx, "torrents/"+string(t.Hash)+"/metainfo.torrent", "", "", err)
	}
	return content, err
}

func (d *driver) metainfo(t *rtorrent.Torrent) ([]byte, error) {
	file, size, err := d.openMetainfo(t)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if size > metainfoMax {
		return nil, fmt.Errorf("the session's .torrent has %d bytes, more than %d", size, metainfoMax)
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(file, content); err != nil {
		return nil, fmt.Errorf("read the session's .torrent: %w", err)
	}
	kept, err := rtorrent.ParseSession(content)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the session's .torrent: %w", err)
	case kept.Magnet:
		return nil, fmt.Errorf("a magnet link whose metadata is not there yet")
	case kept.Hash != t.Hash:
		return nil, fmt.Errorf("the session's .torrent is of %s", kept.Hash)
	}
	return content, nil
}

// openMetainfo opens the .torrent in the session: a regular file, and, for
// root, of rTorrent's user.
func (d *driver) openMetainfo(t *rtorrent.Torrent) (*os.File, int64, error) {
	caps := d.cache.Client().KnownCaps()
	switch {
	case t.IsMeta:
		return nil, 0, fmt.Errorf("a magnet link whose metadata is not there yet")
	case caps == nil || caps.Session == "":
		return nil, 0, fmt.Errorf("rTorrent has no session directory")
	}
	root, err := os.OpenRoot(d.local(caps.Session))
	if err != nil {
		return nil, 0, fmt.Errorf("session directory: %w (if rTorrent sees other paths than we do, use --map)", err)
	}
	defer root.Close()
	file, err := root.OpenFile(string(t.Hash)+".torrent", os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err == nil {
		err = d.mayShow(info)
	}
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// metainfoSize is the size of the session's .torrent, 0 where there is none
// to be seen.
func metainfoSize(d *driver, t *rtorrent.Torrent) int64 {
	caps := d.cache.Client().KnownCaps()
	if t.IsMeta || caps == nil || caps.Session == "" {
		return 0
	}
	root, err := os.OpenRoot(d.local(caps.Session))
	if err != nil {
		return 0
	}
	defer root.Close()
	info, err := root.Lstat(string(t.Hash) + ".torrent")
	if err != nil || d.mayShow(info) != nil {
		return 0
	}
	return info.Size()
}
