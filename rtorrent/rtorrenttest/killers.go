package rtorrenttest

import (
	"fmt"
	"slices"
	"strings"
)

// A Killer is a .torrent that must not reach rTorrent as it is.
type Killer struct {
	Name    string
	Torrent []byte
	// Kills tells which rTorrent it makes exit or hang, and when; "" for one
	// that is only refused in silence, or loads as something it is not.
	Kills string
	// Defused is the key of the root that does the harm and that Encode leaves
	// out; "" where the torrent is to be refused.
	Defused string
}

// Killers returns one .torrent for each way that is known to harm an rTorrent
// or to be misread by one. Kills is what was seen on 0.9.8 and 0.16.17, which
// are "both".
func Killers() []Killer {
	return slices.Concat(nameKillers(), pathKillers(), rootKillers(), numberKillers(), formKillers())
}

func nameKillers() []Killer {
	return []Killer{
		{Name: "empty name, single file", Torrent: single("", nil), Kills: "0.16.17"},
		{Name: "empty name, multi-file", Torrent: multi("", path("a")), Kills: "0.16.17"},
		{Name: "no name", Torrent: single("", dict{"name": ""})},
		{Name: "name is a number", Torrent: single("", dict{"name": num(5)})},
		{Name: "name with a slash", Torrent: single("a/b", nil)},
		{Name: "name with NUL", Torrent: single("a\x00b", nil)},
		{Name: "name is dot", Torrent: single(".", nil)},
		{Name: "name is dot dot", Torrent: multi("..", path("a"))},
		{Name: "name of 256 bytes", Torrent: single(strings.Repeat("n", 256), nil)},
		{Name: "name of 300 bytes, multi-file", Torrent: multi(strings.Repeat("n", 300), path("a"))},
		{Name: "name.utf-8 leaves the directory", Torrent: single("escape", dict{"name.utf-8": str("../../escaped")})},
		{Name: "name.utf-8 is empty", Torrent: single("empty variant", dict{"name.utf-8": str("")})},
	}
}

func pathKillers() []Killer {
	long := strings.Repeat("c", 256)
	deep := strings.Split(strings.Repeat("component/", 410)+"end", "/")
	empty := func(components ...string) file { return file{path: strs(components...)} }
	utf8 := func(components ...string) dict { return dict{"path.utf-8": strs(components...)} }
	return []Killer{
		{Name: "equal paths side by side", Torrent: multi("equal", path("a"), path("a")), Kills: "both"},
		{Name: "file a then a/b", Torrent: multi("prefix", path("a"), path("a", "b")), Kills: "both"},
		{Name: "empty file a then a/b", Torrent: multi("empty prefix", empty("a"), path("a", "b")), Kills: "both"},
		{Name: "file a/b then a", Torrent: multi("prefix behind", path("a", "b"), path("a"))},
		{Name: "equal paths apart", Torrent: multi("equal apart", path("a"), path("b"), path("a"))},
		{Name: "directory of a file far off", Torrent: multi("prefix apart", path("a"), path("a!"), path("b"), path("a", "b"))},
		{Name: "two equal pads", Torrent: multi("pads", path("a"), path(".pad", "5"), path("b"), path(".pad", "5"))},
		{Name: "equal once the empty component is dropped", Torrent: multi("equal dropped", path("a", ""), path("a")), Kills: "0.16.17"},
		{Name: "empty component in the middle", Torrent: multi("empty middle", path("a", "", "b"))},
		{Name: "path of one empty component", Torrent: multi("no component", path(""), path("b"))},
		{Name: "path is an empty list", Torrent: multi("no path", path(), path("b"))},
		{Name: "path is a string", Torrent: multi("path text", file{path: str("a"), length: 1000})},
		{Name: "path component is a number", Torrent: multi("path number", file{path: list(num(1)), length: 1000})},
		{Name: "path component with a slash", Torrent: multi("slash", path("../../etc", "x"))},
		{Name: "path component with NUL", Torrent: multi("nul", path("a\x00b"))},
		{Name: "path component is dot dot", Torrent: multi("dot dot", path("..", "x"))},
		{Name: "path component of 256 bytes", Torrent: multi("long", path("d", long))},
		{Name: "path of over 4095 bytes", Torrent: multi("deep", path(deep...))},
		{Name: "path.utf-8 equal side by side", Kills: "0.9.8 with encoding.add",
			Torrent: multi("utf-8 equal", file{strs("a"), 1000, utf8("x")}, file{strs("b"), 1000, utf8("x")})},
		{Name: "path.utf-8 is a directory of a path", Kills: "0.9.8 with encoding.add",
			Torrent: multi("utf-8 prefix", file{strs("a"), 1000, utf8("x")}, path("x", "y"))},
		{Name: "path.utf-8 with dot dot", Torrent: multi("utf-8 dots", file{strs("a"), 1000, utf8("..", "x")})},
	}
}

