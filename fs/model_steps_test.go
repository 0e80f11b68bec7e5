package fs

import (
	"errors"
	"slices"
	"syscall"
	"time"
)

// step does one thing to the torrents, or to rTorrent, and judges it.
func (m *model) step() {
	p := pick(m.rnd, m.torrents)
	switch n := m.rnd.IntN(100); {
	case n < 70:
		m.writeField(p, pick(m.rnd, modelFields()))
	case n < 80:
		m.addOrErase(p)
	case n < 88:
		m.changeBehind(p)
	case n < 91:
		m.stopAWhile()
	case n < 94:
		m.vanishAWhile()
	case n < 96:
		m.restart(false)
	case n < 97:
		m.restart(true)
	default:
		m.proxy.Cut()
	}
	m.hist.judge(m)
}

// awaitCalm returns when nothing is under way between the mount and rTorrent,
// so that what rTorrent says now is what became of it all.
func (m *model) awaitCalm() {
	m.t.Helper()
	// The readers go on, so calm is a moment between calls at best: it is
	// enough that every call that was under way has ended.
	if !m.proxy.Settled(60 * time.Second) {
		m.t.Fatal("calls to rTorrent do not end")
	}
}

// writeField writes a file of a torrent, and asks rTorrent what became of it.
func (m *model) writeField(p *payload, f modelField) {
	what := fieldOf(p.hash, f.name)
	was := m.hist.open(what)
	value := f.value(m)
	m.hist.may(what, value)
	begun := time.Now()
	err := m.writeText(m.m.torrent(p.hash, f.name), value+"\n")
	returned := time.Now()
	missing := errors.Is(err, syscall.ENOENT)
	if missing { // of one that has just come this can be the last that was known
		m.hist.saw(fieldOf(p.hash, ""), "absent", begun)
	}
	m.writes.Add(1)
	if m.absent[p.hash] {
		if err == nil {
			m.t.Errorf("%s: written to a torrent that is not there", what)
		}
		m.awaitCalm()
		m.settleAll(p, returned, modelLag)
		return
	}
	m.awaitCalm()
	truths, failed := m.truths(p.hash)
	if failed != nil {
		m.t.Fatalf("rTorrent itself: %v", failed)
	}
	now := truths[f.name]
	switch {
	case err == nil:
		if now != value {
			m.t.Errorf("lost: writing %q to %s returned 0, and it is %q", value, what, now)
		}
		m.hist.settle(what, now, returned, 0)
	case isUnknown(err):
		m.unknown.Add(1)
		if now != value && !slices.Contains(was, now) {
			m.t.Errorf("false: %s is %q after an unknown outcome of writing %q over %q", what, now, value, was)
		}
		m.hist.settle(what, now, returned, modelLag)
	case expected(err), missing:
		m.refused.Add(1)
		if now == value && !slices.Contains(was, value) {
			m.t.Errorf("phantom: writing %q to %s failed with %v, and has happened", value, what, err)
		}
		m.hist.settle(what, now, returned, modelLag)
	default:
		m.t.Errorf("writing %q to %s: %v", value, what, err)
	}
}

// resolve asks rTorrent for all of a torrent, which must be what the model
// thinks it may be.
func (m *model) resolve(p *payload) {
	truths, err := m.truths(p.hash)
	if err != nil && !isNotFound(err) {
		m.t.Fatalf("rTorrent itself: %v", err)
	}
	there := map[bool]string{true: "present", false: "absent"}[err == nil]
	if open := m.hist.open(fieldOf(p.hash, "")); !slices.Contains(open, there) {
		m.t.Errorf("at the end %s is %s, want %v", p.hash, there, open)
	}
	for name, value := range truths {
		if open := m.hist.open(fieldOf(p.hash, name)); !slices.Contains(open, value) {
			m.t.Errorf("at the end %s of %s is %q, want %v", name, p.hash, value, open)
		}
	}
}

// addOrErase erases a torrent that is there, or drops one that is not.
func (m *model) addOrErase(p *payload) {
	what := fieldOf(p.hash, "")
	was, will := "present", "absent"
	var err error
	if m.absent[p.hash] {
		was, will = will, was
		m.hist.may(what, will)
		for _, f := range modelFields() {
			m.hist.may(fieldOf(p.hash, f.name), m.fresh[f.name])
		}
		err = m.writeText(m.m.path("add-stopped", string(p.hash)+".torrent"), string(p.torrent))
	} else {
		m.hist.may(what, will)
		m.hist.may(fieldOf(p.hash, "state"), "stop") // of which an erase is one first
		err = m.timed("rename", func() error {
			return syscall.Rename(m.m.torrent(p.hash), m.m.path("erase", string(p.hash)))
		})
	}
	returned := time.Now()
	m.writes.Add(1)
	m.awaitCalm()
	if will == "present" && isUnknown(err) {
		m.awaitListed(p)
	}
	before := m.absent[p.hash]
	lag := modelLag
	if err == nil {
		lag = 0
	}
	m.settleAll(p, returned, lag)
	changed := m.absent[p.hash] != before
	switch {
	case err == nil && !changed:
		m.t.Errorf("lost: %s, which was %s, was made %s without error, and is not", p.hash, was, will)
	case err == nil:
	case isUnknown(err):
		m.unknown.Add(1)
	case changed:
		m.t.Errorf("phantom: making %s %s failed with %v, and has happened", p.hash, will, err)
	case !expected(err) && !errors.Is(err, syscall.ENOENT):
		m.t.Errorf("making %s %s: %v", p.hash, will, err)
	default:
		m.refused.Add(1)
	}
}

// awaitListed waits until a torrent is there that rTorrent may have been given:
// it answers first, and then lists it as soon as it gets to that.
func (m *model) awaitListed(p *payload) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(2 * time.Second); time.Now().Before(until); <-tick.C {
		if _, err := m.direct.Torrent(m.t.Context(), p.hash); err == nil {
			return
		}
	}
}
