package rtorrent_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// loadTorrent loads a torrent, not started, with the trackers in tiers of
// their own, and returns its info-hash.
func loadTorrent(t *testing.T, c *rtorrent.Client, name string, trackers ...string) rtorrent.Hash {
	t.Helper()
	file := rtorrent.MakeFile{Length: 20_000, Data: bytes.NewReader(make([]byte, 20_000))}
	content, err := rtorrent.MakeMetainfo(name, []rtorrent.MakeFile{file}, 16384, trackers...)
	if err != nil {
		t.Fatal(err)
	}
	m, err := rtorrent.ParseMetainfo(content)
	if err == nil {
		err = c.LoadRaw(t.Context(), content)
	}
	if err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, 5*time.Second, name+" is loaded", func() bool {
		_, err := c.Torrent(t.Context(), m.Hash)
		return err == nil
	})
	return m.Hash
}

// showTrackers returns the trackers as lines of group, path of the URL, and a
// minus for those that are disabled.
func showTrackers(t *testing.T, c *rtorrent.Client, h rtorrent.Hash) string {
	t.Helper()
	list, err := c.Trackers(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, tr := range list {
		mark := ""
		if !tr.IsEnabled {
			mark = "-"
		}
		lines = append(lines, fmt.Sprintf("%d %s%s", tr.Group, mark, tr.URL[strings.LastIndexByte(tr.URL, '/')+1:]))
	}
	return strings.Join(lines, ", ")
}

const dead = "http://127.0.0.1:9/"

func TestTrackerSwitches(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		c := rtorrenttest.Dial(t, rtorrenttest.Start(t, version).Endpoint())
		h := loadTorrent(t, c, "t", dead+"a", dead+"b")
		before, err := c.Trackers(t.Context(), h)
		if err != nil || len(before) != 2 {
			t.Fatalf("Trackers = %v, %v; want two", before, err)
		}
		a, b := before[0], before[1]
		if a.Host() != "127.0.0.1" || a.Type != 1 || b.Group != 1 || b.Index != 1 || a.Nth != 0 {
			t.Errorf("trackers are %+v and %+v", a, b)
		}
		steps := []struct {
			name string
			do   func(context.Context) error
			want string
		}{
			{"disable", func(ctx context.Context) error { return c.EnableTracker(ctx, h, a, false) }, "0 -a, 1 b"},
			{"enable", func(ctx context.Context) error { return c.EnableTracker(ctx, h, a, true) }, "0 a, 1 b"},
			{"enable b", func(ctx context.Context) error { return c.EnableTracker(ctx, h, b, true) }, "0 a, 1 b"},
			{"add behind", func(ctx context.Context) error { return c.AddTracker(ctx, h, -1, dead+"c") }, "0 a, 1 b, 2 c"},
			{"add to a group", func(ctx context.Context) error { return c.AddTracker(ctx, h, 0, dead+"d") }, "0 a, 0 d, 1 b, 2 c"},
			{"disable one that moved", func(ctx context.Context) error { return c.EnableTracker(ctx, h, b, false) }, "0 a, 0 d, 1 -b, 2 c"},
			{"add one that is there", func(ctx context.Context) error { return c.AddTracker(ctx, h, 0, b.URL) }, "0 a, 0 d, 1 b, 2 c"},
			{"replace", func(ctx context.Context) error { return c.ReplaceTracker(ctx, h, a, dead+"A") }, "0 -a, 0 d, 0 A, 1 b, 2 c"},
			{"replace by one that is there", func(ctx context.Context) error { return c.ReplaceTracker(ctx, h, a, dead+"A") }, "0 -a, 0 d, 0 A, 1 b, 2 c"},
			{"replace back", func(ctx context.Context) error {
				return c.ReplaceTracker(ctx, h, &rtorrent.Tracker{URL: dead + "A"}, dead+"a")
			}, "0 a, 0 d, 0 -A, 1 b, 2 c"},
		}
		for _, step := range steps {
			if err := step.do(t.Context()); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if got := showTrackers(t, c, h); got != step.want {
				t.Errorf("after %s: %s, want %s", step.name, got, step.want)
			}
		}
		gone := &rtorrent.Tracker{URL: dead + "none"}
		if err := c.EnableTracker(t.Context(), h, gone, true); !errors.Is(err, rtorrent.ErrNotFound) {
			t.Errorf("EnableTracker of one that is not there: %v, want ErrNotFound", err)
		}
		if err := c.ReplaceTracker(t.Context(), h, gone, dead+"x"); !errors.Is(err, rtorrent.ErrNotFound) {
			t.Errorf("ReplaceTracker of one that is not there: %v, want ErrNotFound", err)
		}
		none := rtorrent.Hash(strings.Repeat("0", 40))
		if _, err := c.Trackers(t.Context(), none); !errors.Is(err, rtorrent.ErrNotFound) {
			t.Errorf("Trackers of a torrent that is not there: %v, want ErrNotFound", err)
		}
	})
}

// A meddler calls a function before the first request that holds a text.
type meddler struct {
	rtorrent.Transport
	text string
	once sync.Once
	act  func()
}

