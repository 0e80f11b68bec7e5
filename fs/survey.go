package fs

import (
	"context"
	"fmt"
	"os"
	"path"
	"strings"
	"time"

	"rtfs/fs/disk"
	"rtfs/rtorrent"
)

// A survey is what all torrents claim of the disk, and one of them in detail.
type survey struct {
	torrent *rtorrent.Torrent
	files   []*rtorrent.File
	claims  *disk.Torrent
	all     []*disk.Torrent // with claims
}

// survey asks for one torrent, and for the others; these may be some seconds
// old if not fresh.
func (d *driver) survey(ctx context.Context, h rtorrent.Hash, fresh bool) (*survey, error) {
	client := d.cache.Client()
	t, err := client.Torrent(ctx, h)
	if err != nil {
		return nil, err
	}
	if t.IsMeta {
		return nil, fmt.Errorf("%w: the metadata is not there yet", errBusy)
	}
	if err := d.mayTouch(t); err != nil {
		return nil, err
	}
	files, err := client.FilesOf(ctx, []*rtorrent.Torrent{t})
	if err != nil {
		return nil, err
	}
	s := &survey{torrent: t, files: files[h]}
	if s.claims, err = d.claims(ctx, t, s.files); err != nil {
		return nil, err
	}
	others, err := d.allClaims(ctx, h, fresh)
	s.all = append(others, s.claims)
	return s, err
}

// mayTouch fails where the paths that rTorrent names need not be its paths
// here, or where it does not tell where the data is.
func (d *driver) mayTouch(t *rtorrent.Torrent) error {
	if at := contentPath(t); !d.sameDisk(at) {
		return fmt.Errorf("%w: rTorrent is on another host; if %s is the same place here, mount with --map %[2]s=%[2]s", errNoSupport, at)
	}
	told := path.Clean(t.Directory)
	if at := contentPath(t); t.BasePath != "" && !strings.ContainsAny(told, "?%") {
		if t.IsMulti && at != told || !t.IsMulti && path.Dir(at) != told {
			return fmt.Errorf("%w: its directory is %s, but rTorrent last opened %s; start it first", errBusy, told, at)
		}
	}
	if !path.IsAbs(contentPath(t)) {
		return fmt.Errorf("%w: rTorrent keeps it in %q", errNoSupport, contentPath(t))
	}
	return nil
}

// sameDisk reports whether a path of rTorrent's is one of this machine: it is
// mapped, or rTorrent runs on a host of this name. The same path on another
// machine must never be touched; so a job has rTorrent see its files go, too.
func (d *driver) sameDisk(remote string) bool {
	if _, mapped := findMap(d.opts.Maps, remote); mapped {
		return true
	}
	caps := d.cache.Client().KnownCaps()
	here, err := os.Hostname()
	return err == nil && caps != nil && caps.Hostname == here
}

// allClaims returns what the torrents but one claim.
func (d *driver) allClaims(ctx context.Context, but rtorrent.Hash, fresh bool) ([]*disk.Torrent, error) {
	torrents, files, err := d.listFiles(ctx, fresh)
	if err != nil {
		return nil, err
	}
	var all []*disk.Torrent
	for _, t := range torrents {
		if t.Hash != but {
			all = append(all, d.claimsOf(t, files[t.Hash]))
		}
	}
	for _, s := range d.siblings {
		claims, err := s.d.claimsHere(ctx, fresh)
		if err != nil {
			return nil, fmt.Errorf("%w: server %s may have the same data, and cannot be asked: %v", errBusy, s.d.opts.Name, err)
		}
		all = append(all, claims...)
	}
	return all, nil
}

// claimsHere returns what the torrents of another server in the mount claim of
// this machine's disk. Their info-hashes begin with the server's name, since
// one torrent can be on several servers.
func (d *driver) claimsHere(ctx context.Context, fresh bool) ([]*disk.Torrent, error) {
	if _, err := d.cache.Client().Caps(ctx); err != nil {
		return nil, err
	}
	torrents, files, err := d.listFiles(ctx, fresh)
	if err != nil {
		return nil, err
	}
	var all []*disk.Torrent
	for _, t := range torrents {
		if d.sameDisk(contentPath(t)) {
			c := d.claimsOf(t, files[t.Hash])
			c.Hash = d.opts.Name + "/" + c.Hash
			all = append(all, c)
		}
	}
	return all, nil
}

// listFiles returns all torrents, and their files.
func (d *driver) listFiles(ctx context.Context, fresh bool) ([]*rtorrent.Torrent, map[rtorrent.Hash][]*rtorrent.File, error) {
	if fresh {
		torrents, err := d.cache.Client().Torrents(ctx, nil)
		if err != nil {
			return nil, nil, err
		}
		files, err := d.cache.Client().FilesOf(ctx, torrents)
		return torrents, files, err
	}
	s, err := d.cache.Snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	files, err := d.filesOfAll(ctx, s.Torrents)
	return s.Torrents, files, err
}

// claims returns what a torrent claims, with which files have verified pieces.
func (d *driver) claims(ctx context.Context, t *rtorrent.Torrent, files []*rtorrent.File) (*disk.Torrent, error) {
	c := d.claimsOf(t, files)
	have, err := d.cache.Client().Pieces(ctx, t.Hash)
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		if have.Whole() && f.LastTouched > 0 {
			c.Files[i].Touched = time.UnixMicro(f.LastTouched).Add(touchSlack)
		}
		// One piece too many is counted of a closed torrent's file, as shareOf says.
		c.Files[i].Verified = have.Whole() || have.Known() && shareOf(t, f, have).pieces > 0 || !have.Known() && f.CompletedPieces > 1
	}
	return c, nil
}

// claimsOf returns where a torrent's files are from here.
func (d *driver) claimsOf(t *rtorrent.Torrent, files []*rtorrent.File) *disk.Torrent {
	at := contentPath(t)
	c := &disk.Torrent{Hash: string(t.Hash), Name: t.Name, Base: d.local(at), Multi: t.IsMulti,
		Own: t.IsMulti && path.Base(at) == t.Name}
	for _, f := range files {
		kept, expected := f.FrozenPath, at
		if t.IsMulti {
			expected += "/" + f.Path
		}
		file := disk.File{Size: f.Size}
		if t.IsMulti {
			file.Path = f.Path
		}
		// 0.9.8 shows '?' for what it cannot tell.
		file.Elsewhere = kept != "" && !strings.Contains(kept, "?") && path.Clean(kept) != path.Clean(expected)
		c.Files = append(c.Files, file)
	}
	return c
}

// aside waits for f, which the disk may hold up, no longer than ctx.
func aside[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// detached lets a job that must not end halfway go on when the one who asked
// for it leaves, and waits a moment longer for its end.
func detached(ctx context.Context, f func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- f(context.WithoutCancel(ctx)) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(time.Second):
		return fmt.Errorf("%w: it goes on, and the log tells its end", rtorrent.ErrInterrupted)
	}
}
