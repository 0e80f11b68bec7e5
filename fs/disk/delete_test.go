package disk

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// errCrash ends a job as kill -9 would: nothing runs behind it.
type errCrash struct{}

// steps counts the changes of a job, and lets one of them fail or crash.
type steps struct {
	n, at int
	err   error // nil: crash
	ops   []string
}

func (s *steps) hook(op, path string) error {
	s.n++
	s.ops = append(s.ops, op+" "+path)
	if s.n != s.at {
		return nil
	}
	if s.err == nil {
		panic(errCrash{})
	}
	return s.err
}

// crashing runs a job, and reports whether it crashed.
func crashing(run func() error) (crashed bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, ours := r.(errCrash); !ours {
				panic(r)
			}
			crashed = true
		}
	}()
	return false, run()
}

// deleteOnce makes a world and deletes the data of its first torrent.
type deleteOnce struct {
	world         *world
	plan          *Plan
	daemon        *fakeDaemon
	before        map[string]string
	others        map[string]string
	state         string
	going         []string // without links on the way
	crashed       bool
	err           error
	back          []string
	after         map[string]string
	gone, changed []string
}

func runDelete(t *testing.T, seed uint64, s *steps, prepare func(*fakeDaemon, *DeleteJob)) *deleteOnce {
	t.Helper()
	root := fastDir(t)
	o := &deleteOnce{state: filepath.Join(root, "state")}
	o.world = newWorld(t, filepath.Join(root, "world"), seed)
	o.before = o.world.snapshot(t)
	target := o.world.torrents[0]
	o.others = o.world.others(target)
	var err error
	if o.plan, err = NewPlan(target, NewIndex(o.world.torrents), AnyOwner); err != nil {
		t.Fatal(err)
	}
	for _, path := range o.plan.Going() {
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		o.going = append(o.going, filepath.Join(dir, filepath.Base(path)))
	}
	slices.Sort(o.going)
	journal, err := OpenJournal(o.state, "server", target.Hash, s.hook)
	if err != nil {
		t.Fatal(err)
	}
	o.daemon = newFakeDaemon(o.world, target)
	job := &DeleteJob{Plan: o.plan, Daemon: o.daemon, Journal: journal, Server: "server", Owner: AnyOwner, Hook: s.hook}
	if prepare != nil {
		prepare(o.daemon, job)
	}
	o.crashed, o.err = crashing(func() error {
		o.back, err = job.Run()
		return err
	})
	journal.Close()
	o.look(t)
	return o
}

func (o *deleteOnce) look(t *testing.T) {
	t.Helper()
	o.after = o.world.snapshot(t)
	o.gone, o.changed = difference(o.before, o.after)
}

// wantNoLoss fails if anything is lost that was not planned, or another
// torrent reads otherwise than before. Planned files may be in boxes.
func (o *deleteOnce) wantNoLoss(t *testing.T) {
	t.Helper()
	for _, path := range o.gone {
		if o.before[path] != "dir" && !slices.Contains(o.going, path) {
			t.Errorf("%s is gone and was not in the plan:\n%s", path, o.plan)
		}
	}
	for _, path := range o.changed {
		if !strings.Contains(path, boxPrefix) {
			t.Errorf("%s is new or has changed", path)
		}
	}
	now := o.world.others(o.world.torrents[0])
	for path, content := range o.others {
		if got, ok := now[path]; !ok || got != content {
			t.Errorf("another torrent's %s reads otherwise than before:\n%s", path, o.plan)
		}
	}
}

// wantUntouched fails unless everything is as it was.
func (o *deleteOnce) wantUntouched(t *testing.T) {
	t.Helper()
	if len(o.gone)+len(o.changed) != 0 {
		t.Errorf("gone %q, changed %q, want nothing; the error was %v", o.gone, o.changed, o.err)
	}
}

// wantDone fails unless exactly the planned files are gone.
func (o *deleteOnce) wantDone(t *testing.T) {
	t.Helper()
	o.wantNoLoss(t)
	var files []string
	for _, path := range o.gone {
		if o.before[path] != "dir" {
			files = append(files, path)
		}
	}
	if !slices.Equal(files, o.going) || len(o.changed) > 0 {
		t.Errorf("gone %q, want %q; new or changed %q", files, o.going, o.changed)
	}
	o.wantNothingLeft(t)
}

func (o *deleteOnce) wantNothingLeft(t *testing.T) {
	t.Helper()
	left, err := Leftovers(o.state, "server")
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v, want nothing", left, err)
	}
}

