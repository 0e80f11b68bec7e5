package cache

import (
	"context"
	"errors"
	"fmt"

	"rtfs/rtorrent"
)

// Update lets write change one torrent on the ground of some columns of its row
// as they are now, with no other write of ours to it in between. What it does
// goes through do, which is Apply for the one who is in. The error is write's.
func (c *Cache) Update(ctx context.Context, h rtorrent.Hash, columns rtorrent.Columns, write func(now *rtorrent.Torrent, do Do) error) error {
	leave, err := c.enter(ctx, h)
	if err != nil {
		return err
	}
	defer leave()
	now, err := c.lookAt(ctx, h, columns)
	if err != nil {
		return err
	}
	happened := false
	err = write(now, func(commands ...rtorrent.Command) (*rtorrent.Torrent, error) {
		row, err := c.apply(ctx, h, commands)
		happened = happened || err == nil && len(commands) > 0
		return row, err
	})
	if happened {
		err = rtorrent.Afterwards(err)
	}
	return err
}

// A Do carries out commands on the torrent of an Update.
type Do func(commands ...rtorrent.Command) (*rtorrent.Torrent, error)

// A Plan is a write that follows from what a torrent is.
type Plan struct {
	// Columns are the ones that decide.
	Columns rtorrent.Columns
	// Commands returns what to carry out on a torrent that is like now. It was
	// like was before our last request, which differs from now where that had
	// done something before somebody else's change was seen: then what it did
	// is to be put right. Commands beside an error are carried out, too.
	Commands func(was, now *rtorrent.Torrent) ([]rtorrent.Command, error)
}

// planAtMost is how often a plan is made for one write: once more for each time
// that another program changed in between what decides.
const planAtMost = 4

// Execute carries out a plan, made on the row that is known, with no other write
// of ours to the torrent in between. The request that carries it out asks first
// for what decided it, so that a write takes one request; where another program
// has changed that, the plan is made again on what was there, and a second request
// puts it right. What needs no commands is certain, too: what decides is looked
// at. The row is the torrent's at the end.
func (c *Cache) Execute(ctx context.Context, h rtorrent.Hash, p Plan) (*rtorrent.Torrent, error) {
	leave, err := c.enter(ctx, h)
	if err != nil {
		return nil, err
	}
	defer leave()
	now := c.knownWith(h, p.Columns)
	certain := now == nil
	if certain {
		if now, err = c.lookAt(ctx, h, p.Columns); err != nil {
			return nil, err
		}
	}
	was := now
	happened := false
	for range planAtMost {
		commands, refused := p.Commands(was, now)
		if len(commands) == 0 {
			if certain {
				return now, refused
			}
			if now, err = c.lookAt(ctx, h, p.Columns); err != nil {
				return nil, err
			}
			was, certain = now, true
			continue
		}
		seen, row, err := c.applySeeing(ctx, h, now, p.Columns, commands)
		switch {
		case seen != nil && seen != now && (err == nil || errors.Is(err, rtorrent.ErrChecking)):
			was, now, certain, happened = seen, row, true, happened || err == nil
		case err != nil && happened:
			return row, rtorrent.Afterwards(err)
		case err != nil:
			return row, err
		default:
			return row, refused
		}
	}
	return now, fmt.Errorf("torrent %s: %w", h, ErrContended)
}

// ErrContended says that other programs changed a torrent again and again
// while it was written to.
var ErrContended = errors.New("other programs change it at the same time")

// knownWith is known where the Snapshot has what decides.
func (c *Cache) knownWith(h rtorrent.Hash, columns rtorrent.Columns) *rtorrent.Torrent {
	c.mu.Lock()
	defer c.mu.Unlock()
	columns = (columns | c.isMeta) & c.columns
	if c.current == nil || !c.current.Has(columns&^c.looked[h].columns) {
		return nil
	}
	return c.current.row(h)
}

// known returns the torrent's row in the last Snapshot, however old, or nil.
func (c *Cache) known(h rtorrent.Hash) *rtorrent.Torrent {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current.row(h)
}
