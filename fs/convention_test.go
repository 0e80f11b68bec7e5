package fs

import (
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// How rtorrent-rpc, and what builds on it, writes and reads custom1, custom2
// and addtime.

// unquote is Python's urllib.parse.unquote: broken escapes stay as they are.
func unquote(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// quote is Python's urllib.parse.quote, which keeps '/'.
func quote(s string) string {
	escaped := strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(s))
	return escaped
}

func theirTags(custom1 string) []string {
	set := map[string]bool{}
	for _, part := range strings.Split(custom1, ",") {
		if tag := unquote(strings.TrimSpace(part)); tag != "" {
			set[tag] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

func theirCustom1(tags []string) string {
	quoted := make([]string, len(tags))
	for i, tag := range tags {
		quoted[i] = quote(tag)
	}
	slices.Sort(quoted)
	return strings.Join(slices.Compact(quoted), ",")
}

const theirMarker = "VRS24mrker"

func theirComment(custom2 string) string { return unquote(strings.TrimPrefix(custom2, theirMarker)) }

func theirAddTime(t *testing.T, value string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.Trim(strings.TrimSpace(value), `"`), 10, 64)
	if err != nil {
		t.Errorf("addtime: %v", err)
	}
	return n
}

// theirTagSets are tags that somebody may use.
func theirTagSets() [][]string {
	return [][]string{
		{"tv"}, {"hd", "tv"}, {"a b", "c,d", "e/f"}, {"100%", "50%25"}, {"ü", "😀", "日本"}, {"a+b", "a&b=c", "#1", "~x!*'()"}, {"\"q\"", "$cat=x", ";x", "{y}"},
	}
}

// TestTheyReadWhatWeWrite writes through the mount and reads as they do.
func TestTheyReadWhatWeWrite(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			begun := time.Now().Unix()
			h := m.addTracked(t, "t", deadOne)
			raw := func(command string, args ...any) string {
				var value string
				if err := m.client.Call(t.Context(), &value, command, append([]any{h}, args...)...); err != nil {
					t.Error(err)
				}
				return value
			}
			if got := theirAddTime(t, raw("d.custom", "addtime")); got < begun || got > time.Now().Unix() {
				t.Errorf("addtime = %d, want now", got)
			}
			for _, tags := range theirTagSets() {
				if err := writeFile(m.torrent(h, "tags"), []byte(strings.Join(tags, "\n")+"\n")); err != nil {
					t.Errorf("%q: %v", tags, err)
				}
				want := slices.Sorted(slices.Values(tags))
				if got := theirTags(raw("d.custom1")); !slices.Equal(got, want) {
					t.Errorf("they read %q, want %q", got, want)
				}
			}
			for _, comment := range []string{"plain", "a b, c/d", "100% ü 😀 日本", "two\nlines", "\"q\" $cat=x; {y}", "tab\tand\rreturn\x01"} {
				if err := writeFile(m.torrent(h, "comment"), []byte(comment+"\n")); err != nil {
					t.Errorf("%q: %v", comment, err)
				}
				custom2 := raw("d.custom2")
				if got := theirComment(custom2); got != comment || !strings.HasPrefix(custom2, theirMarker) {
					t.Errorf("they read %q of %q, want %q behind the marker", got, custom2, comment)
				}
			}
		})
	}
}

// TestWeReadWhatTheyWrite writes as they do and reads through the mount; what
// is written back as it was read stays what it was, byte for byte.
func TestWeReadWhatTheyWrite(t *testing.T) {
	type sample struct{ custom1, tags, custom2, comment, addtime string }
	samples := []sample{
		{"movies%2Fhd%2C4k", "movies/hd,4k", "VRS24mrkera%20b", "a b", "1700000000\n"}, // ruTorrent
		{"b%20c,a", "b c\na", "VRS24mrker", "", "1700000001"},                          // Flood
		{"tv+hd", "tv+hd", "", "", `"1700000002"`},                                     // Sonarr
		{"a, b ,a", "a\nb", "plain, no marker", "plain, no marker", "1700000003"},      // by hand
		{"100%,%zz", "100%\n%zz", "VRS24mrker100%", "100%", "1700000004"},
		{"caf%C3%A9,caf%c3%a9", "café", "VRS24mrker%F0%9F%98%80", "😀", "1700000005"},
	}
	for _, tags := range theirTagSets() {
		read := slices.Clone(tags)
		slices.SortFunc(read, func(a, b string) int { return strings.Compare(quote(a), quote(b)) })
		samples = append(samples, sample{theirCustom1(tags), strings.Join(read, "\n"), theirMarker + quote(tags[0]), tags[0], "1700000006"})
	}
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			m := mountDaemon(t, version)
			h := m.addTracked(t, "t", deadOne)
			for _, s := range samples {
				_, err := m.cache.Apply(t.Context(), h, rtorrent.SetCustom1(h, s.custom1), rtorrent.SetCustom2(h, s.custom2), rtorrent.SetCustom(h, "addtime", s.addtime))
				if err != nil {
					t.Fatal(err)
				}
				for file, want := range map[string]string{"tags": s.tags, "comment": s.comment, "time_added": strings.Trim(s.addtime, "\"\n")} {
					path := m.torrent(h, file)
					got, err := os.ReadFile(path)
					if err != nil || string(got) != want+"\n" {
						t.Errorf("%+v: %s reads %q, %v; want %q", s, file, got, err, want)
					}
					if file == "time_added" {
						continue
					}
					if err := writeFile(path, got); err != nil {
						t.Errorf("%+v: %s does not take what it reads: %v", s, file, err)
					}
				}
				if _, status := m.sh(t, "echo 3 > torrents/"+string(h)+"/priority; echo 2 > torrents/"+string(h)+"/priority"); status != 0 {
					t.Errorf("priority: %s", m.read(t, "log"))
				}
				row, err := m.client.Torrent(t.Context(), h)
				if err != nil {
					t.Fatal(err)
				}
				if row.Custom1 != s.custom1 || row.Custom2 != s.custom2 || row.AddTime != s.addtime {
					t.Errorf("custom1, custom2, addtime are %q, %q, %q; want %q, %q, %q as before", row.Custom1, row.Custom2, row.AddTime, s.custom1, s.custom2, s.addtime)
				}
			}
		})
	}
}
