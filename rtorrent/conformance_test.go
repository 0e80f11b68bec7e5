package rtorrent_test

import (
	"testing"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestConformance holds the fake to what the real ones do, and the real ones to
// what the client takes for granted, over every socket and wire.
func TestConformance(t *testing.T) {
	for _, wire := range []struct {
		name   string
		noJSON bool
	}{{"JSON", false}, {"XML", true}} {
		for _, listen := range []string{"unix", "tcp"} {
			for _, version := range rtorrenttest.Versions() {
				if version == "0.9.8" && !wire.noJSON {
					continue // it has none
				}
				conform(t, "rTorrent "+version+" "+listen+" "+wire.name, !wire.noJSON, func(t testing.TB) string {
					return rtorrenttest.Start(t, version, func(o *rtorrent.DaemonOptions) { o.Listen = listen }).Endpoint()
				})
			}
		}
	}
	for _, o := range []rtorrenttest.ServerOptions{
		{Version: "0.9.8", Listen: "unix"},
		{Version: "0.16", Listen: "tcp"},
		{Version: "0.16", Listen: "unix", NoJSON: true},
		{Version: "0.16", Listen: "http", Layout: "tinyxml2"},
		{Version: "0.16", Listen: "unix", Layout: "tinyxml2", NoJSON: true},
	} {
		name := "fake " + o.Version + " " + o.Layout + " " + o.Listen
		conform(t, name, o.Version == "0.16" && !o.NoJSON, func(t testing.TB) string {
			return rtorrenttest.NewServer(t, o).Endpoint()
		})
	}
}

func conform(t *testing.T, name string, json bool, start func(t testing.TB) (endpoint string)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		rtorrenttest.Run(t, func(t testing.TB) *rtorrent.Client {
			c := rtorrenttest.Dial(t, start(t), func(o *rtorrent.Options) { o.NoJSON = !json })
			caps, err := c.Caps(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if caps.JSON != json {
				t.Errorf("it speaks JSON: %v, want %v", caps.JSON, json)
			}
			return c
		})
	})
}