func (m *meddler) RoundTrip(ctx context.Context, contentType string, request []byte) ([]byte, string, error) {
	if bytes.Contains(request, []byte(m.text)) {
		m.once.Do(m.act)
	}
	return m.Transport.RoundTrip(ctx, contentType, request)
}

// TestTrackersMoveUnderneath changes the places of the trackers between the
// list that was read and the command that names a place.
func TestTrackersMoveUnderneath(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		d := rtorrenttest.Start(t, version)
		direct := rtorrenttest.Dial(t, d.Endpoint())
		h := loadTorrent(t, direct, "t", dead+"a", dead+"b", dead+"c")
		endpoint, err := rtorrent.ParseEndpoint(d.Endpoint())
		if err != nil {
			t.Fatal(err)
		}
		transport, err := rtorrent.NewTransport(endpoint, rtorrent.TransportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		c := rtorrent.New(&meddler{Transport: transport, text: "t.is_enabled.set", act: func() {
			if err := direct.AddTracker(t.Context(), h, 0, dead+"d"); err != nil {
				t.Error(err)
			}
		}}, rtorrent.Options{})
		list, err := c.Trackers(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.EnableTracker(t.Context(), h, list[2], false); err != nil {
			t.Fatal(err)
		}
		if got, want := showTrackers(t, direct, h), "0 a, 0 d, 1 b, 2 -c"; got != want {
			t.Errorf("trackers are %s, want %s", got, want)
		}
	})
}

// TestTooManyTrackers wants a bound: 2,000 that fail hang rTorrent 0.9.8.
func TestTooManyTrackers(t *testing.T) {
	c := rtorrenttest.Dial(t, rtorrenttest.Start(t, "0.9.8").Endpoint())
	trackers := make([]string, 100)
	for i := range trackers {
		trackers[i] = fmt.Sprintf("%s%d", dead, i)
	}
	h := loadTorrent(t, c, "many", trackers...)
	if err := c.AddTracker(t.Context(), h, 0, dead+"more"); !errors.Is(err, rtorrent.ErrTooLarge) {
		t.Errorf("AddTracker to 100: %v, want ErrTooLarge", err)
	}
}

func TestCheckTracker(t *testing.T) {
	for _, good := range []string{
		"http://t.org/announce", "https://u:p@t.org:8/a?passkey=1&b=%20", "udp://t.org:80", "http://[::1]:80/a", "http://10.0.0.1/",
	} {
		if err := rtorrent.CheckTracker(good); err != nil {
			t.Errorf("CheckTracker(%q) = %v, want nil", good, err)
		}
	}
	for _, bad := range []string{
		"", "t.org", "http://", "http:///a", "http://:80/a", "HTTP://t.org/", "ftp://t.org/", "dht://", "wss://t.org/", "http://t.org/a b", "http://t.org/\x01",
		"http://t.org/é", "http://t.org/\xff", " http://t.org/", "http://t.org/\n", "http://t.org/" + strings.Repeat("a", 2048), "http://%zz/", "http://t.org:x/",
	} {
		if err := rtorrent.CheckTracker(bad); err == nil {
			t.Errorf("CheckTracker(%q) = nil, want an error", bad)
		}
	}
}

func TestParsePeer(t *testing.T) {
	for give, want := range map[string]string{
		"192.0.2.1:6881": "192.0.2.1:6881", "[2001:db8::1]:1": "[2001:db8::1]:1", "[::ffff:192.0.2.1]:5": "192.0.2.1:5",
	} {
		if got, err := rtorrent.ParsePeer(give); err != nil || got.String() != want {
			t.Errorf("ParsePeer(%q) = %v, %v; want %s", give, got, err, want)
		}
	}
	for _, bad := range []string{
		"", "192.0.2.1", "192.0.2.1:0", "192.0.2.1:70000", "host:6881", strings.Repeat("a", 70) + ":6881", "localhost:6881", "2001:db8::1:6881",
		"[fe80::1%eth0]:6881", "0.0.0.0:1", "[::]:1", "224.0.0.1:1", "192.0.2.1:6881 ", "192.0.2.01:6881", "3221225985:6881",
	} {
		if got, err := rtorrent.ParsePeer(bad); err == nil {
			t.Errorf("ParsePeer(%q) = %v, want an error", bad, got)
		}
	}
}

// TestTagsAreCommands asks a real rTorrent whether it has every command that
// the rows name.
func TestTagsAreCommands(t *testing.T) {
	onBoth(t, func(t *testing.T, version string) {
		c := rtorrenttest.Dial(t, rtorrenttest.Start(t, version).Endpoint())
		caps, err := c.Caps(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if missing := rtorrent.MissingCommands(caps.Has); len(missing) > 0 {
			t.Errorf("it lacks %v", missing)
		}
		words, want := ask[[]string](t, rtorrenttest.Start(t, version), "strings.tracker_event"), rtorrent.TrackerEvents()
		if !slices.Equal(words, want) {
			t.Errorf("strings.tracker_event = %v, want %v", words, want)
		}
	})
}
