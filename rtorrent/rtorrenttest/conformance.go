package rtorrenttest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rtfs/rtorrent"
)

// Run checks that an rTorrent does what a Client of it relies on. The fake must
// pass it as the real ones do. start returns a Client of an rTorrent with an
// empty session, whose directories this process can reach; it is called once.
func Run(t *testing.T, start func(t testing.TB) *rtorrent.Client) {
	c := &conformance{Client: start(t)}
	for _, test := range []struct {
		name string
		run  func(t *testing.T, c *conformance)
	}{
		{"probe", testProbe},
		{"every tag is a command", testTags},
		{"empty list", testEmptyList},
		{"one torrent", testOneTorrent},
		{"odd torrents", testOddTorrents},
		{"loads that change nothing", testLoadsInVain},
		{"large torrent", testLargeTorrent},
		{"tables", testTables},
		{"texts", testTexts},
		{"custom values", testCustoms},
		{"trackers", testTrackers},
		{"views", testViews},
		{"priority", testPriority},
		{"file priority", testFilePriority},
		{"directory", testDirectory},
		{"limits of a torrent", testTorrentLimits},
		{"limits of rTorrent", testServerLimits},
		{"choke groups", testChokeGroups},
		{"settings", testSettings},
		{"states without data", testStatesWithoutData},
		{"states with data", testStatesWithData},
		{"partial data", testPartialData},
		{"damaged data", testDamagedData},
		{"erase", testErase},
		{"refusals", testRefusals},
		{"writes that are given up", testGivenUp},
		{"many at once", testManyAtOnce},
		{"hostile names", testHostileNames},
		{"hostile tracker", testHostileTracker},
		{"heavy texts", testHeavyTexts},
	} {
		if !t.Run(test.name, func(t *testing.T) { test.run(t, c) }) {
			return // what follows may hang on what is wrong
		}
	}
}

// A conformance is one run of the suite.
type conformance struct{ *rtorrent.Client }

// settleWithin bounds every wait for something that rTorrent does by itself.
const settleWithin = 15 * time.Second

func (c *conformance) caps(t *testing.T) *rtorrent.Caps {
	t.Helper()
	caps, err := c.Caps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return caps
}

// all returns the rows of all torrents, asked anew, by info-hash.
func (c *conformance) all(t *testing.T) map[rtorrent.Hash]*rtorrent.Torrent {
	t.Helper()
	rows, err := c.Torrents(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	byHash := map[rtorrent.Hash]*rtorrent.Torrent{}
	for _, row := range rows {
		if byHash[row.Hash] != nil {
			t.Errorf("%s is listed twice", row.Hash)
		}
		byHash[row.Hash] = row
	}
	return byHash
}

func (c *conformance) torrent(t *testing.T, h rtorrent.Hash) *rtorrent.Torrent {
	t.Helper()
	row, err := c.Torrent(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// load loads a torrent and waits until it is there.
func (c *conformance) load(t *testing.T, m *rtorrent.Metainfo) *rtorrent.Torrent {
	t.Helper()
	if err := c.LoadRaw(t.Context(), m.Encode()); err != nil {
		t.Fatal(err)
	}
	return c.await(t, m.Hash, "is listed", func(*rtorrent.Torrent) bool { return true })
}

// await waits until a torrent is as wanted, and returns it.
func (c *conformance) await(t *testing.T, h rtorrent.Hash, what string, ok func(row *rtorrent.Torrent) bool) *rtorrent.Torrent {
	t.Helper()
	var row *rtorrent.Torrent
	Eventually(t, settleWithin, string(h)+" "+what, func() bool {
		var err error
		row, err = c.Torrent(t.Context(), h)
		if err != nil && !errors.Is(err, rtorrent.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil && ok(row)
	})
	return row
}

// do carries out commands that must succeed; it repeats them while a check
// forbids them.
func (c *conformance) do(t *testing.T, h rtorrent.Hash, commands ...rtorrent.Command) *rtorrent.Torrent {
	t.Helper()
	var row *rtorrent.Torrent
	Eventually(t, settleWithin, "commands on "+string(h), func() bool {
		var err error
		row, err = c.Do(t.Context(), h, commands...)
		if err != nil && !errors.Is(err, rtorrent.ErrChecking) {
			t.Fatal(err)
		}
		return err == nil
	})
	return row
}

// erase removes a torrent, so that the tests after this one are not disturbed.
func (c *conformance) erase(t *testing.T, h rtorrent.Hash) {
	t.Helper()
	c.do(t, h, rtorrent.Erase(h))
}

func testProbe(t *testing.T, c *conformance) {
	caps := c.caps(t)
	for name, value := range map[string]string{
		"client version": caps.Version, "library version": caps.Library, "API version": caps.API,
		"host name": caps.Hostname, "session": caps.Session, "directory": caps.Directory,
	} {
		if value == "" {
			t.Errorf("the %s is empty", name)
		}
	}
	if caps.PID <= 0 {
		t.Errorf("pid = %d", caps.PID)
	}
	if !strings.HasSuffix(caps.Session, "/") {
		t.Errorf("session %q does not end with a slash", caps.Session)
	}
	if caps.JSON && !caps.Has("d.name.hex") {
		t.Error("it speaks JSON, and cannot tell every name in it")
	}
	if caps.Has("d.no_such") {
		t.Error("it has a command that does not exist")
	}
	if !slices.IsSorted(caps.Commands) {
		t.Error("the commands are not sorted")
	}
}

// testTags reads the tags as text: what they mean is for the client to know.
func testTags(t *testing.T, c *conformance) {
	caps := c.caps(t)
	for _, row := range []reflect.Type{
		reflect.TypeFor[rtorrent.Torrent](), reflect.TypeFor[rtorrent.File](),
		reflect.TypeFor[rtorrent.Tracker](), reflect.TypeFor[rtorrent.Peer](),
		reflect.TypeFor[rtorrent.Server](), reflect.TypeFor[rtorrent.Throttle](), reflect.TypeFor[rtorrent.ChokeGroup](),
		reflect.TypeFor[rtorrent.Server](), reflect.TypeFor[rtorrent.Throttle](), reflect.TypeFor[rtorrent.ChokeGroup](),
	} {
		for i := range row.NumField() {
			tag := row.Field(i).Tag.Get("rt")
			if getter, _, _ := strings.Cut(tag, ","); tag != "" && !caps.Has(getter) {
				t.Errorf("%s.%s: rTorrent %s has no command %s", row, row.Field(i).Name, caps.Version, getter)
			}
		}
	}
}

func testEmptyList(t *testing.T, c *conformance) {
	if rows := c.all(t); len(rows) != 0 {
		t.Errorf("%d torrents in an empty session", len(rows))
	}
}

// canceled returns a context that has ended.
func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
