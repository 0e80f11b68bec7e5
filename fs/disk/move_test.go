package disk

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// moveOnce makes a world and moves its first torrent.
type moveOnce struct {
	world   *world
	move    *Move
	daemon  *fakeDaemon
	before  map[string]string
	others  map[string]string
	content map[string]string // of the moved files, by their path at the new place
	state   string
	crashed bool
	refused bool // nothing was begun
	err     error
}

func runMove(t *testing.T, seed uint64, copies bool, s *steps, prepare func(*fakeDaemon)) *moveOnce {
	t.Helper()
	root := fastDir(t)
	o := &moveOnce{state: filepath.Join(root, "state"), content: map[string]string{}}
	o.world = newWorld(t, filepath.Join(root, "world"), seed)
	to := filepath.Join(root, "world", "to")
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	o.before = o.world.snapshot(t)
	target := o.world.torrents[0]
	o.others = o.world.others(target)
	plan, err := NewPlan(target, NewIndex(o.world.torrents), AnyOwner)
	if err != nil {
		t.Fatal(err)
	}
	if o.move, err = NewMove(plan, to, AnyOwner, s.hook); err != nil {
		o.refused, o.err = true, err
		return o
	}
	o.move.Copies = copies
	for _, f := range o.move.Files() {
		content, err := os.ReadFile(f.From)
		if err != nil {
			t.Fatal(err)
		}
		o.content[f.To] = string(content)
	}
	journal, err := OpenJournal(o.state, "server", target.Hash, s.hook)
	if err != nil {
		t.Fatal(err)
	}
	o.daemon = newFakeDaemon(o.world, target)
	o.daemon.moved = filepath.Join(to, filepath.Base(target.Base))
	if prepare != nil {
		prepare(o.daemon)
	}
	job := &MoveJob{Move: o.move, Daemon: o.daemon, Journal: journal, Server: "server",
		OldDirectory: "old", NewDirectory: "new", Progress: func(int64) {}, Hook: s.hook}
	o.crashed, o.err = crashing(func() error {
		_, err := job.Run(context.Background())
		return err
	})
	journal.Close()
	return o
}

// wantNoLoss fails if a byte of the torrent's is nowhere, or anything else is
// not as it was.
func (o *moveOnce) wantNoLoss(t *testing.T) {
	t.Helper()
	after := o.world.snapshot(t)
	sums := map[string]bool{}
	for _, now := range after {
		sums[now] = true
	}
	moved := map[string]bool{}
	for _, item := range o.move.items {
		moved[item.Path] = true
	}
	gone, changed := difference(o.before, after)
	for _, path := range gone {
		if o.before[path] != "dir" && !sums[o.before[path]] {
			t.Errorf("%s is gone, and its bytes are nowhere", path)
		}
	}
	for _, path := range changed {
		if !strings.Contains(path, "/to") && !strings.Contains(path, boxPrefix) {
			t.Errorf("%s is new or has changed", path)
		}
	}
	if now := o.world.others(o.world.torrents[0]); !maps.Equal(now, o.others) {
		t.Error("another torrent reads otherwise than before")
	}
}

func (o *moveOnce) wantUntouched(t *testing.T) {
	t.Helper()
	if gone, changed := difference(o.before, o.world.snapshot(t)); len(gone)+len(changed) > 0 {
		t.Errorf("gone %q, changed %q, want nothing; the error was %v", gone, changed, o.err)
	}
}

func (o *moveOnce) wantMoved(t *testing.T) {
	t.Helper()
	for path, want := range o.content {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: %d bytes, %v, want the %d of the original", path, len(got), err, len(want))
		}
	}
	for _, item := range o.move.items {
		if _, err := os.Lstat(item.Path); !missing(err) {
			t.Errorf("%s is still there", item.Path)
		}
	}
	for path := range o.world.snapshot(t) {
		if strings.Contains(path, "/.rtfs-") {
			t.Errorf("%s was left", path)
		}
	}
}

