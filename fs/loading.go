package fs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"rtfs/rtorrent"
)

// loadsAtOnce is how many torrents are given to rTorrent at a time. It takes
// them one after another anyhow, and what is read meanwhile must not queue
// behind all that is dropped at once.
const loadsAtOnce = 2

// loadings are the torrents that are being loaded, and those that were loaded
// but not given what follows: tags, defaults, the start. Of each that is under
// way there is a file, so that it is known after a crash too; dropping it again
// goes on from there. It is safe for concurrent use.
type loadings struct {
	dir   string        // of the files; "" keeps none
	slots chan struct{} // one element for each that is sent to rTorrent now

	mu      sync.Mutex // guards the fields below
	under   map[rtorrent.Hash]bool
	partial map[rtorrent.Hash]bool
}

// newLoadings knows what was cut off before, on the same server.
func newLoadings(stateDir, server string) (*loadings, error) {
	l := &loadings{slots: make(chan struct{}, loadsAtOnce), under: map[rtorrent.Hash]bool{}, partial: map[rtorrent.Hash]bool{}}
	if stateDir == "" {
		return l, nil
	}
	l.dir = filepath.Join(stateDir, "adding", fileName(server))
	entries, err := os.ReadDir(l.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return l, fmt.Errorf("torrents that were being added: %w", err)
	}
	for _, e := range entries {
		if h, err := rtorrent.ParseHash(e.Name()); err == nil {
			l.partial[h] = true
		}
	}
	return l, nil
}

// begin reserves a torrent for one drop, and reports whether a drop before it
// was cut off behind its load.
func (l *loadings) begin(h rtorrent.Hash) (partial bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.under[h] {
		return false, fmt.Errorf("%w: another drop of it is under way", errExists)
	}
	l.under[h] = true
	return l.partial[h], nil
}

// enter waits until a torrent may be sent.
func (l *loadings) enter(ctx context.Context) (leave func(), err error) {
	select {
	case l.slots <- struct{}{}:
		return func() { <-l.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// mark notes on disk that a load is about to be sent. Where that cannot be
// noted, a crash leaves a torrent that is dropped again in vain.
func (l *loadings) mark(h rtorrent.Hash) error {
	if l.dir == "" {
		return nil
	}
	err := os.MkdirAll(l.dir, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(l.dir, string(h)), nil, 0o600)
	}
	return err
}

// end gives the torrent free again.
func (l *loadings) end(h rtorrent.Hash, partial bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.under, h)
	if partial {
		l.partial[h] = true
		return
	}
	l.clear(h)
}

// forget forgets that a torrent was loaded in part, since it was erased.
func (l *loadings) forget(h rtorrent.Hash) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear(h)
}

// clear removes what is known of a torrent. The caller holds mu.
func (l *loadings) clear(h rtorrent.Hash) {
	delete(l.partial, h)
	if l.dir != "" {
		_ = os.Remove(filepath.Join(l.dir, string(h))) // of most there is none
	}
}
