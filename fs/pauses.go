package fs

import (
	"context"
	"sync"

	"rtfs/rtorrent"
)

// pauses are the torrents that are to be paused when their check has ended. It
// is safe for concurrent use.
type pauses struct {
	mu  sync.Mutex // guards due
	due map[rtorrent.Hash]*pause
}

// A pause is one wait for the end of a check.
type pause struct{ cancel context.CancelFunc }

func newPauses() *pauses { return &pauses{due: map[rtorrent.Hash]*pause{}} }

// begin returns a context that ends with life or when the torrent is
// forgotten, and what its user calls at the end.
func (p *pauses) begin(life context.Context, h rtorrent.Hash) (ctx context.Context, end func()) {
	ctx, cancel := context.WithCancel(life)
	own := &pause{cancel}
	p.mu.Lock()
	defer p.mu.Unlock()
	if before, ok := p.due[h]; ok {
		before.cancel()
	}
	p.due[h] = own
	return ctx, func() {
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.due[h] == own {
			delete(p.due, h)
		}
	}
}

// forget ends the wait for a torrent's check: somebody has said otherwise.
func (p *pauses) forget(h rtorrent.Hash) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if due, ok := p.due[h]; ok {
		due.cancel()
		delete(p.due, h)
	}
}