func rootKillers() []Killer {
	info := func(name string) string { return singleInfo(name).String() }
	resume := func(name, value string) []byte { return root(info(name), dict{"libtorrent_resume": value}) }
	meta := dict{"meta_download": num(1), "pieces": str(strings.Repeat("h", 20))}
	magnet := "magnet:?xt=urn:btih:0123456789ABCDEF0123456789ABCDEF01234567"
	trackers := make([]string, 2000)
	for i := range trackers {
		trackers[i] = strs(fmt.Sprintf("http://127.0.0.1:1/%d/announce", i))
	}
	return []Killer{
		{Name: "libtorrent_resume is a string", Torrent: resume("resume string", str("x")), Defused: "libtorrent_resume"},
		{Name: "libtorrent_resume with files of numbers", Kills: "both", Defused: "libtorrent_resume",
			Torrent: resume("resume files", dict{"bitfield": num(2), "files": list(num(1))}.String())},
		{Name: "libtorrent_resume with peers of a wrong type", Defused: "libtorrent_resume",
			Torrent: resume("resume peers", dict{"peers": list(num(1))}.String())},
		{Name: "libtorrent_resume with trackers of a wrong type", Kills: "both", Defused: "libtorrent_resume",
			Torrent: resume("resume trackers", dict{"trackers": dict{"http://127.0.0.1:1/announce": num(1)}.String()}.String())},
		{Name: "libtorrent_resume claims all is there", Defused: "libtorrent_resume",
			Torrent: resume("resume claim", dict{"bitfield": num(2), "files": list(dict{"completed": num(2), "mtime": num(1), "priority": num(1)}.String())}.String())},
		{Name: "rtorrent section", Torrent: root(info("section"), dict{"rtorrent": dict{"directory": str("/tmp"), "state": num(1)}.String()}), Defused: "rtorrent"},
		{Name: "rtorrent_meta_download with commands", Defused: "rtorrent_meta_download",
			Torrent: root(info("commands"), dict{"rtorrent_meta_download": dict{"commands": strs("print=x")}.String()})},
		{Name: "magnet-uri beside info", Torrent: root(info("magnet beside"), dict{"magnet-uri": str(magnet)}), Defused: "magnet-uri"},
		{Name: "magnet-uri and no info", Torrent: root("", dict{"magnet-uri": str(magnet)})},
		{Name: "meta_download in info", Torrent: single("meta", meta), Kills: "both, at start or check"},
		{Name: "meta_download with files", Torrent: root(multiInfo("meta files", path("a")).with(meta).String(), nil), Kills: "both"},
		{Name: "meta_download as in the stub of a magnet link", Torrent: single("meta stub", meta.with(dict{"length": "", "piece length": ""}))},
		{Name: "no info", Torrent: root("", nil)},
		{Name: "info is a string", Torrent: root(str("info"), nil)},
		{Name: "info is given twice", Torrent: []byte("d4:info" + info("first") + "4:info" + info("second") + "e")},
		{Name: "2,000 trackers", Torrent: root(info("trackers"), dict{"announce-list": list(trackers...)}), Kills: "0.9.8 hangs once they have failed"},
		{Name: "2,000 trackers in one tier", Kills: "0.9.8 hangs once they have failed",
			Torrent: root(info("tier"), dict{"announce-list": list(strs(slices.Repeat([]string{"http://127.0.0.1:1/"}, 2000)...))})},
	}
}
