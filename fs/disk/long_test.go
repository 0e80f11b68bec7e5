//go:build long

package disk

const (
	worlds      = uint64(20_000)
	faultWorlds = uint64(300)
)
