package fs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// The states a torrent can be in.
const (
	stateMetadata    = "metadata"
	stateChecking    = "checking"
	stateQueued      = "queued"
	stateDownloading = "downloading"
	stateSeeding     = "seeding"
	statePaused      = "paused"
	stateStopped     = "stopped"
	stateError       = "error"
)

// states are all of them, in the order in which they are listed.
func states() []string {
	return []string{
		stateMetadata, stateChecking, stateQueued, stateDownloading,
		stateSeeding, statePaused, stateStopped, stateError,
	}
}

// stateColumns are the rTorrent commands that stateOf follows from.
const stateColumns = "d.is_meta d.hashing d.is_hash_checking d.hashing_failed d.is_active d.complete d.state d.is_open"

// stateOf returns the one state of a torrent. A tracker's message does not
// change it; error means that a check failed, or that the torrent is started
// but closed, so that it does nothing.
func stateOf(t *rtorrent.Torrent) string {
	switch {
	case t.IsMeta:
		return stateMetadata
	case t.Hashing != 0 && t.IsChecking:
		return stateChecking
	case t.Hashing != 0:
		return stateQueued
	case t.HashingFailed:
		return stateError
	case t.IsActive && t.IsComplete: // also with d.state=0, after a resume behind a bare stop
		return stateSeeding
	case t.IsActive:
		return stateDownloading
	case !t.State:
		return stateStopped
	case !t.IsOpen:
		return stateError
	}
	return statePaused
}

// A verb is what a word asks for.
type verb uint8

const (
	verbStart verb = iota
	verbStop
	verbPause
	verbResume
	verbCheck
)

// stateWords are the words that state takes. State words ask for what leads
// there; seeding is for complete torrents, downloading for the others.
var stateWords = []struct {
	word string
	verb verb
}{
	{"start", verbStart}, {"stop", verbStop}, {"pause", verbPause},
	{"resume", verbResume}, {"check", verbCheck},
	{stateDownloading, verbStart}, {stateSeeding, verbStart},
	{stateStopped, verbStop}, {statePaused, verbPause}, {stateChecking, verbCheck},
}

func stateWordList() []string {
	words := make([]string, len(stateWords))
	for i, w := range stateWords {
		words[i] = w.word
	}
	return words
}

// A move is what a verb does in a state.
type move uint8

const (
	moveNone        move = iota // it is so already
	moveInvalid                 // it makes no sense there
	moveBusy                    // not while the state lasts
	moveStart                   // d.open, d.start, d.resume
	moveRestart                 // d.stop first: d.start does nothing on one that is closed or was found damaged while started
	moveResume                  // d.resume
	moveStop                    // d.stop, d.close
	movePause                   // d.pause
	moveCheck                   // d.check_hash
	moveCheckPaused             // d.check_hash, and d.pause when it has ended
)

// moves says what each verb does in each state, in the order start, stop,
// pause, resume, check.
var moves = map[string][5]move{
	stateMetadata:    {moveStart, moveStop, movePause, moveStart, moveBusy},
	stateChecking:    {moveStart, moveStop, moveBusy, moveStart, moveNone},
	stateQueued:      {moveStart, moveStop, moveBusy, moveStart, moveNone},
	stateDownloading: {moveNone, moveStop, movePause, moveNone, moveCheck},
	stateSeeding:     {moveNone, moveStop, movePause, moveNone, moveCheck},
	statePaused:      {moveResume, moveStop, moveNone, moveResume, moveCheckPaused},
	stateStopped:     {moveRestart, moveNone, moveInvalid, moveRestart, moveCheck},
	stateError:       {moveRestart, moveStop, moveInvalid, moveRestart, moveCheck},
}

// commands returns the calls of a move on one torrent.
func (m move) commands(h rtorrent.Hash) []rtorrent.Command {
	switch m {
	case moveStart:
		return []rtorrent.Command{rtorrent.Open(h), rtorrent.Start(h), rtorrent.Resume(h)}
	case moveRestart:
		return append(rtorrent.Settle(h), rtorrent.Open(h), rtorrent.Start(h), rtorrent.Resume(h))
	case moveResume:
		return []rtorrent.Command{rtorrent.Resume(h)}
	case moveStop:
		return []rtorrent.Command{rtorrent.Stop(h), rtorrent.Close(h)}
	case movePause:
		return []rtorrent.Command{rtorrent.Pause(h)}
	case moveCheck, moveCheckPaused:
		return []rtorrent.Command{rtorrent.CheckHash(h)}
	}
	return nil
}

