//go:build !long

package fs

import "testing"

// How many texts TestHostileValues writes into a row in each form, into how
// many settings, and how many names it gives.
const (
	injectTexts    = 1
	injectSettings = 5
	injectNames    = 12
)

// injectWorld has no peer: a transfer would take longer than all else.
func injectWorld(t *testing.T, version string) *rowWorld {
	t.Helper()
	return prepareRows(t, mountDaemon(t, version))
}
