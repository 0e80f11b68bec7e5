package fs

import (
	"slices"
	"strings"
	"testing"

	"rtfs/rtorrent"
)

func trackersOf(urls ...string) []*rtorrent.Tracker {
	var list []*rtorrent.Tracker
	nth := map[string]int{}
	for i, u := range urls {
		list = append(list, &rtorrent.Tracker{URL: u, Index: i, Nth: nth[u]})
		nth[u]++
	}
	return list
}

// TestTrackerNames follows one torrent's list through what rTorrent does to it.
func TestTrackerNames(t *testing.T) {
	const h = rtorrent.Hash("A")
	n := newTrackerNames()
	steps := []struct {
		name string
		urls []string
		want []string
	}{
		{"two hosts", []string{"http://foo.org/1", "http://bar.org/"}, []string{"foo.org=http://foo.org/1", "bar.org=http://bar.org/"}},
		{"a second of a host, and another order", []string{"http://bar.org/", "udp://FOO.org:80/2", "http://foo.org/1"},
			[]string{"foo.org=http://foo.org/1", "bar.org=http://bar.org/", "foo.org 2=udp://FOO.org:80/2"}},
		{"equal URLs", []string{"http://bar.org/", "udp://FOO.org:80/2", "http://foo.org/1", "http://bar.org/"},
			[]string{"foo.org=http://foo.org/1", "bar.org=http://bar.org/", "foo.org 2=udp://FOO.org:80/2", "bar.org 2=http://bar.org/"}},
		{"one that is gone leaves its name", []string{"udp://FOO.org:80/2", "http://bar.org/", "http://foo.org/3"},
			[]string{"foo.org=http://foo.org/3", "bar.org=http://bar.org/", "foo.org 2=udp://FOO.org:80/2"}},
	}
	for _, step := range steps {
		var got []string
		for _, named := range n.assign(h, trackersOf(step.urls...)) {
			got = append(got, named.name+"="+named.tracker.URL)
		}
		if !slices.Equal(got, step.want) {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
	}
	n.replaced(h, trackerID{url: "http://foo.org/3"}, trackerID{url: "udp://FOO.org:80/2"})
	if got := n.assign(h, trackersOf("http://foo.org/3", "udp://FOO.org:80/2")); got[0].name != "foo.org" || got[0].tracker.URL != "udp://FOO.org:80/2" {
		t.Errorf("foo.org is %s after it was replaced, want the new one", got[0].tracker.URL)
	}
	n.replaced(h, trackerID{url: "udp://FOO.org:80/2"}, trackerID{url: "http://bar.org/"})
	if got := n.assign(h, trackersOf("udp://FOO.org:80/2", "http://bar.org/")); got[0].tracker.URL != "udp://FOO.org:80/2" {
		t.Errorf("foo.org is %s after one of another host took its place, want it unchanged", got[0].tracker.URL)
	}
}

// TestTrackerNamesAreNames gives URLs that no good tracker has.
func TestTrackerNamesAreNames(t *testing.T) {
	urls := []string{"", "dht://", "http://new/a", "http://new/b", "http://x y/", "http://x y 2/", "http://x y/3", "http://[::1]:80/", "nothing", "http://../", "http://%2f/",
		"http://" + strings.Repeat("a", 300) + "/", "http://" + strings.Repeat("a", 300) + "/2", "http://\xff\x01/"}
	seen := map[string]bool{}
	named := newTrackerNames().assign("A", trackersOf(urls...))
	if len(named) != len(urls) {
		t.Errorf("%d names for %d trackers", len(named), len(urls))
	}
	for _, n := range named {
		if seen[n.name] || n.name == "" || n.name == "." || n.name == ".." || n.name == "new" || len(n.name) > nameMax || strings.ContainsAny(n.name, "/\x00") {
			t.Errorf("%q is the name of %.40q", n.name, n.tracker.URL)
		}
		seen[n.name] = true
	}
}
