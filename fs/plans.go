package fs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"rtfs/fs/disk"
	"rtfs/rtorrent"
)

// planLife is how long ago a plan may have been read that is carried out.
const planLife = 10 * time.Minute

// plansKept bounds how many plans that were read are remembered.
const plansKept = 10_000

// plans remembers which plan of each torrent was read last: what was not read
// is not carried out. It is safe for concurrent use.
type plans struct {
	mu   sync.Mutex // guards the fields below
	read map[rtorrent.Hash]readPlan
	// sizes are how long the texts of plans were, read or not.
	sizes map[rtorrent.Hash]int64
	// stale are torrents whose next plan must not be made of what is kept.
	stale map[rtorrent.Hash]bool
}

// A readPlan is what is kept of a plan.
type readPlan struct {
	digest string
	at     time.Time
}

func newPlans() *plans {
	return &plans{read: map[rtorrent.Hash]readPlan{}, stale: map[rtorrent.Hash]bool{}, sizes: map[rtorrent.Hash]int64{}}
}

// note remembers a plan whose end was read. Its last line has the digest.
func (p *plans) note(h rtorrent.Hash, content []byte) {
	text := strings.TrimSuffix(string(content), "\n")
	digest, ok := strings.CutPrefix(text[strings.LastIndexByte(text, '\n')+1:], "plan: ")
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.read) >= plansKept {
		clear(p.read) // reading a plan again is all it costs
	}
	p.read[h] = readPlan{digest, time.Now()}
}

// check fails unless that plan was the last one read, and not long ago.
func (p *plans) check(h rtorrent.Hash, plan *disk.Plan) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, ok := p.read[h]
	switch {
	case !ok:
		return fmt.Errorf("%w: read delete_data first: it is the plan", errPerm)
	case time.Since(last.at) > planLife:
		return fmt.Errorf("%w: the plan was read %s ago; read delete_data again", errPerm, time.Since(last.at).Round(time.Second))
	case last.digest != plan.Digest():
		delete(p.read, h)
		p.stale[h] = true
		return fmt.Errorf("%w: the plan is another one by now; read delete_data again", errBusy)
	}
	return nil
}

// known reports whether any plan was read, so that nothing is asked of
// rTorrent for a write that must fail.
func (p *plans) known(h rtorrent.Hash) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.read[h]
	return ok
}

// takeStale reports whether a plan must be made afresh.
func (p *plans) takeStale(h rtorrent.Hash) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	stale := p.stale[h]
	delete(p.stale, h)
	return stale
}

// plan makes the plan of a delete.
func (d *driver) plan(ctx context.Context, s *survey) (*disk.Plan, error) {
	return aside(ctx, func() (*disk.Plan, error) {
		return disk.NewPlan(s.claims, disk.NewIndex(s.all), d.opts.DataUID)
	})
}

// renderDeleteData returns what writing the info-hash would do.
func renderDeleteData(ctx context.Context, d *driver, t *rtorrent.Torrent) ([]byte, error) {
	s, err := d.survey(ctx, t.Hash, d.plans.takeStale(t.Hash))
	if err != nil {
		return nil, err
	}
	plan, err := d.plan(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	text := []byte(plan.String())
	d.plans.mu.Lock()
	defer d.plans.mu.Unlock()
	if len(d.plans.sizes) >= plansKept {
		clear(d.plans.sizes)
	}
	d.plans.sizes[t.Hash] = int64(len(text))
	return text, nil
}

// deleteDataSize is the size of the plan that was made last, 0 before one was:
// to list a directory must not look at all files of all torrents.
func deleteDataSize(d *driver, t *rtorrent.Torrent) int64 {
	d.plans.mu.Lock()
	defer d.plans.mu.Unlock()
	return d.plans.sizes[t.Hash]
}

// noteDeleteData is called when a plan was read to its end.
func noteDeleteData(d *driver, h rtorrent.Hash, content []byte) { d.plans.note(h, content) }

// setDeleteData plans a write to delete_data: the torrent's info-hash, and
// `keep` before it to end before anything is unlinked.
func setDeleteData(t *rtorrent.Torrent, value string, _ bool) (action, error) {
	text, keep := strings.CutPrefix(value, "keep ")
	h, err := rtorrent.ParseHash(strings.TrimSpace(text))
	if err != nil || h != t.Hash {
		return nil, invalid("delete_data %.60q, want the info-hash of this torrent, which is %s", value, t.Hash)
	}
	return func(ctx context.Context, d *driver) error {
		return detached(ctx, func(ctx context.Context) error { return d.deleteData(ctx, h, keep) })
	}, nil
}
