package rtorrenttest

import (
	"crypto/sha1"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// HoldChecks makes hash checks stay under way: the first one is being checked,
// the others wait for their turn. False lets them all end.
func (s *Server) HoldChecks(hold bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding = hold
	s.advanceChecks()
}

// The kinds of hash check (d.hashing).
const (
	checkStart  = 1
	checkFinish = 2
	checkAsked  = 3
)

// queueCheck closes a torrent and lets it wait for a check.
func (r *run) queueCheck(t *Torrent, kind int64) {
	if t.Hashing != 0 {
		return
	}
	t.shut()
	t.Hashing, t.HashingFailed = kind, false
	r.checks = append(r.checks, t)
}

// advanceChecks carries out the checks that wait, unless they are held.
func (s *Server) advanceChecks() {
	for len(s.checks) > 0 {
		t := s.checks[0]
		if !t.Checking {
			t.Checking, t.Open, t.Hashed = true, true, 0
			t.truth = t.Verified
			t.Verified = make([]bool, len(t.Verified))
			t.touchPath()
		}
		if s.holding {
			return
		}
		s.checks = s.checks[1:]
		s.endCheck(t)
	}
}

func (s *Server) endCheck(t *Torrent) {
	was := t.Complete
	t.Verified = t.truth
	if t.meta != nil {
		t.Verified = t.onDisk()
	}
	t.Hashing, t.Checking, t.Checked, t.Hashed = 0, false, true, t.pieces()
	t.Complete = t.completedPieces() == t.pieces()
	t.applyPriorities()
	if t.Complete && t.Finished == 0 {
		t.Finished = time.Now().Unix()
	}
	if was && !t.Complete {
		// It is not started any more, but rTorrent has it among those that are.
		t.State = false
		t.Message = "Download registered as completed, but hash check returned unfinished chunks."
	}
	if t.State {
		s.activate(t)
	}
}

// cancelCheck ends a check without a result: what it has not reached counts as
// missing.
func (s *Server) cancelCheck(t *Torrent) {
	if t.Hashing == 0 {
		return
	}
	t.Hashing, t.Checking, t.Hashed = 0, false, 0
	s.checks = slices.DeleteFunc(s.checks, func(o *Torrent) bool { return o == t })
}

// onDisk compares the torrent's data with the hashes of its pieces.
func (t *Torrent) onDisk() []bool {
	verified := make([]bool, t.meta.Pieces)
	var files []io.Reader
	for i := range t.Files {
		f := &t.Files[i]
		opened, err := os.Open(t.frozenPath(f))
		if err == nil {
			defer opened.Close()
			files = append(files, io.LimitReader(io.MultiReader(opened, junk{}), f.Size))
		} else {
			files = append(files, io.LimitReader(junk{}, f.Size))
		}
	}
	data := io.MultiReader(files...)
	sum := sha1.New()
	for i := range verified {
		sum.Reset()
		if _, err := io.CopyN(sum, data, t.pieceSize(int64(i))); err != nil {
			return verified
		}
		hash := t.meta.PieceHash(i)
		verified[i] = string(sum.Sum(nil)) == string(hash[:])
	}
	return verified
}

// junk stands in for data that is missing.
type junk struct{}

func (junk) Read(b []byte) (int, error) {
	return copy(b, strings.Repeat("no data ", len(b)/8+1)), nil
}

// shut closes a torrent's files.
func (t *Torrent) shut() {
	t.Open, t.Active, t.Checked, t.Hashed, t.UpRate, t.DownRate = false, false, false, 0, 0, 0
}

// activate makes a torrent that is open and checked run.
func (s *Server) activate(t *Torrent) {
	if t.Active {
		return
	}
	t.Active = true
	t.Counter++
	s.announceTo(t, "started")
}

func dOpen(_ *run, t *Torrent, _ []any) (any, error) {
	if !t.Open {
		t.Open = true
		t.touchPath()
	}
	return nothing{}, nil
}

// dStart does nothing on a torrent that is started, be it closed, or that has
// ceased to be so without d.stop.
func dStart(r *run, t *Torrent, _ []any) (any, error) {
	t.HashingFailed = false
	if t.State || t.among {
		return nothing{}, nil
	}
	t.State, t.among = true, true
	t.Changed = time.Now().Unix()
	t.Started = t.Changed
	return dResume(r, t, nil)
}

// dResume also runs a torrent that is not started, if it is checked.
func dResume(r *run, t *Torrent, _ []any) (any, error) {
	switch {
	case t.Hashing != 0 || t.Active:
	case t.Open && t.Checked:
		r.activate(t)
	default:
		r.queueCheck(t, checkStart)
	}
	return nothing{}, nil
}

// dPause cancels a check.
func dPause(r *run, t *Torrent, _ []any) (any, error) {
	r.meetCheck(t, "d.pause")
	r.rest(t)
	return nothing{}, nil
}

func (r *run) rest(t *Torrent) {
	r.cancelCheck(t)
	t.Active, t.UpRate, t.DownRate = false, 0, 0
}

// dStop leaves the files open, and does nothing on a torrent that is not
// started, be it active.
func dStop(r *run, t *Torrent, _ []any) (any, error) {
	r.meetCheck(t, "d.stop")
	if t.State || t.among {
		t.State, t.among = false, false
		t.Changed = time.Now().Unix()
		r.rest(t)
	}
	return nothing{}, nil
}

func dClose(r *run, t *Torrent, _ []any) (any, error) {
	r.meetCheck(t, "d.close")
	r.cancelCheck(t)
	t.shut()
	return nothing{}, nil
}

func dCheckHash(r *run, t *Torrent, _ []any) (any, error) {
	r.queueCheck(t, checkAsked)
	return nothing{}, nil
}

func dErase(r *run, t *Torrent, _ []any) (any, error) {
	r.meetCheck(t, "d.erase")
	r.remove(t)
	r.forgetSession(t)
	return nothing{}, nil
}

// meetCheck fails the test where 0.9.8 would hang for ever.
func (r *run) meetCheck(t *Torrent, method string) {
	if t.Hashing != 0 && !r.dialect.modern {
		r.perish(method + " met a hash check")
	}
}
