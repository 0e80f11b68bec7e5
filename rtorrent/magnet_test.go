package rtorrent_test

import (
	"reflect"
	"strings"
	"testing"

	"rtfs/rtorrent"
)

const (
	hex40    = "0123456789ABCDEF0123456789ABCDEF01234567"
	base3232 = "AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH"
)

func TestParseMagnet(t *testing.T) {
	plain := rtorrent.Magnet{Hash: hex40}
	named := rtorrent.Magnet{Hash: hex40, Name: "a name"}
	tracked := func(urls ...string) rtorrent.Magnet { return rtorrent.Magnet{Hash: hex40, Trackers: urls} }
	for in, want := range map[string]rtorrent.Magnet{
		"magnet:?xt=urn:btih:" + hex40:                                                          plain,
		"magnet:?xt=urn:btih:" + strings.ToLower(hex40):                                         plain,
		"magnet:?xt=urn:btih:" + base3232:                                                       plain,
		"magnet:?xt=urn:btih:" + strings.ToLower(base3232):                                      plain,
		"MAGNET:?xt=URN:BTIH:" + hex40:                                                          plain,
		"magnet:?xt=urn%3Abtih%3a" + hex40:                                                      plain,
		"magnet:?xt.1=urn:btih:" + hex40:                                                        plain,
		"magnet:?xt=urn:btmh:1220abcd&xt=urn:btih:" + hex40:                                     plain,
		"magnet:?xt=urn:btih:" + hex40 + "&xt=urn:btih:" + base3232:                             plain,
		"magnet:?xt=urn:btih:" + hex40 + "&xl=5&so=0-2&x.pe=127.0.0.1:1&ws=http%3A%2F%2F":       plain,
		"magnet:?dn=a+name&xt=urn:btih:" + hex40:                                                named,
		"magnet:?dn=a%20name&xt=urn:btih:" + hex40:                                              named,
		"magnet:?dn=a%2Bb%25&xt=urn:btih:" + hex40:                                              {Hash: hex40, Name: "a+b%"},
		"magnet:?dn=%E9%01%00/..&xt=urn:btih:" + hex40:                                          {Hash: hex40, Name: "\xe9\x01\x00/.."},
		"magnet:?dn=é&xt=urn:btih:" + hex40:                                                     {Hash: hex40, Name: "é"},
		"magnet:?dn=&xt=urn:btih:" + hex40:                                                      plain,
		"magnet:?dn=a=b&xt=urn:btih:" + hex40:                                                   {Hash: hex40, Name: "a=b"},
		"magnet:?xt=urn:btih:" + hex40 + "&tr=http%3A%2F%2Ft%2Fa%3Fk%3D1%26l%3D2&tr=udp://t:80": tracked("http://t/a?k=1&l=2", "udp://t:80"),
		"magnet:?xt=urn:btih:" + hex40 + "&tr.1=https://t/a&tr.2=http://[::1]:80/":              tracked("https://t/a", "http://[::1]:80/"),
		"magnet:?xt=urn:btih:" + hex40 + "&tr=wss://t/&tr=http://t/&tr=ftp://t/":                tracked("http://t/"),
	} {
		got, err := rtorrent.ParseMagnet(in)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", in, got, err, want)
		}
	}
}

func TestParseMagnetRefuses(t *testing.T) {
	link := "magnet:?xt=urn:btih:" + hex40
	for in, want := range map[string]string{
		"":                                  "it is no magnet link",
		"http://t/a":                        "it is no magnet link",
		"magnet:xt=urn:btih:" + hex40:       "it is no magnet link",
		" " + link:                          "has ' ' in it",
		link + "\n":                         `has '\n' in it`,
		link + "\x00":                       `has '\x00' in it`,
		link + "\x7f":                       `has '\x7f' in it`,
		"magnet:?":                          "has no value",
		"magnet:?xt":                        "has no value",
		link + "&":                          "has no value",
		link + "&&dn=x":                     "has no value",
		"magnet:?dn=x":                      "no xt=urn:btih:",
		"magnet:?xt=urn:btmh:1220abcd":      "no xt=urn:btih:",
		"magnet:?xt=urn:sha1:" + base3232:   "no xt=urn:btih:",
		"magnet:?xt=":                       "no xt=urn:btih:",
		"magnet:?xt=urn:btih:":              "40 hexadecimal digits",
		"magnet:?xt=urn:btih:" + hex40[:39]: "40 hexadecimal digits",
		link + "0":                          "40 hexadecimal digits",
		"magnet:?xt=urn:btih:" + strings.Replace(hex40, "F", "G", 1):                       "40 hexadecimal digits",
		"magnet:?xt=urn:btih:" + strings.Replace(base3232, "A", "1", 1):                    "not base32",
		"magnet:?xt=urn:btih:%01%02%03%04%05%06%07%08%09%0a%0b%0c%0d%0e%0f%10%11%12%13%14": "40 hexadecimal digits",
		link + "&xt=urn:btih:" + strings.Repeat("A", 40):                                   "names two torrents",
		link + "&dn=x%":                             "invalid URL escape",
		link + "&dn=x%4":                            "invalid URL escape",
		link + "&dn=%zz":                            "invalid URL escape",
		link + "&foo=%":                             "invalid URL escape",
		link + "&tr=":                               "not an absolute URL",
		link + "&tr=t/a":                            "not an absolute URL",
		link + "&tr=http:a":                         "not an absolute URL",
		link + "&tr=http%3A%2F%2Ft%2F%01":           "not a URL",
		link + "&tr=http%3A%2F%2F%0A":               "not a URL",
		link + "&tr=%3A%2F%2Ft":                     "not a URL",
		link + strings.Repeat("&tr=http://t/", 101): "over 100 trackers",
		link + "&dn=" + strings.Repeat("x", 65536):  "over 65536 bytes",
		link + "&dn=" + strings.Repeat("é", 20000):  "over 65536 bytes",
	} {
		got, err := rtorrent.ParseMagnet(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.90q: %+v, %v, want %q", in, got, err, want)
		}
	}
}

func TestMagnetString(t *testing.T) {
	m := rtorrent.Magnet{Hash: hex40, Name: "a & b\xe9\n", Trackers: []string{"http://t/a?k=1&l=2", "udp://t:80"}}
	want := "magnet:?xt=urn:btih:" + hex40 + "&dn=a%20%26%20b%E9%0A&tr=http%3A%2F%2Ft%2Fa%3Fk%3D1%26l%3D2&tr=udp%3A%2F%2Ft%3A80"
	if got := m.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
