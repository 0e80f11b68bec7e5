package rtorrenttest

import (
	"errors"
	"testing"

	"rtfs/rtorrent"
)

// testTorrentLimits sets what limits one torrent.
func testTorrentLimits(t *testing.T, c *conformance) {
	sample := MakeSample(t, "limits", NoTracker, Content{nil, Bytes(100)})
	sample.Write(t, c.caps(t).Directory)
	h := sample.Hash
	c.load(t, sample.Metainfo)
	defer c.erase(t, h)
	row := c.do(t, h, rtorrent.SetPeersMax(h, 7), rtorrent.SetPeersMin(h, 6), rtorrent.SetUploadsMax(h, rtorrent.PeersAtMost))
	if row.PeersMax != 7 || row.PeersMin != 6 || row.UploadsMax != rtorrent.PeersAtMost {
		t.Errorf("peers and uploads = %d %d %d, want 7 6 %d", row.PeersMax, row.PeersMin, row.UploadsMax, rtorrent.PeersAtMost)
	}
	if row := c.do(t, h, rtorrent.SetPeersMax(h, 0)); row.PeersMax != 1<<32-1 {
		t.Errorf("no limit of peers = %d, want 2^32-1", row.PeersMax)
	}
	for _, cmd := range []rtorrent.Command{rtorrent.SetPeersMax(h, -1), rtorrent.SetPeersMin(h, rtorrent.PeersAtMost+1), rtorrent.SetUploadsMax(h, -1)} {
		var refusal *rtorrent.Fault
		if _, err := c.Do(t.Context(), h, cmd); !errors.As(err, &refusal) {
			t.Errorf("a number out of range: error %v, want a fault", err)
		}
	}
	if row := c.do(t, h, rtorrent.SetThrottle(h, "any name")); row.ThrottleName != "any name" {
		t.Errorf("throttle = %q, want any name", row.ThrottleName)
	}
	running := facts{true, true, true, true, true, 1}
	walk(t, c, h, []step{{"start", running}})
	if row, err := c.Do(t.Context(), h, rtorrent.SetThrottle(h, "")); err == nil || row == nil || row.ThrottleName != "any name" {
		t.Errorf("throttle of an active torrent = %+v, %v, want a refusal", row, err)
	}
	if row := c.do(t, h, rtorrent.Pause(h), rtorrent.SetThrottle(h, ""), rtorrent.Resume(h)); row.ThrottleName != "" || !row.IsActive {
		t.Errorf("throttle of a paused torrent = %q, active %v, want none and active", row.ThrottleName, row.IsActive)
	}
	for _, seed := range []struct {
		super bool
		want  string
	}{{true, rtorrent.InitialSeed}, {false, "seed"}} {
		row := c.do(t, h, rtorrent.Pause(h), rtorrent.SetSuperSeeding(h, seed.super), rtorrent.Resume(h))
		if row.ConnectionSeed != seed.want || row.ConnectionCurrent != seed.want || !row.IsActive {
			t.Errorf("super seeding %v = %q, now %q, active %v; want %q", seed.super, row.ConnectionSeed, row.ConnectionCurrent, row.IsActive, seed.want)
		}
	}
}

// testServerLimits sets what limits all torrents, and named throttles.
func testServerLimits(t *testing.T, c *conformance) {
	s := c.server(t)
	caps := c.caps(t)
	if s.PID != caps.PID || s.Version != caps.Version || s.Library != caps.Library || s.API != caps.API || s.Session != caps.Session || s.Port <= 0 {
		t.Errorf("server = %+v, want that of %+v", s, caps)
	}
	for _, n := range []int64{123456, s.LimitMax, 1024, 0} {
		c.apply(t, rtorrent.SetUpLimit(n), rtorrent.SetDownLimit(n))
		if s := c.server(t); s.UpLimit != n&^1023 || s.DownLimit != n&^1023 {
			t.Errorf("limits of %d = %d %d, want whole KiB", n, s.UpLimit, s.DownLimit)
		}
	}
	c.apply(t, rtorrent.SetThrottleUpLimit("a", 0))
	if throttle := c.throttle(t, "a"); throttle.Defined() {
		t.Errorf("a throttle that never had a limit = %+v, want it not defined", throttle)
	}
	c.apply(t, rtorrent.SetThrottleUpLimit("a", 60000))
	if throttle := c.throttle(t, "a"); throttle.UpLimit != 0 || throttle.DownLimit != -1 {
		t.Errorf("a throttle without limits for all = %+v, want 0 and -1", throttle)
	}
	c.apply(t, rtorrent.SetUpLimit(1<<20), rtorrent.SetDownLimit(1<<20), rtorrent.SetThrottleDownLimit("a", s.ThrottleMax))
	if throttle := c.throttle(t, "a"); throttle.UpLimit != 60000&^1023 || throttle.DownLimit != s.ThrottleMax&^1023 {
		t.Errorf("a throttle in force = %+v, want %d and %d", throttle, 60000&^1023, s.ThrottleMax&^1023)
	}
	for _, name := range []string{"", rtorrent.NoThrottle} {
		if err := c.DoServer(t.Context(), rtorrent.SetThrottleUpLimit(name, 1024)); err == nil {
			t.Errorf("throttle %q can be defined", name)
		}
	}
	c.apply(t, rtorrent.SetUpLimit(0), rtorrent.SetDownLimit(0), rtorrent.SaveSession())
}