// TestDeleteAnyWorld deletes one torrent's data in random worlds.
func TestDeleteAnyWorld(t *testing.T) {
	going := 0
	for seed := range worlds {
		o := runDelete(t, seed, &steps{}, nil)
		if o.err != nil {
			t.Fatalf("world %d: %v\n%s", seed, o.err, o.plan)
		}
		o.wantDone(t)
		going += len(o.plan.Going())
		if t.Failed() {
			t.Fatalf("world %d", seed)
		}
	}
	if going < int(worlds)/2 {
		t.Errorf("%d files were deleted in %d worlds: the worlds test nothing", going, worlds)
	}
}

// TestDeleteFailsAnywhere lets each change of a delete fail: before the erase
// everything is put back; behind it only planned files can be gone.
func TestDeleteFailsAnywhere(t *testing.T) {
	for seed := range faultWorlds {
		for _, fault := range []error{unix.EACCES, unix.ENOSPC} {
			for at := 1; ; at++ {
				s := &steps{at: at, err: fault}
				o := runDelete(t, seed, s, nil)
				if s.n < at {
					break
				}
				o.wantNoLoss(t)
				switch {
				case o.err == nil: // a directory stays, or the record
				case !errors.Is(o.err, fault):
					t.Errorf("%v, want %v", o.err, fault)
				case !o.daemon.erased:
					o.wantUntouched(t)
					o.wantNothingLeft(t)
				}
				if !o.daemon.erased && !o.daemon.running {
					t.Errorf("the torrent was left stopped: %v", o.err)
				}
				if t.Failed() {
					t.Fatalf("world %d, step %d: %s", seed, at, s.ops[at-1])
				}
			}
		}
	}
}

// TestDeleteCrashesAnywhere ends a delete at each change. The next mount tells
// what is left, and the scripts put it back or finish.
func TestDeleteCrashesAnywhere(t *testing.T) {
	for seed := range faultWorlds {
		for at := 1; ; at++ {
			s := &steps{at: at}
			o := runDelete(t, seed, s, nil)
			if !o.crashed {
				break
			}
			o.wantNoLoss(t)
			boxed := len(o.changed) > 0
			left, err := Leftovers(o.state, "server")
			if err != nil {
				t.Fatal(err)
			}
			if hasFiles := slices.ContainsFunc(o.changed, func(p string) bool { return o.after[p] != "dir" }); hasFiles != (len(left) == 1) {
				t.Errorf("files in boxes %v, told %v", hasFiles, left)
			}
			if len(left) == 1 {
				script := ".undo.sh"
				if at%2 == 0 {
					script = ".finish.sh"
				}
				runScript(t, left[0], script)
				o.look(t)
				o.wantNoLoss(t)
				if script == ".undo.sh" && !o.daemon.erased {
					o.wantUntouched(t)
				}
				if left[0].Gone() == false {
					t.Errorf("the record is still there")
				}
				o.wantNothingLeft(t)
			}
			if t.Failed() {
				t.Fatalf("world %d, step %d: %s; boxed %v", seed, at, s.ops[at-1], boxed)
			}
		}
	}
}

func runScript(t *testing.T, l *Leftover, ending string) {
	t.Helper()
	path := strings.TrimSuffix(l.json, ".json") + ending
	if out, err := exec.Command("sh", path).CombinedOutput(); err != nil {
		text, _ := os.ReadFile(path)
		t.Errorf("%s: %v: %s\n%s", ending, err, out, text)
	}
}

// TestDeletePutsBackWhatRTorrentRefuses has rTorrent refuse each call.
func TestDeletePutsBackWhatRTorrentRefuses(t *testing.T) {
	for seed := range faultWorlds {
		for _, call := range []string{"stop", "created", "erase", "torrents", "blind"} {
			o := runDelete(t, seed, &steps{}, func(f *fakeDaemon, _ *DeleteJob) {
				f.fail, f.blind = call, call == "blind"
			})
			if len(o.plan.Going()) == 0 && (call == "created" || call == "blind") {
				continue // there was nothing to ask about
			}
			if o.err == nil {
				t.Errorf("%s: no error", call)
			}
			o.wantUntouched(t)
			o.wantNothingLeft(t)
			if t.Failed() {
				t.Fatalf("world %d, %s", seed, call)
			}
		}
	}
}

// TestKeepEndsInTheBoxes keeps the files, and tells where.
func TestKeepEndsInTheBoxes(t *testing.T) {
	for seed := range faultWorlds {
		o := runDelete(t, seed, &steps{}, func(_ *fakeDaemon, j *DeleteJob) { j.Keep = true })
		if o.err != nil {
			t.Fatal(o.err)
		}
		o.wantNoLoss(t)
		left, err := Leftovers(o.state, "server")
		if err != nil || len(left) != min(1, len(o.plan.Going())) {
			t.Fatalf("left %v, %v of %q", left, err, o.plan.Going())
		}
		if len(left) == 1 {
			runScript(t, left[0], ".undo.sh")
			o.look(t)
			o.wantUntouched(t)
		}
		if t.Failed() {
			t.Fatalf("world %d", seed)
		}
	}
}
