package fs

import (
	"context"
	"slices"
	"time"
)

// changeBehind changes a torrent past the mount, as another program does.
func (m *model) changeBehind(p *payload) {
	f := pick(m.rnd, modelFields())
	if f.set == nil || m.absent[p.hash] {
		return
	}
	what := fieldOf(p.hash, f.name)
	value := f.value(m)
	m.hist.may(what, value)
	if _, err := m.direct.Do(m.t.Context(), p.hash, f.set(p.hash, value)); err != nil {
		m.t.Fatalf("rTorrent itself: %v", err)
	}
	m.external.Add(1)
	m.hist.settle(what, value, time.Now(), modelLag)
}

// stopAWhile stops rTorrent by SIGSTOP, and writes meanwhile.
func (m *model) stopAWhile() {
	if err := m.daemon.Pause(); err != nil {
		m.t.Fatal(err)
	}
	goesOn := make(chan error, 1)
	wait := time.Duration(m.rnd.IntN(int(2 * modelTimeout)))
	time.AfterFunc(wait, func() { goesOn <- m.daemon.Continue() })
	m.writeField(pick(m.rnd, m.torrents), pick(m.rnd, modelFields()))
	if err := <-goesOn; err != nil {
		m.t.Fatal(err)
	}
}

// vanishAWhile takes the socket away, or leaves it with nobody behind, and
// writes meanwhile.
func (m *model) vanishAWhile() {
	if m.rnd.IntN(2) == 0 {
		m.proxy.Down()
	} else {
		m.proxy.Stale()
	}
	m.writeField(pick(m.rnd, m.torrents), pick(m.rnd, modelFields()))
	time.Sleep(time.Duration(m.rnd.IntN(int(modelTimeout))))
	if err := m.proxy.Up(); err != nil {
		m.t.Fatal(err)
	}
}

// restart ends rTorrent, by a signal that it minds or by one that it cannot,
// and starts it again. What it has lost by that is over when it ended.
func (m *model) restart(kill bool) {
	m.awaitCalm()
	ended := time.Now()
	if kill {
		if err := m.daemon.Kill(); err != nil {
			m.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Minute)
	defer cancel()
	if err := m.daemon.Restart(ctx); err != nil {
		m.t.Fatal(err)
	}
	m.restarts.Add(1)
	m.direct.Forget()
	for _, p := range m.torrents {
		m.settleAfterRestart(p, ended, kill)
	}
}

// settleAfterRestart asks rTorrent for a torrent that it has read from its
// session. What it saves there must be what it was, unless it was killed and
// had not saved it yet.
func (m *model) settleAfterRestart(p *payload, ended time.Time, killed bool) {
	m.t.Helper()
	was := map[string][]string{}
	for _, f := range modelFields() {
		was[f.name] = m.hist.open(fieldOf(p.hash, f.name))
	}
	present := m.hist.open(fieldOf(p.hash, ""))
	m.settleAll(p, ended, modelLag)
	lost := func(what string, value string, before []string) {
		switch {
		case slices.Contains(before, value):
		case killed:
			m.lostByKill.Add(1)
		default:
			m.t.Errorf("lost by a restart: %s of %s is %q, it was %q", what, p.hash, value, before)
		}
	}
	lost("being there", m.hist.open(fieldOf(p.hash, ""))[0], present)
	if m.absent[p.hash] {
		return
	}
	for _, f := range modelFields() {
		if f.name != "peers_max" { // rTorrent does not save it
			lost(f.name, m.hist.open(fieldOf(p.hash, f.name))[0], was[f.name])
		}
	}
}