func (c *conformance) server(t *testing.T) *rtorrent.Server {
	t.Helper()
	s, err := c.Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (c *conformance) throttle(t *testing.T, name string) *rtorrent.Throttle {
	t.Helper()
	throttles, err := c.Throttles(t.Context(), []string{"another", name})
	if err != nil {
		t.Fatal(err)
	}
	if throttles[0].Defined() || throttles[1].Name != name {
		t.Fatalf("throttles = %+v %+v, want another, not defined, and %s", throttles[0], throttles[1], name)
	}
	return throttles[1]
}

func (c *conformance) apply(t *testing.T, commands ...rtorrent.ServerCommand) {
	t.Helper()
	if err := c.DoServer(t.Context(), commands...); err != nil {
		t.Fatal(err)
	}
}

func testChokeGroups(t *testing.T, c *conformance) {
	sample := MakeSample(t, "group", NoTracker, Content{nil, Bytes(100)})
	h := sample.Hash
	if row := c.load(t, sample.Metainfo); row.ChokeGroup != "default" {
		t.Errorf("choke group = %q, want default", row.ChokeGroup)
	}
	defer c.erase(t, h)
	c.apply(t, rtorrent.InsertChokeGroup("slow"), rtorrent.InsertChokeGroup("a/b ü"))
	for _, name := range []string{"slow", "5"} {
		if err := c.DoServer(t.Context(), rtorrent.InsertChokeGroup(name)); err == nil {
			t.Errorf("group %q can be made", name)
		}
	}
	c.apply(t, rtorrent.SetChokeGroupUpMax("slow", 3), rtorrent.SetChokeGroupDownMax("slow", 0),
		rtorrent.SetChokeGroupUpHeuristics("slow", "upload_seed"), rtorrent.SetChokeGroupDownHeuristics("slow", "download_leech"),
		rtorrent.SetChokeGroupTrackerMode("slow", "aggressive"))
	groups, err := c.ChokeGroups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []rtorrent.ChokeGroup{
		{Name: "default", Index: 0, UpMax: -1, DownMax: -1, UpHeuristics: "upload_leech", DownHeuristics: "download_leech", TrackerMode: "normal"},
		{Name: "slow", Index: 1, UpMax: 3, DownMax: 0, UpHeuristics: "upload_seed", DownHeuristics: "download_leech", TrackerMode: "aggressive"},
		{Name: "a/b ü", Index: 2, UpMax: -1, DownMax: -1, UpHeuristics: "upload_leech", DownHeuristics: "download_leech", TrackerMode: "normal"},
	}
	if len(groups) != len(want) {
		t.Fatalf("%d groups, want %d", len(groups), len(want))
	}
	for i, g := range groups {
		if *g != want[i] {
			t.Errorf("group %d = %+v, want %+v", i, *g, want[i])
		}
	}
	for _, name := range []string{"a/b ü", "slow", "default"} {
		if row := c.do(t, h, rtorrent.SetChokeGroup(h, name)); row.ChokeGroup != name {
			t.Errorf("choke group = %q, want %q", row.ChokeGroup, name)
		}
		if row := c.all(t)[h]; row.ChokeGroup != name {
			t.Errorf("choke group in the table = %q, want %q", row.ChokeGroup, name)
		}
	}
	if _, err := c.Do(t.Context(), h, rtorrent.SetChokeGroup(h, "none")); err == nil {
		t.Error("a torrent can be in a group that is not there")
	}
}

func testSettings(t *testing.T, c *conformance) {
	settings, err := c.Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range c.caps(t).SettingNames() {
		if s := settings.Setting(name); s == nil || s.Refusal != nil {
			t.Errorf("setting %s = %+v", name, s)
		}
	}
	if settings.Setting("d.priority") != nil || settings.Setting("no.such") != nil {
		t.Error("there are settings that are none")
	}
	for _, tc := range []struct {
		to   rtorrent.Setting
		kept string
	}{
		{rtorrent.Setting{Name: "throttle.max_peers.normal", Kind: rtorrent.SettingNumber, Number: 77}, "77"},
		{rtorrent.Setting{Name: "throttle.global_up.max_rate", Kind: rtorrent.SettingNumber, Number: 123456}, "122880"},
		{rtorrent.Setting{Name: "throttle.global_up.max_rate", Kind: rtorrent.SettingNumber, Number: 0}, "0"},
		{rtorrent.Setting{Name: "network.bind_address", Text: "127.0.0.2"}, "127.0.0.2"},
		{rtorrent.Setting{Name: "file.prioritize_toc.first", Kind: rtorrent.SettingList, List: []string{"*.a", "*.b"}}, "*.a\n*.b"},
		{rtorrent.Setting{Name: "file.prioritize_toc.first", Kind: rtorrent.SettingList}, ""},
	} {
		before := settings.Setting(tc.to.Name)
		if before == nil {
			t.Errorf("there is no setting %s", tc.to.Name)
			continue
		}
		if kept, err := c.Set(t.Context(), &tc.to); err != nil || kept.String() != tc.kept {
			t.Errorf("%s = %v, %v, want %s", tc.to.Name, kept, err, tc.kept)
		}
		if kept, err := c.Set(t.Context(), before); err != nil || kept.String() != before.String() {
			t.Errorf("%s = %v, %v, want %s again", tc.to.Name, kept, err, before)
		}
	}
	// rTorrent keeps the remainder, and is given back what it had.
	const name = "network.send_buffer.size"
	before := settings.Setting(name)
	if _, err := c.Set(t.Context(), &rtorrent.Setting{Name: name, Kind: rtorrent.SettingNumber, Number: 1<<32 + 5}); !errors.Is(err, rtorrent.ErrKept) {
		t.Errorf("%s of 2^32+5: error %v, want ErrKept", name, err)
	}
	if settings, err = c.Settings(t.Context()); err != nil || settings.Setting(name).String() != before.String() {
		t.Errorf("%s = %v, %v, want %s as before", name, settings.Setting(name), err, before)
	}
}
