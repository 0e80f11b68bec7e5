//go:build long

package fs

import (
	"testing"
	"time"
)

// TestValuesAreNeverOldNorCutLong is TestValuesAreNeverOldNorCut with 200,000
// reads, and more.
func TestValuesAreNeverOldNorCutLong(t *testing.T) {
	for how, views := range loads {
		t.Run(how, func(t *testing.T) {
			c := newChanging(t, views)
			if wrong := c.read(t, readsAtLeast(250_000)); wrong > 0 {
				t.Errorf("%d wrong reads", wrong)
			}
		})
	}
}

// TestValueThatIsReadAndWrittenAtOnceLong is TestValueThatIsReadAndWrittenAtOnce
// for two minutes.
func TestValueThatIsReadAndWrittenAtOnceLong(t *testing.T) { contend(t, 2*time.Minute) }
