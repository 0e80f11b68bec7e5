package cache

import (
	"errors"
	"testing"
	"testing/synctest"

	"rtfs/rtorrent"
)

// addTag is a plan that adds a letter to custom1.
func addTag(c *Cache, h rtorrent.Hash, letter string) Plan {
	return Plan{Columns: c.client.Columns("d.custom1"), Commands: func(was, now *rtorrent.Torrent) ([]rtorrent.Command, error) {
		return []rtorrent.Command{rtorrent.SetCustom1(h, was.Custom1+letter)}, nil
	}}
}

// newUntagged returns a fake whose hashA has no tag, and a cache that knows.
func newUntagged(t *testing.T) (*fake, *Cache) {
	t.Helper()
	f, c := newFake(t, Options{})
	f.change(func(f *fake) { f.rows[hashA]["d.custom1"] = "" })
	snapshot(t, c)
	return f, c
}

func TestAPlanAsksWhatDecidesItAndWhatItChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newUntagged(t)
		for i, want := range []string{"x", "xx", "xxx"} {
			if row, err := c.Execute(t.Context(), hashA, addTag(c, hashA, "x")); err != nil || row.Custom1 != want {
				t.Fatalf("row %+v, error %v, want custom1 %s", row, err, want)
			}
			wantTag(t, c, hashA, want)
			// Each value of a torrent costs rTorrent a search: custom1 is asked before
			// the plan and behind it, and that it is no magnet.
			if others, looks := f.count("d.name")+f.count("d.state"), f.count("d.custom1"); others != 0 || looks != 2*(i+1) {
				t.Errorf("custom1 was asked %d times, and others %d, after %d writes", looks, others, i+1)
			}
		}
		wantTables(t, f, 1)
	})
}

func TestAPlanKeepsAChangeInBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newUntagged(t)
		f.change(func(f *fake) { f.rows[hashA]["d.custom1"] = "theirs" })
		if _, err := c.Execute(t.Context(), hashA, addTag(c, hashA, "+ours")); err != nil {
			t.Fatal(err)
		}
		wantTag(t, c, hashA, "theirs+ours")
		if sets := f.count("d.custom1.set"); sets != 2 {
			t.Errorf("%d commands, want one, and one to put it right", sets)
		}
	})
}

// TestAPlanWithoutCommandsIsCertain has what looks like nothing to do.
func TestAPlanWithoutCommandsIsCertain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newUntagged(t)
		refused := errors.New("refused")
		empty := Plan{Columns: c.client.Columns("d.custom1"), Commands: func(was, now *rtorrent.Torrent) ([]rtorrent.Command, error) {
			switch now.Custom1 {
			case "":
				return nil, nil
			case "bad":
				return nil, refused
			}
			return []rtorrent.Command{rtorrent.SetCustom1(hashA, "")}, nil
		}}
		if _, err := c.Execute(t.Context(), hashA, empty); err != nil {
			t.Fatal(err)
		}
		if looks, sets := f.count("d.custom1"), f.count("d.custom1.set"); looks != 1 || sets != 0 {
			t.Errorf("%d looks and %d commands, want a look and no command", looks, sets)
		}
		f.change(func(f *fake) { f.rows[hashA]["d.custom1"] = "theirs" })
		if row, err := c.Execute(t.Context(), hashA, empty); err != nil || row.Custom1 != "" {
			t.Errorf("row %+v, error %v, want it emptied", row, err)
		}
		f.change(func(f *fake) { f.rows[hashA]["d.custom1"] = "bad" })
		if _, err := c.Execute(t.Context(), hashA, empty); !errors.Is(err, refused) {
			t.Errorf("error %v, want %v", err, refused)
		}
		if _, err := c.Execute(t.Context(), "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC", empty); !errors.Is(err, rtorrent.ErrNotFound) {
			t.Errorf("of no torrent: %v, want %v", err, rtorrent.ErrNotFound)
		}
	})
}

// TestAPlanGivesUp has another program that changes it each time.
func TestAPlanGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newUntagged(t)
		restless := addTag(c, hashA, "x")
		add := restless.Commands
		restless.Commands = func(was, now *rtorrent.Torrent) ([]rtorrent.Command, error) {
			f.change(func(f *fake) { f.rows[hashA]["d.custom1"] += "y" })
			return add(was, now)
		}
		if _, err := c.Execute(t.Context(), hashA, restless); !errors.Is(err, ErrContended) {
			t.Errorf("error %v, want %v", err, ErrContended)
		}
		if sets := f.count("d.custom1.set"); sets != planAtMost {
			t.Errorf("%d commands, want %d", sets, planAtMost)
		}
	})
}

func TestALookAtSomeColumns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newUntagged(t)
		f.change(func(f *fake) { f.rows[hashA]["d.custom1"], f.rows[hashA]["d.up.rate"] = "tv", "5" })
		row, err := c.Look(t.Context(), hashA, c.client.Columns("d.custom1"))
		if err != nil || row.Custom1 != "tv" || row.UpRate != 0 {
			t.Errorf("row %+v, error %v; want the new tag alone", row, err)
		}
		wantTag(t, c, hashA, "tv")
		if rows := f.count("d.name"); rows != 0 {
			t.Errorf("%d rows were fetched", rows)
		}
		f.change(func(f *fake) { delete(f.rows, hashA) })
		if _, err := c.Look(t.Context(), hashA, c.client.Columns("d.custom1")); !errors.Is(err, rtorrent.ErrNotFound) {
			t.Errorf("error %v, want %v", err, rtorrent.ErrNotFound)
		}
		if _, err := snapshot(t, c).Torrent(hashA); err == nil {
			t.Error("it is still there")
		}
	})
}
