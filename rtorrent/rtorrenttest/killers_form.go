package rtorrenttest

import "strings"

func numberKillers() []Killer {
	huge := file{path: strs("a"), length: 1 << 62}
	hashes := func(n int) string { return str(strings.Repeat("h", n)) }
	return []Killer{
		{Name: "no data, single file", Torrent: single("none", dict{"length": num(0), "pieces": hashes(0)})},
		{Name: "no data, multi-file", Torrent: multi("none", file{path: strs("a")}, file{path: strs("b")})},
		{Name: "files is an empty list", Torrent: multi("no files")},
		{Name: "neither length nor files", Torrent: single("neither", dict{"length": ""})},
		{Name: "both length and files", Torrent: single("both", dict{"files": list(dict{"length": num(20000), "path": strs("a")}.String())})},
		{Name: "length is a string", Torrent: single("length text", dict{"length": str("20000")})},
		{Name: "length is a list", Torrent: single("length list", dict{"length": list(num(20000))})},
		{Name: "length is negative", Torrent: single("negative", dict{"length": num(-5)})},
		{Name: "length is 2^63-1", Torrent: single("most", dict{"length": num(1<<63 - 1)})},
		{Name: "length of 2^32+1 pieces", Torrent: single("wraps", dict{"length": num((1<<32 + 1) * pieceLength)})},
		{Name: "length of a file is negative", Torrent: root(multiInfo("negative file", path("a"), path("b")).
			with(dict{"files": list(dict{"length": num(-5), "path": strs("a")}.String(), dict{"length": num(2005), "path": strs("b")}.String())}).String(), nil)},
		{Name: "lengths over 2^63", Torrent: root(multiInfo("sum").with(dict{"pieces": hashes(20), "files": list(
			dict{"length": num(huge.length), "path": strs("a")}.String(), dict{"length": num(huge.length), "path": strs("b")}.String())}).String(), nil)},
		{Name: "piece length 0", Torrent: single("piece 0", dict{"piece length": num(0)})},
		{Name: "piece length is negative", Torrent: single("piece -1", dict{"piece length": num(-16384)})},
		{Name: "piece length 1024", Torrent: single("piece 1024", dict{"piece length": num(1024), "pieces": hashes(400)})},
		{Name: "piece length 2^29+1", Torrent: single("piece 2^29+1", dict{"piece length": num(1<<29 + 1), "pieces": hashes(20)})},
		{Name: "piece length 2^32+16384", Torrent: single("piece 2^32", dict{"piece length": num(1<<32 + 16384)})},
		{Name: "no piece length", Torrent: single("no piece", dict{"piece length": ""})},
		{Name: "pieces too short", Torrent: single("short", dict{"pieces": hashes(20)})},
		{Name: "pieces too long", Torrent: single("long", dict{"pieces": hashes(60)})},
		{Name: "pieces of half a hash", Torrent: single("half", dict{"pieces": hashes(50)})},
		{Name: "no pieces", Torrent: single("no pieces", dict{"pieces": ""})},
		{Name: "pieces is a list", Torrent: single("pieces list", dict{"pieces": list()})},
		{Name: "version 2 only", Torrent: single("v2", dict{"length": "", "pieces": "", "meta version": num(2),
			"file tree": dict{"a": dict{"": dict{"length": num(20000)}.String()}.String()}.String()})},
	}
}

func formKillers() []Killer {
	plain := singleInfo("form").String()
	body := strings.TrimPrefix(plain, "d")
	raw := func(info string) []byte {
		return []byte("d8:announce27:http://127.0.0.1:1/announce4:info" + info + "e")
	}
	nested := func(open string, n int) string { return strings.Repeat(open, n) + strings.Repeat("e", n) }
	return []Killer{
		{Name: "info unsorted", Torrent: raw("d1:zi1e" + body)},
		{Name: "info with a key twice", Torrent: raw("d6:lengthi20000e" + body)},
		{Name: "info unsorted further in", Torrent: single("inner", dict{"a": "d1:bi1e1:ai1ee"})},
		{Name: "integer with a leading zero", Torrent: single("zero", dict{"length": "i020000e"})},
		{Name: "integer is minus zero", Torrent: single("minus zero", dict{"private": "i-0e"})},
		{Name: "integer with a plus", Torrent: single("plus", dict{"length": "i+20000e"})},
		{Name: "integer without digits", Torrent: single("no digits", dict{"private": "ie"})},
		{Name: "integer of more than 64 bits", Torrent: single("wide", dict{"private": "i18446744073709551617e"})},
		{Name: "string with a leading zero", Torrent: single("", dict{"name": "04:name"})},
		{Name: "string over the end by 2^32", Torrent: single("", dict{"name": "4294967300:name"})},
		{Name: "key is a number", Torrent: raw("di1ei1e" + body)},
		{Name: "key without a value", Torrent: raw(strings.TrimSuffix(plain, "e") + "1:ze")},
		{Name: "lists nested 1,100 deep in info", Torrent: single("deep", dict{"a": nested("l", 1100)})},
		{Name: "lists nested 100,000 deep", Torrent: []byte("d1:a" + nested("l", 100000) + "4:info" + plain + "e")},
		{Name: "dictionaries nested 1,100 deep", Torrent: single("deep too", dict{"a": strings.Repeat("d1:a", 1100) + "i1e" + strings.Repeat("e", 1100)})},
		{Name: "a list", Torrent: []byte("l" + plain + "e")},
		{Name: "a web page", Torrent: []byte("<!DOCTYPE html><html><body>Log in</body></html>")},
		{Name: "a blank before it", Torrent: append([]byte(" "), raw(plain)...)},
	}
}
