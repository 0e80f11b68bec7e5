package rtorrent

import "slices"

// MissingCommands returns the commands of all rows that has does not know, and
// what is wrong with their tags.
func MissingCommands(has func(command string) bool) []string {
	missing := slices.Concat(newTable[Torrent]().missing(has), newTable[File]().missing(has),
		newTable[Pieces]().missing(has), newTable[Tracker]().missing(has), newTable[Peer]().missing(has))
	for _, err := range []error{newTable[Torrent]().check(), newTable[File]().check(), newTable[Pieces]().check(), newTable[Tracker]().check(), newTable[Peer]().check()} {
		if err != nil {
			missing = append(missing, err.Error())
		}
	}
	return missing
}
