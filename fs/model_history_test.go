package fs

import (
	"sync"
	"time"
)

// A fact is a value and when it may have been true.
type fact struct {
	value    string
	from, to time.Time // no to: it still may
}

// histories are the values of everything the model knows, by name. It is safe
// for concurrent use.
type histories struct {
	mu    sync.Mutex // guards the fields below
	facts map[string][]fact
	seen  []sight
}

// A sight is something that was read between two moments.
type sight struct {
	what, value  string
	begun, ended time.Time
}

func newHistories() *histories { return &histories{facts: map[string][]fact{}} }

// may says that something can have this value from now on, beside what it may
// have had.
func (h *histories) may(what, value string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.facts[what] = append(h.facts[what], fact{value: value, from: time.Now()})
}

// settle says that something has this value since at, and no other, though
// another may still be read until lag after that.
func (h *histories) settle(what, value string, at time.Time, lag time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	holds := false
	kept := h.facts[what][:0]
	for _, f := range h.facts[what] {
		switch {
		case f.to.IsZero() && f.value == value && !holds:
			holds = true
		case f.to.IsZero():
			f.to = at.Add(lag)
		}
		if f.to.IsZero() || time.Since(f.to) < time.Minute {
			kept = append(kept, f)
		}
	}
	if !holds {
		kept = append(kept, fact{value: value, from: at})
	}
	h.facts[what] = kept
}

// open returns the values that something may have now.
func (h *histories) open(what string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var open []string
	for _, f := range h.facts[what] {
		if f.to.IsZero() {
			open = append(open, f.value)
		}
	}
	return open
}

// saw notes what was read, to be judged when all is known.
func (h *histories) saw(what, value string, begun time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = append(h.seen, sight{what, value, begun, time.Now()})
}

// judge fails the test for each thing that was read and was never true while
// it was read.
func (h *histories) judge(m *model) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.seen {
		held := false
		for _, f := range h.facts[s.what] {
			held = held || f.value == s.value && !f.from.After(s.ended) && (f.to.IsZero() || !f.to.Before(s.begun))
		}
		if !held {
			m.t.Errorf("false: %s was read as %q between %s and %s; it was %v",
				s.what, s.value, clock(s.begun), clock(s.ended), describe(h.facts[s.what]))
		}
	}
	h.seen = h.seen[:0]
}

func clock(t time.Time) string { return t.Format("05.000") }

func describe(facts []fact) (all []string) {
	for _, f := range facts {
		to := ""
		if !f.to.IsZero() {
			to = clock(f.to)
		}
		all = append(all, f.value+" from "+clock(f.from)+" to "+to)
	}
	return all
}
