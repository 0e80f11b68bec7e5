package rtorrent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"
)

// loadFileWithin is how long a torrent may take to appear that is read from a
// file: one of 50,000 files takes 3 s.
const (
	loadFileWithin = 20 * time.Second
	loadFilePoll   = 10 * time.Millisecond
)

// loadFile loads a .torrent by a file of ours, in the session directory or
// where downloads go, if we can write there. rTorrent ties a torrent to the
// file that it is read from and deletes that with it, so the tie is cut in the
// same call.
func (c *Client) loadFile(ctx context.Context, caps *Caps, h Hash, metainfo []byte) (sent bool, err error) {
	tooLarge := func(why error) error {
		return fmt.Errorf("%w: %d bytes are more than this rTorrent takes in a call, and by a file: %v", ErrTooLarge, len(metainfo), why)
	}
	var file *os.File
	var dir string
	for _, dir = range []string{caps.Session, caps.Directory} {
		if dir == "" {
			err = errors.New("rTorrent has no directory that is known here")
			continue
		}
		if file, err = os.CreateTemp(c.local(dir), ".rtfs-*.torrent"); err == nil {
			break
		}
	}
	if err != nil {
		return false, tooLarge(err)
	}
	defer os.Remove(file.Name())
	_, err = file.Write(metainfo)
	if err == nil {
		err = ownedBy(file, c.local(dir))
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return false, tooLarge(err)
	}
	name := path.Join(dir, filepath.Base(file.Name()))
	if err := c.CallWrite(ctx, nil, "load.normal", "", name, "d.tied_to_file.set="); err != nil {
		return MayHaveHappened(err), err
	}
	if err := c.awaitLoaded(ctx, h); err != nil {
		return true, tooLarge(err)
	}
	_, err = c.Do(ctx, h, Untie(h))
	return true, err
}

// ownedBy gives a file of root's to the owner of the directory that it is in,
// for rTorrent to read.
func ownedBy(file *os.File, dir string) error {
	info, err := os.Stat(dir)
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return file.Chown(int(stat.Uid), int(stat.Gid))
	}
	return nil
}

func (c *Client) awaitLoaded(ctx context.Context, h Hash) error {
	ctx, cancel := context.WithTimeout(ctx, loadFileWithin)
	defer cancel()
	tick := time.NewTicker(loadFilePoll)
	defer tick.Stop()
	for {
		_, err := c.Torrent(ctx, h)
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.New("rTorrent does not read it")
		}
	}
}
