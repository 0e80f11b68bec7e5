package fs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// setDirectory plans a write to directory. rTorrent closes an open torrent
// silently when its directory is set, so it is stopped first, by itself: on
// 0.9.8 the setter must not meet a running check. A torrent that does not start
// in the new directory is put back into the old one.
func setDirectory(t *rtorrent.Torrent, value string, _ bool) (action, error) {
	dir, err := parseDirectory(value)
	if err != nil && value == t.Directory {
		return nil, nil // a relative one that somebody else has set
	}
	if err != nil {
		return nil, err
	}
	if t.IsMeta {
		return nil, fmt.Errorf("directory: %w: the metadata is not there yet", errBusy)
	}
	h := t.Hash
	return func(ctx context.Context, d *driver) error {
		if err := d.jobs.refuse(h, "directory"); err != nil {
			return err
		}
		if err := d.wantDirectory(ctx, dir); err != nil && (isNever(err) || t.State && t.IsComplete) {
			return err // of what is complete rTorrent makes nothing
		}
		if err := d.wantDirectory(ctx, path.Dir(dir)); err != nil {
			return fmt.Errorf("%w, and rTorrent makes only the last folder of a path", err)
		}
		was, err := d.switchDirectory(ctx, h, dir, nil)
		if !errors.Is(err, errNoStart) {
			return err
		}
		if _, back := d.switchDirectory(ctx, h, was.Directory, was); back != nil {
			return fmt.Errorf("%w: %w; it could not be put back to %s: %w", rtorrent.ErrUnknown, err, was.Directory, back)
		}
		return fmt.Errorf("%w; it is back in %s", err, was.Directory)
	}, nil
}

// switchDirectory gives a torrent another directory, and has it run, or not, as
// it did in the row like; nil stands for before. It returns the row from before.
func (d *driver) switchDirectory(ctx context.Context, h rtorrent.Hash, dir string, like *rtorrent.Torrent) (was *rtorrent.Torrent, err error) {
	var started *rtorrent.Torrent // again, nil if it is not to run
	err = d.cache.Update(ctx, h, d.columns(stateColumns+" d.directory_base"), func(now *rtorrent.Torrent, do cache.Do) error {
		was = now
		if like == nil {
			like = now
		}
		if now.Directory == dir {
			return nil
		}
		var err error
		if now.State || now.IsOpen || now.Hashing != 0 {
			if now, err = do(moveStop.commands(h)...); err != nil {
				return err
			}
		}
		if now.Hashing != 0 || now.IsOpen {
			return fmt.Errorf("directory: %w: somebody else opened the torrent", errBusy)
		}
		now, err = do(rtorrent.SetDirectory(h, dir))
		if err == nil && now.Directory != dir {
			err = fmt.Errorf("directory: rTorrent kept %q", now.Directory)
		}
		if !like.State {
			return err
		}
		commands := moveRestart.commands(h) // 0.9.8 does not start what it found without data
		if stateOf(like) == statePaused {
			commands = append(commands, rtorrent.Pause(h))
		}
		now, restart := do(commands...)
		if err == nil {
			err = restart
		}
		if stateOf(like) != statePaused {
			started = now
		}
		return err
	})
	if err != nil || started == nil {
		return was, err
	}
	return was, d.awaitStart(ctx, started)
}

// wantDirectory fails unless a directory of rTorrent's is there, as far as that
// can be seen from here: below what --map names, or where rTorrent's own default
// directory is seen, too. In a container it has other files under other paths.
func (d *driver) wantDirectory(ctx context.Context, dir string) error {
	if _, mapped := findMap(d.opts.Maps, dir); !mapped && (!d.sameDisk(dir) || d.dataDir() == "") {
		return nil
	}
	_, err := aside(ctx, func() (struct{}, error) {
		info, err := os.Stat(d.local(dir))
		if err == nil && !info.IsDir() {
			err = &fs.PathError{Op: "stat", Path: dir, Err: syscall.ENOTDIR}
		}
		if !errors.Is(err, fs.ErrNotExist) && !isNever(err) {
			return struct{}{}, nil // it is there, or cannot be looked at
		}
		if _, mapped := findMap(d.opts.Maps, dir); !mapped && !exists(d.dataDir()) {
			return struct{}{}, nil
		}
		return struct{}{}, noDirectory(dir, err)
	})
	return err
}

// isNever reports whether an error of the local file system says that nothing
// can be made at a path as it is.
func isNever(err error) bool {
	return errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG) || errors.Is(err, syscall.ELOOP)
}

// noDirectory returns the error for a directory that is not there.
func noDirectory(dir string, err error) error {
	if errors.Is(err, syscall.ENAMETOOLONG) {
		err = fmt.Errorf("%w: most file systems keep names of at most 255 bytes, and paths of 4095", err)
	}
	return fmt.Errorf("%w: directory %s: %w", errInvalid, dir, err)
}
