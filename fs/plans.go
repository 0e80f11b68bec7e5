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

// A readPlan is what is kept of a plan: its first line and its last.
type readPlan struct {
	frees, order string
	at           time.Time
}

func newPlans() *plans {
	return &plans{read: map[rtorrent.Hash]readPlan{}, stale: map[rtorrent.Hash]bool{}, sizes: map[rtorrent.Hash]int64{}}
}

// note remembers a plan whose end was read. Its last line is the order.
func (p *plans) note(h rtorrent.Hash, content []byte) {
	text := strings.TrimSuffix(string(content), "\n")
	frees, _, _ := strings.Cut(text, "\n")
	order := text[strings.LastIndexByte(text, '\n')+1:]
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.read) >= plansKept {
		clear(p.read) // reading a plan again is all it costs
	}
	p.read[h] = readPlan{frees, order, time.Now()}
}

// check fails unless an order is that of the plan that was read last, and that
// was not long ago.
func (p *plans) check(h rtorrent.Hash, order string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, ok := p.read[h]
	switch {
	case !ok:
		return fmt.Errorf("%w: read delete_data first: it is the plan", errPerm)
	case time.Since(last.at) > planLife:
		return fmt.Errorf("%w: the plan was read %s ago; read delete_data again", errPerm, time.Since(last.at).Round(time.Second))
	case last.order != order:
		return fmt.Errorf("%w: that is not the last line of the plan that was read last; read delete_data again", errBusy)
	}
	return nil
}

// checkNow is check, when the plan was made again.
func (p *plans) checkNow(h rtorrent.Hash, order string, plan *disk.Plan) error {
	if err := p.check(h, order); err != nil || order == plan.Order() {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.read, h)
	p.stale[h] = true
	return fmt.Errorf("%w: the plan is another one by now; read delete_data again", errBusy)
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

// toldDeleteData is what the log has of a delete beside the order: the torrent,
// which is gone then, and what the plan frees.
func toldDeleteData(d *driver, t *rtorrent.Torrent) string {
	d.plans.mu.Lock()
	defer d.plans.mu.Unlock()
	if last, ok := d.plans.read[t.Hash]; ok {
		return t.Name + ": " + last.frees
	}
	return t.Name
}

// setDeleteData plans a write to delete_data: the last line of the plan, and
// `keep` before it to end before anything is unlinked. The info-hash alone is
// not enough: whatever reads all files, such as grep -r, has read the plan.
func setDeleteData(t *rtorrent.Torrent, value string, _ bool) (action, error) {
	text, keep := strings.CutPrefix(value, "keep ")
	first, id, _ := strings.Cut(strings.TrimSpace(text), " ")
	h, err := rtorrent.ParseHash(first)
	switch {
	case err != nil || h != t.Hash || strings.ContainsAny(id, " \n"):
		return nil, invalid("delete_data %.60q, want the last line of the plan, which begins with this torrent's info-hash %s", value, t.Hash)
	case id == "":
		return nil, fmt.Errorf("%w: the info-hash alone deletes nothing: read delete_data, and write its last line, which is the info-hash and the plan's number", errPerm)
	}
	order := string(h) + " " + id
	return func(ctx context.Context, d *driver) error {
		return detached(ctx, func(ctx context.Context) error { return d.deleteData(ctx, h, order, keep) })
	}, nil
}