// setState plans the write of a word to state. What the word does is decided
// by the state that the torrent is in when its turn comes.
func setState(t *rtorrent.Torrent, word string, _ bool) (action, error) {
	for _, w := range stateWords {
		if w.word == word {
			return func(ctx context.Context, d *driver) error { return d.changeState(ctx, t.Hash, word, w.verb) }, nil
		}
	}
	for _, state := range states() {
		if word == state && stateOf(t) == state {
			return nil, nil // what a read gives is taken
		}
	}
	return nil, invalid("state %q, want one of %s", word, strings.Join(stateWordList(), ", "))
}

// decide returns the move of a word on a torrent as it is now. What a check is
// to restore is what the torrent was before it.
func decide(was, now *rtorrent.Torrent, word string, v verb) (move, error) {
	if v == verbCheck {
		now = was
	}
	if word == stateSeeding && !now.IsComplete || word == stateDownloading && now.IsComplete {
		return moveNone, invalid("state %s: the torrent's completeness decides that", word)
	}
	state := stateOf(now)
	m := moves[state][v]
	switch m {
	case moveInvalid:
		return moveNone, invalid("%s a torrent that is %s", word, state)
	case moveBusy:
		return moveNone, fmt.Errorf("%s: %w: the torrent is %s", word, errBusy, state)
	}
	return m, nil
}

// changeState carries out a word and sees to its end.
func (d *driver) changeState(ctx context.Context, h rtorrent.Hash, word string, v verb) error {
	if err := d.jobs.refuse(h, word); err != nil {
		return err
	}
	last := moveNone // that was carried out
	t, err := d.cache.Execute(ctx, h, cache.Plan{
		Columns: d.columns(stateColumns),
		Commands: func(was, now *rtorrent.Torrent) ([]rtorrent.Command, error) {
			m, err := decide(was, now, word, v)
			if m != moveNone {
				last = m
			}
			return m.commands(h), err
		},
	})
	if err != nil || last == moveNone {
		return err
	}
	return d.follow(ctx, t, last)
}

// startWait is how long a started torrent may take to become active or to
// begin its check; a start that fails (an unwritable directory) says nothing.
const (
	startWait = time.Second
	startPoll = 10 * time.Millisecond
	// startCheck is how long the check at a start is waited for: that of data
	// which is not there takes 5 ms, and only then does the start fail.
	startCheck = 50 * time.Millisecond
)

// startColumns are what a start changes later than its commands say, besides
// the state, and ticks do not ask; and what its failure is told with.
const startColumns = " d.timestamp.finished d.message d.connection_current d.directory_base"

// follow does what remains when the commands of a move were carried out.
func (d *driver) follow(ctx context.Context, t *rtorrent.Torrent, m move) error {
	d.pauses.forget(t.Hash)
	switch m {
	case moveStart, moveRestart, moveResume:
		return d.awaitStart(ctx, t)
	case moveCheckPaused:
		ctx, end := d.pauses.begin(d.life, t.Hash)
		go d.pauseAfterCheck(ctx, end, t.Hash)
	}
	return nil
}

func (d *driver) awaitStart(ctx context.Context, t *rtorrent.Torrent) error {
	begun := time.Now()
	deadline := time.NewTimer(startWait)
	defer deadline.Stop()
	tick := time.NewTicker(startPoll)
	defer tick.Stop()
	for {
		checks := t.Hashing != 0 && time.Since(begun) > startCheck
		if t.IsActive || checks || t.IsMeta {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return fmt.Errorf("start of %s: %w: it stays %s, with directory %s; its message may say why", t.Hash, errNoStart, stateOf(t), t.Directory)
		case <-tick.C:
		}
		var err error
		if t, err = d.cache.Look(ctx, t.Hash, d.columns(stateColumns+startColumns)); err != nil {
			return rtorrent.Afterwards(err)
		}
	}
}

// checkPoll is how often the end of a check is looked for, of which there is
// no event.
const checkPoll = 250 * time.Millisecond

// pauseAfterCheck pauses a torrent when its check has ended: rTorrent goes on
// to run it, but it was paused before. It ends with the mount, and when
// somebody writes another word.
func (d *driver) pauseAfterCheck(ctx context.Context, end func(), h rtorrent.Hash) {
	defer end()
	tick := time.NewTicker(checkPoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		t, err := d.cache.Look(ctx, h, d.columns(stateColumns))
		switch {
		case err != nil && errnoOf(err, false) == errnoOf(rtorrent.ErrNotFound, false):
			return
		case err != nil || t.Hashing != 0:
			continue
		case t.IsActive:
			_, err = d.cache.Apply(ctx, h, rtorrent.Pause(h))
		}
		if err == nil {
			return
		}
	}
}
