//go:build long

package fs

import (
	"os"
	"testing"
	"time"

	"rtfs/rtorrent/rtorrenttest"
)

// TestModelLong is TestModel for 15 minutes with each version, or for as long
// as RTFS_MODEL says, and with the bounds that hold on a machine at rest.
func TestModelLong(t *testing.T) {
	long, err := time.ParseDuration(os.Getenv("RTFS_MODEL"))
	if err != nil {
		long = 15 * time.Minute
	}
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := runModel(t, version, modelSeed(uint64(time.Now().UnixNano())), long, modelBound)
			if long < 15*time.Minute {
				return
			}
			if _, faults := m.proxy.Counts(); faults < 500 || m.restarts.Load() < 10 {
				t.Errorf("only %d faults and %d restarts", faults, m.restarts.Load())
			}
		})
	}
}

// TestCrowdLong is TestCrowd for 5 minutes with each version.
func TestCrowdLong(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) { runCrowd(t, version, 5*time.Minute) })
	}
}