func (o *moveOnce) leftovers(t *testing.T) []*Leftover {
	t.Helper()
	left, err := Leftovers(o.state, "server")
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// bothWays runs a test for renames and for copies.
func bothWays(t *testing.T, test func(t *testing.T, copies bool)) {
	t.Run("rename", func(t *testing.T) { test(t, false) })
	t.Run("copy", func(t *testing.T) { test(t, true) })
}

// TestMoveAnyWorld moves one torrent in random worlds.
func TestMoveAnyWorld(t *testing.T) {
	bothWays(t, func(t *testing.T, copies bool) {
		moved := 0
		for seed := range worlds {
			o := runMove(t, seed, copies, &steps{}, nil)
			if o.refused {
				o.wantUntouched(t)
				if !slices.ContainsFunc([]error{ErrShared, ErrLink, ErrExists}, func(is error) bool { return errors.Is(o.err, is) }) {
					t.Errorf("world %d: %v", seed, o.err)
				}
				continue
			}
			if o.err != nil {
				t.Fatalf("world %d: %v", seed, o.err)
			}
			o.wantNoLoss(t)
			o.wantMoved(t)
			if left := o.leftovers(t); len(left) > 0 || !o.daemon.running || o.daemon.base != o.daemon.moved {
				t.Errorf("left %v, running %v, at %s", left, o.daemon.running, o.daemon.base)
			}
			if moved += len(o.content); t.Failed() {
				t.Fatalf("world %d", seed)
			}
		}
		if moved < int(worlds)/5 {
			t.Errorf("%d files were moved in %d worlds: the worlds test nothing", moved, worlds)
		}
	})
}

// TestMoveFailsAnywhere lets each change of a move fail. The torrent is where
// and as it was, or, once its data was found good at the new place, there.
func TestMoveFailsAnywhere(t *testing.T) {
	bothWays(t, func(t *testing.T, copies bool) {
		for seed := range faultWorlds {
			for _, fault := range []error{unix.EACCES, unix.ENOSPC} {
				for at := 1; ; at++ {
					s := &steps{at: at, err: fault}
					o := runMove(t, seed, copies, s, nil)
					if o.refused || s.n < at {
						break
					}
					o.wantNoLoss(t)
					if o.daemon.base != o.daemon.moved {
						o.wantUntouched(t)
						if left := o.leftovers(t); len(left) > 0 {
							t.Errorf("left %v", left)
						}
					}
					if !o.daemon.running {
						t.Errorf("the torrent was left stopped: %v", o.err)
					}
					if t.Failed() {
						t.Fatalf("world %d, step %d: %s", seed, at, s.ops[at-1])
					}
				}
			}
		}
	})
}

// TestMoveCrashesAnywhere ends a move at each change. The scripts of the next
// mount put the files back, or finish.
func TestMoveCrashesAnywhere(t *testing.T) {
	bothWays(t, func(t *testing.T, copies bool) {
		for seed := range faultWorlds {
			for at := 1; ; at++ {
				s := &steps{at: at}
				o := runMove(t, seed, copies, s, nil)
				if !o.crashed {
					break
				}
				o.wantNoLoss(t)
				for _, l := range o.leftovers(t) {
					if at%2 == 0 && o.daemon.base == o.daemon.moved {
						runScript(t, l, ".finish.sh")
						o.wantNoLoss(t)
						o.wantMoved(t)
						continue
					}
					whole := true // no original is gone yet
					for _, item := range o.move.items {
						whole = whole && there(path(item.Path)) == 1
					}
					if copies && !whole && o.daemon.base == o.daemon.moved {
						continue // it can only be finished
					}
					runScript(t, l, ".undo.sh")
					o.wantNoLoss(t)
					after := o.world.snapshot(t)
					gone, changed := difference(o.before, after)
					changed = slices.DeleteFunc(changed, func(p string) bool { return after[p] == "dir" })
					gone = slices.DeleteFunc(gone, func(p string) bool { return o.before[p] == "dir" }) // it was empty
					if len(gone)+len(changed) > 0 {
						t.Errorf("undone: gone %q, changed %q, want nothing", gone, changed)
					}
				}
				if t.Failed() {
					t.Fatalf("world %d, step %d: %s", seed, at, s.ops[at-1])
				}
			}
		}
	})
}

// TestMoveGoesBackWhenRTorrentRefuses has rTorrent refuse each call.
func TestMoveGoesBackWhenRTorrentRefuses(t *testing.T) {
	bothWays(t, func(t *testing.T, copies bool) {
		for seed := range faultWorlds {
			for _, call := range []string{"stop", "created", "switch", "check", "blind"} {
				o := runMove(t, seed, copies, &steps{}, func(f *fakeDaemon) { f.fail, f.blind = call, call == "blind" })
				if o.refused || len(o.content) == 0 || call == "check" && !copies {
					continue
				}
				if o.err == nil {
					t.Errorf("%s: no error", call)
				}
				o.wantUntouched(t)
				if left := o.leftovers(t); len(left) > 0 || !o.daemon.running {
					t.Errorf("%s: left %v, running %v", call, left, o.daemon.running)
				}
				if t.Failed() {
					t.Fatalf("world %d, %s", seed, call)
				}
			}
		}
	})
}
