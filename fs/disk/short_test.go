//go:build !long

package disk

// worlds is how many random worlds the tests try, faultWorlds in how many of
// them every step fails.
const (
	worlds      = uint64(150)
	faultWorlds = uint64(6)
)
