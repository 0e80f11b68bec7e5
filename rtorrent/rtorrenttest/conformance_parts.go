package rtorrenttest

import (
	"fmt"
	"slices"
	"testing"

	"rtfs/rtorrent"
)

func testCustoms(t *testing.T, c *conformance) {
	sample := MakeSample(t, "customs", NoTracker, Content{nil, Bytes(100)})
	h := sample.Hash
	c.load(t, sample.Metainfo)
	defer c.erase(t, h)
	check := func(want rtorrent.Customs) {
		t.Helper()
		got, err := c.Customs(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%q", *got) != fmt.Sprintf("%q", want) {
			t.Errorf("custom values = %q, want %q", *got, want)
		}
	}
	check(rtorrent.Customs{})
	c.do(t, h, rtorrent.SetCustom(h, "key", "value"), rtorrent.SetCustom(h, "a key", "$x; \"y\""), rtorrent.SetCustom1(h, "one"))
	want := rtorrent.Customs{Fields: [5]string{"one"}, Keys: []rtorrent.Custom{{Key: "a key", Value: "$x; \"y\""}, {Key: "key", Value: "value"}}}
	check(want)
	c.do(t, h, rtorrent.SetCustom(h, "key", ""))
	want.Keys[1].Value = "" // it cannot be removed
	check(want)
}

func testTrackers(t *testing.T, c *conformance) {
	sample := MakeSample(t, "trackers", NoTracker, Content{nil, Bytes(100)})
	h := sample.Hash
	c.load(t, sample.Metainfo)
	defer c.erase(t, h)
	const second, third = "http://127.0.0.1:2/announce", "udp://127.0.0.1:3"
	for _, add := range []struct {
		group int64
		url   string
	}{{1, second}, {0, third}} {
		if err := c.AddTracker(t.Context(), h, add.group, add.url); err != nil {
			t.Fatal(err)
		}
	}
	list, err := c.Trackers(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	want := []rtorrent.Tracker{
		{URL: NoTracker, Group: 0, Type: 1, IsEnabled: true},
		{URL: third, Group: 0, Type: 2, IsEnabled: true, IsExtra: true, Index: 1},
		{URL: second, Group: 1, Type: 1, IsEnabled: true, IsExtra: true, Index: 2},
	}
	if len(list) != len(want) {
		t.Fatalf("%d trackers, want %d", len(list), len(want))
	}
	for i, tracker := range list {
		if want[i].Event = tracker.Event; *tracker != want[i] {
			t.Errorf("tracker %d = %+v, want %+v", i, *tracker, want[i])
		}
	}
	if err := c.EnableTracker(t.Context(), h, list[1], false); err != nil {
		t.Fatal(err)
	}
	if list, err = c.Trackers(t.Context(), h); err != nil || list[1].IsEnabled || !list[2].IsEnabled {
		t.Errorf("one switched off: trackers = %+v %+v, error %v", list[1], list[2], err)
	}
	if peers, err := c.Peers(t.Context(), h); err != nil || len(peers) != 0 {
		t.Errorf("%d peers, error %v, want none", len(peers), err)
	}
}

func testViews(t *testing.T, c *conformance) {
	stopped := MakeSample(t, "view of stopped", NoTracker, Content{nil, Bytes(100)})
	started := MakeSample(t, "view of started", NoTracker, Content{nil, Bytes(101)})
	for _, sample := range []*Sample{stopped, started} {
		c.load(t, sample.Metainfo)
		defer c.erase(t, sample.Hash)
	}
	walk(t, c, started.Hash, []step{{"start", facts{started: true, open: true, active: true, checked: true}}})
	defer c.do(t, started.Hash, rtorrent.Stop(started.Hash), rtorrent.Close(started.Hash))
	views, err := c.Views(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]rtorrent.Hash{
		"main":     {stopped.Hash, started.Hash},
		"started":  {started.Hash},
		"stopped":  {stopped.Hash},
		"complete": nil,
	} {
		if !slices.Contains(views, name) {
			t.Errorf("there is no view %s in %v", name, views)
		}
		got, err := c.View(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("view %s = %v, want %v", name, got, want)
		}
	}
}
