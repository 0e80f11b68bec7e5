//go:build long

package fs

import "testing"

// How many texts TestHostileValues writes into a row in each form, into how
// many settings, and how many names it gives.
const (
	injectTexts    = 60
	injectSettings = 1000
	injectNames    = 300
)

func injectWorld(t *testing.T, version string) *rowWorld {
	t.Helper()
	return newRowWorld(t, version)
}
