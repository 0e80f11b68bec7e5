package rtorrenttest

import (
	"slices"
	"strings"
)

// An Oddity is a .torrent that is strange and legal: it must load, through
// ParseMetainfo and Encode, into every rTorrent.
type Oddity struct {
	Name    string
	Torrent []byte
}

// Odd returns one .torrent for each strange thing that is to be met. The data
// of each is zeros.
func Odd() []Oddity {
	return slices.Concat(oddNames(), oddFiles(), oddForms())
}

func oddNames() []Oddity {
	names := []struct{ name, torrent string }{
		{"spaces", "  two  spaces  "},
		{"newline", "first\nsecond"},
		{"tab and return", "a\tb\rc"},
		{"control bytes", "\x01\x02\x1b[31m\x7f"},
		{"latin-1", "caf\xe9"},
		{"surrogate", "half \xed\xa0\x80 of a pair"},
		{"emoji", "\U0001F600 grin"},
		{"right to left", "\u202egpj.exe"},
		{"decomposed", "cafe\u0301"},
		{"leading dash", "-rf"},
		{"dollar", "$execute.capture=id"},
		{"command", "a;d.erase= b,\"c\"{d}"},
		{"markup", "<a href='&amp;'>]]>"},
		{"percent", "100%25 %n %s"},
		{"tilde", "~root"},
		{"glob", "[a-z]*?"},
		{"backslash", `C:\name`},
		{"leading dot", ".hidden"},
		{"three dots", "..."},
		{"one blank", " "},
		{"255 bytes", strings.Repeat("n", 255)},
		{"255 bytes of emoji", strings.Repeat("\U0001F600", 63) + "abc"},
	}
	var odd []Oddity
	for _, n := range names {
		odd = append(odd,
			Oddity{"name with " + n.name, single(n.torrent, nil)},
			Oddity{"path with " + n.name, multi("path with "+n.name, path(n.torrent, "a"), path("b", n.torrent))})
	}
	return odd
}

func oddFiles() []Oddity {
	empty := func(components ...string) file { return file{path: strs(components...)} }
	pad := file{path: strs(".pad", "15384"), length: 15384, more: dict{"attr": str("p")}}
	link := file{path: strs("link"), more: dict{"attr": str("l"), "symlink path": strs("a")}}
	utf8 := file{path: strs("caf\xe9"), length: 1000, more: dict{"path.utf-8": strs("café"), "path.utf8": num(1)}}
	deep := strings.Split(strings.Repeat("d/", 60)+"end", "/")
	var many []file
	for i := range 1000 {
		many = append(many, path("d"+strings.Repeat("x", i%7), strings.Repeat("f", 1+i/7)))
	}
	return []Oddity{
		{"one file in a directory", multi("one", path("a"))},
		{"file of the torrent's name", multi("same", path("same"))},
		{"empty files among others", multi("empty", empty("a"), path("b"), empty("c"), empty("d"), path("e"), empty("f"))},
		{"padding file", multi("padded", path("a"), pad, path("b"))},
		{"symbolic link", multi("linked", path("a"), link)},
		{"path.utf-8", multi("utf-8", utf8, path("b"))},
		{"path.utf-8 equal to its path", multi("utf-8 same", file{strs("a"), 1000, dict{"path.utf-8": strs("a")}}, path("b"))},
		{"paths that differ in case", multi("case", path("a"), path("A"))},
		{"paths that begin alike", multi("alike", path("a"), path("a!"), path("ab"), path("a.", "b"))},
		{"60 directories deep", multi("deep", path(deep...))},
		{"1,000 files", multi("many", many...)},
		{"one byte", single("one byte", dict{"length": num(1), "pieces": zeroPieces(1)})},
		{"one byte in a directory", multi("one byte dir", file{path: strs("a"), length: 1})},
		{"exactly one piece", single("piece", dict{"length": num(pieceLength), "pieces": zeroPieces(pieceLength)})},
		{"pieces of 512 MiB", single("large pieces", dict{"piece length": num(1 << 29), "pieces": oneZeroPiece(20000)})},
		{"pieces of 1,025 bytes", single("small pieces", dict{"length": num(1000), "piece length": num(1025), "pieces": oneZeroPiece(1000)})},
	}
}

func oddForms() []Oddity {
	info := func(name string) string { return singleInfo(name).String() }
	tree := dict{"hybrid": dict{"": dict{"length": num(20000), "pieces root": str(strings.Repeat("r", 32))}.String()}.String()}.String()
	plain := info("unsorted")
	nested := strings.Repeat("l", 90) + strings.Repeat("e", 90)
	url := str("http://127.0.0.1:1/announce")
	return []Oddity{
		{"private", single("private", dict{"private": num(1)})},
		{"private is a string", single("private text", dict{"private": str("1")})},
		{"name.utf-8", single("caf\xe9 latin", dict{"name.utf-8": str("café")})},
		{"hybrid of versions 1 and 2", root(singleInfo("hybrid").with(dict{"meta version": num(2), "file tree": tree}).String(),
			dict{"piece layers": dict{strings.Repeat("r", 32): str(strings.Repeat("l", 64))}.String()})},
		{"unknown keys in info", single("unknown", dict{"a": "d1:bi-1ee", "source": str("X"), "x_cross_seed": str("0123456789abcdef")})},
		{"empty key in info", single("empty key", dict{"": num(1)})},
		{"nested 90 deep", single("nested", dict{"a": nested})},
		{"root unsorted", []byte("d4:info" + plain + "8:announce" + url + "7:comment2:hie")},
		{"root nested unsorted", []byte("d8:announce" + url + "4:info" + info("nested root") + "1:xd1:bi1e1:ai1eee")},
		{"bytes behind its end", append(root(info("behind"), nil), "\r\nmore"...)},
		{"root values of wrong types", root(info("wrong types"), dict{"comment": num(1), "created by": list(), "creation date": str("now"), "encoding": num(8), "url-list": num(0), "announce-list": str("x")})},
		{"announce-list with wrong types", root(info("wrong tiers"), dict{"announce-list": list(num(1), list(num(2), url), str("http://127.0.0.1:2/"), list())})},
		{"announce-list of an empty tier", root(info("empty tier"), dict{"announce-list": list(list())})},
		{"announce-list of plain strings", root(info("flat tiers"), dict{"announce-list": list(url)})},
		{"creation date is negative", root(info("negative date"), dict{"creation date": num(-1)})},
		{"announce with latin-1 and control bytes", root(info("odd announce"), dict{"announce": str("http://127.0.0.1:1/\xe9\x01 announce")})},
		{"announce to unknown schemes", root(info("schemes"), dict{"announce-list": list(strs("wss://127.0.0.1:1/", "ftp://127.0.0.1:1/", "x", ""), list(url))})},
		{"100 trackers", root(info("hundred"), dict{"announce-list": list(strs(slices.Repeat([]string{"http://127.0.0.1:1/"}, 100)...))})},
		{"url-list", root(info("web seed"), dict{"url-list": strs("http://127.0.0.1:1/data")})},
		{"a comment of 100,000 bytes", root(info("comment"), dict{"comment": str(strings.Repeat("c", 100000))})},
	}
}
