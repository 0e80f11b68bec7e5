package rtorrent

import "github.com/anacrolix/torrent/bencode"

// A draft is a .torrent while the rules check it. Each rule fills in what it
// found right, for those after it.
type draft struct {
	root  []byte
	keep  map[string]bencode.Bytes // the root as it is to be encoded
	info  map[string][]byte        // what is read of the info dictionary
	names [][]byte                 // its name in other encodings, as name.utf-8
	// paths are those of all files, and what they are in other encodings.
	paths []draftPath

	m Metainfo
}

// A rule is one thing that a .torrent must have or not have.
type rule struct {
	name string
	// why tells what rTorrent was seen to do without the rule. Both are 0.9.8
	// and 0.16.17; they refuse without a word, since load.* never fails.
	why   string
	check func(*draft) error
}

// rules are checked in this order; the first broken one is the reason given.
var rules = []rule{
	{"root", "0.16.17 takes the last of two equal keys, other programs the first: " +
		"what is shown is not what is loaded", (*draft).checkRoot},
	{"info", "both refuse a root without info, or load it as a magnet link for its magnet-uri",
		(*draft).checkInfo},
	{"info order", "both refuse keys unsorted or given twice, at any depth, and 1,024 levels; " +
		"both encode info anew, so that what is not canonical gets another info-hash",
		(*draft).checkOrder},
	{"meta_download", "both abort at start or check, and with files at once", (*draft).checkMetaDownload},
	{"version 1", "both refuse a BEP 52 torrent without the version 1 part", (*draft).checkVersion},
	{"name", "empty kills 0.16.17, and cannot be started on 0.9.8; both refuse NUL, slash, . and ..; " +
		"no file system takes over 255 bytes. With encoding.add, 0.9.8 takes name.utf-8 for the name, " +
		"unchecked: ../x leaves the download directory", (*draft).checkName},
	{"piece length", "both refuse less than 1,025 and more than 512 MiB, but look at 32 bits of it only",
		(*draft).checkPieceLength},
	{"files", "both take a negative length and a sum over 2^63 and can never start; 0.9.8 keeps an empty " +
		"component, 0.16.17 drops it; over 255 bytes a component or 4,095 a path cannot be opened; " +
		"both refuse the rest", (*draft).checkFiles},
	{"paths", "both exit when neighbours are equal or one is a directory of the next; if they stand " +
		"apart, the torrent can never start. With encoding.add, 0.9.8 exits for path.utf-8 likewise",
		(*draft).checkPaths},
	{"size", "both refuse a torrent without data", (*draft).checkSize},
	{"pieces", "both refuse too few, and ignore what is too much", (*draft).checkPieces},
	{"trackers", "2,000 failing ones made 0.9.8 spin and stop answering, 300 did not", (*draft).checkTrackers},
}

const (
	minPieceLength = 1<<10 + 1 // bytes
	maxPieceLength = 1 << 29   // bytes
	maxName        = 255       // bytes: NAME_MAX
	maxPath        = 4095      // bytes: PATH_MAX without its NUL
	maxTrackers    = 100
)
