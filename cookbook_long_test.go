//go:build long

package main

import (
	"testing"

	"rtfs/rtorrent/rtorrenttest"
)

func TestCookbookOnNewerVersions(t *testing.T) {
	for _, version := range rtorrenttest.Versions()[1:] {
		t.Run(version, func(t *testing.T) { cook(t, version) })
	}
}
