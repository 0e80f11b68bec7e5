package fs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// TestHostileValues writes random texts, made of what ends a value somewhere,
// into every file that takes writes, and gives directories, tags and drops such
// names. rTorrent must have executed nothing then, and each text is kept byte
// for byte, or refused and nothing is changed. It takes half of the texts from
// a fixed seed and half from the clock's; RTFS_SEED sets that.
func TestHostileValues(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			seed := modelSeed(uint64(time.Now().UnixNano()))
			t.Logf("RTFS_SEED=%d repeats it", seed)
			in := newInjection(t, version, seed)
			if n := in.everyRow(t); n < 45 {
				t.Errorf("only %d rows take writes", n)
			}
			in.everyName(t)
			in.wantNothingExecuted(t)
		})
	}
}

// An injection is hostile texts, and where they go.
type injection struct {
	*rowWorld
	rnds      []*rand.Rand // texts come from them by turns
	taken     int          // texts, so far
	kept      int          // texts that a file took
	log       string       // rTorrent's log of what it executes
	canary    string       // the file that a text would make if it was executed
	elsewhere string       // a directory for paths
}

func newInjection(t *testing.T, version string, seed uint64) *injection {
	t.Helper()
	dir := rtorrenttest.ShortDir(t)
	in := &injection{
		rowWorld: injectWorld(t, version),
		rnds:     []*rand.Rand{rand.New(rand.NewPCG(1, 0)), rand.New(rand.NewPCG(seed, 1))},
		log:      filepath.Join(dir, "execute.log"), canary: filepath.Join(dir, "canary"), elsewhere: dir,
	}
	if err := in.client.CallWrite(t.Context(), nil, "log.execute", "", in.log); err != nil {
		t.Fatal(err)
	}
	return in
}

// executed returns what rTorrent has executed.
func (in *injection) executed(t *testing.T) string {
	t.Helper()
	log, err := os.ReadFile(in.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(log)
}

// wantNothingExecuted fails the test if a text became a command. What rTorrent
// executes at last shows that its log would tell.
func (in *injection) wantNothingExecuted(t *testing.T) {
	t.Helper()
	if log := in.executed(t); log != "" {
		t.Errorf("rTorrent has executed:\n%s", log)
	}
	if _, err := os.Lstat(in.canary); err == nil {
		t.Error("a text was executed: the canary is there")
	}
	if err := in.client.CallWrite(t.Context(), nil, "execute.throw", "", "true"); err != nil {
		t.Fatal(err)
	}
	rtorrenttest.Eventually(t, 10*time.Second, "the log tells what is executed", func() bool {
		return strings.Contains(in.executed(t), "true")
	})
	t.Logf("%d texts, of which %d were taken", in.taken, in.kept)
}

// text returns the next hostile text.
func (in *injection) text() string {
	rnd := in.rnds[in.taken%len(in.rnds)]
	in.taken++
	pieces := []string{
		"$", `"`, "'", ";", ",", "{", "}", "(", ")", `\`, "\n", "#", "|", "`", "&", "<", ">", "=", "[", "*", "~", "..", " ", "\t",
		"\x00", "\x01", "\x1b", "\r", "\x7f", "\xff", "\xc3", "\xed\xa0\x80", "\U0001F600", "é", "%", "%00", "%24", "]]>", "&#1;",
		"$execute.throw=touch," + in.canary, "execute.throw={touch," + in.canary + "}", ";execute.nothrow=touch," + in.canary,
		"$(touch " + in.canary + ")", "`touch " + in.canary + "`", "\nexecute.throw=touch," + in.canary,
		"$d.erase=", ";d.erase=", ",d.stop=", "$cat=x", "system.shutdown.quick=", "x", "tv", "0", "1",
	}
	s := "x" // so that it is never empty
	if rnd.IntN(2) == 0 {
		s = ""
	}
	for range 1 + rnd.IntN(8) {
		s += pick(rnd, pieces)
	}
	if rnd.IntN(20) == 0 {
		s = strings.Repeat(s, 1+500/len(s))
	}
	if strings.TrimSpace(s) == "" {
		s += "x"
	}
	return s
}

// injectForms are where in the value of a row a text goes besides being all of
// it, since some rows look at the begin.
var injectForms = map[string][]string{
	"directory":  {"DIR/%s", "DIR/$%s"},
	"move":       {"DIR/%s"},
	"url":        {"http://127.0.0.1:9/%s", "udp://127.0.0.1:9/%s"},
	"new":        {"http://127.0.0.1:9/%s", "1 http://127.0.0.1:9/%s", "127.0.0.1:9%s"},
	"add/url":    {"magnet:?xt=urn:btih:HASH&dn=%s&tr=http://127.0.0.1:9/", "magnet:?xt=urn:btih:HASH&tr=http://127.0.0.1:9/%s"},
	"defaults":   {"comment: %s", "tags: %s", "directory: DIR/%s", "custom/%s: x", "custom/x: %s", "throttle: %s", "%s: 1"},
	"<c>":        {"0%s", "DIR/%s"},
	"value":      {"0%s", "DIR/%s"},
	"up_limit":   {"0%s"},
	"down_limit": {"0%s"},
}

// forms returns the forms of texts for a row.
func (in *injection) forms(row string) []string {
	forms := injectForms[path.Base(row)]
	if path.Base(row) == urlName && strings.HasPrefix(row, "add") {
		forms = injectForms["add/url"]
	}
	return append([]string{"%s"}, forms...)
}

// everyRow writes texts into each row that takes writes, and returns how many
// rows there were.
func (in *injection) everyRow(t *testing.T) int {
	t.Helper()
	rows := 0
	before := in.truth(t)
	for _, l := range in.rows() {
		files := []string{in.names.Replace(l.Path)}
		if strings.Contains(l.Path, "/settings/") {
			files = in.someSettings(t, path.Base(l.Path) == "value")
		}
		if isDrop(l.Path) || l.Mode[0] != '-' || l.Mode[2] != 'w' {
			continue // the names of drops come later
		}
		if _, err := os.Lstat(in.path(files[0])); err != nil && strings.Contains(l.Path, "<id>") {
			continue // there is a peer in the long tests
		}
		for _, file := range files {
			rows++
			for _, form := range in.forms(l.Path) {
				for range injectTexts {
					in.write(t, l.Path, file, form)
				}
			}
			after := in.truth(t)
			if !slices.Equal(after, before) && !strings.Contains(l.Path, "trackers/") {
				t.Errorf("after texts were written to %s and what was taken was put back, rTorrent has\n%s", l.Path, different(before, after))
			}
			before = after
		}
		if t.Failed() {
			break
		}
	}
	return rows
}

// someSettings returns some files of settings/ that take writes.
func (in *injection) someSettings(t *testing.T, values bool) []string {
	t.Helper()
	var files []string
	for _, at := range settingFiles(t, in.mounted) {
		info, err := os.Stat(at)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(in.dir, at)
		if err != nil {
			t.Fatal(err)
		}
		command := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(name, "rtorrent/settings/"), "/value"), "/", ".")
		if info.Mode().Perm()&0o200 != 0 && (path.Base(at) == "value") == values && !slices.Contains(oneWay, command) {
			files = append(files, name)
		}
	}
	rnd := in.rnds[1]
	rnd.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	return files[:min(len(files), injectSettings)]
}

// injectRefusals are what a row may answer to a text.
var injectRefusals = []syscall.Errno{syscall.EINVAL, syscall.EILSEQ}

// write writes a text into a file in a form. What is taken is put back.
func (in *injection) write(t *testing.T, row, file, form string) {
	t.Helper()
	text := in.text()
	value := strings.NewReplacer("DIR", in.elsewhere, "HASH", string(in.fresh.hash), "%s", text).Replace(form)
	readable := !strings.HasSuffix(file, "/new") && path.Base(file) != urlName || strings.Contains(file, "/trackers/") && path.Base(file) == urlName
	was := ""
	if readable {
		was = in.read(t, file)
	}
	err := writeFile(in.path(file), []byte(value+"\n"))
	now := was
	if readable {
		if b, again := os.ReadFile(in.path(file)); again == nil {
			now = string(b)
		} else if !strings.Contains(file, "/trackers/") {
			t.Errorf("%s: %v", row, again)
		}
	}
	if err != nil {
		editors := strings.HasPrefix(value, customDefault) && errors.Is(err, syscall.EACCES) // a key that editors would make
		if !editors && !slices.ContainsFunc(injectRefusals, func(e syscall.Errno) bool { return errors.Is(err, e) }) {
			t.Errorf("%s: %q: %v, want one of %v", row, value, err, injectRefusals)
		}
		if now != was {
			t.Errorf("%s refuses %q with %v, and reads %q after %q", row, value, err, now, was)
		}
		return
	}
	in.kept++
	in.putBack(t, row, file, value, was, now)
}

// injectKept is what a file reads after a value, where that is not the value
// itself.
var injectKept = map[string]func(string) string{
	"directory": path.Clean,
	"tags": func(value string) string {
		var tags []string
		for l := range strings.SplitSeq(value, "\n") {
			if l = strings.TrimSpace(l); l != "" && !slices.Contains(tags, l) {
				tags = append(tags, l)
			}
		}
		return strings.Join(tags, "\n")
	},
	"defaults": func(value string) string {
		var lines []string
		for l := range strings.SplitSeq(value, "\n") {
			lines = append(slices.DeleteFunc(lines, func(have string) bool { return have == l }), l)
		}
		return strings.TrimLeft(strings.Join(lines, "\n"), "\n")
	},
}

// putBack judges what a file reads that took a value, and writes what it read
// before.
func (in *injection) putBack(t *testing.T, row, file, value, was, now string) {
	t.Helper()
	switch base := path.Base(row); {
	case strings.Contains(row, "/trackers/"):
		in.wantTracker(t, value)
		return // which cannot be removed
	case base == "new":
		return // a peer that refuses the connection
	case base == urlName:
		in.wantMagnet(t, value)
		return
	case injectKept[base] != nil:
		value = injectKept[base](value)
	}
	setting := strings.HasPrefix(row, "rtorrent/settings/") && isSetTo(strings.TrimSuffix(now, "\n"), value)
	if now != value+"\n" && now != strings.TrimSpace(value)+"\n" && !setting {
		t.Errorf("%s reads %q after %q was written", row, now, value)
	}
	if was == "" {
		was = "\n" // no lines
	}
	if err := writeFile(in.path(file), []byte(was)); err != nil {
		t.Errorf("%s does not take back %q: %v", row, was, err)
	}
}

// isSetTo reports whether a setting that took a value is kept as rTorrent writes
// that: a number without zeros before it, some directories with a slash behind.
func isSetTo(now, value string) bool {
	kept, err := strconv.ParseInt(now, 10, 64)
	if err != nil {
		return now == value+"/"
	}
	written, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	return err == nil && kept == written
}

// wantTracker fails the test unless the torrent has the URL that is the end of
// each line of a value.
func (in *injection) wantTracker(t *testing.T, value string) {
	t.Helper()
	trackers, err := in.client.Trackers(t.Context(), in.hash)
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.SplitSeq(value, "\n") {
		fields := strings.Fields(l)
		if len(fields) == 0 {
			continue
		}
		url := fields[len(fields)-1]
		if !slices.ContainsFunc(trackers, func(have *rtorrent.Tracker) bool { return have.URL == url }) {
			t.Errorf("%q was taken, and no tracker is %q", value, url)
		}
	}
}

// wantMagnet fails the test unless the magnet link in a value is there, with
// its trackers, and erases it. A value of comments alone adds nothing.
func (in *injection) wantMagnet(t *testing.T, value string) {
	t.Helper()
	for _, link := range splitLinks(value) {
		m, err := rtorrent.ParseMagnet(link)
		if err != nil {
			t.Errorf("%q was taken: %v", value, err)
			continue
		}
		trackers, err := in.client.Trackers(t.Context(), m.Hash)
		if err != nil {
			t.Errorf("%q was taken: %v", value, err)
			continue
		}
		var urls []string
		for _, have := range trackers {
			urls = append(urls, have.URL)
		}
		for _, url := range m.Trackers {
			if rtorrent.XMLSafe(url) && !slices.Contains(urls, url) { // 0.9.8 shows the others with question marks
				t.Errorf("%q was taken, and its trackers are %q", value, urls)
			}
		}
		in.erase(t, m.Hash)
	}
}

// erase erases a torrent.
func (in *injection) erase(t *testing.T, h rtorrent.Hash) {
	t.Helper()
	if err := os.Rename(in.torrent(h), in.path("erase", string(h))); err != nil {
		t.Error(err)
	}
}

// different returns the lines in which two lists differ.
func different(before, after []string) string {
	var b strings.Builder
	for _, l := range before {
		if !slices.Contains(after, l) {
			fmt.Fprintf(&b, "- %s\n", l)
		}
	}
	for _, l := range after {
		if !slices.Contains(before, l) {
			fmt.Fprintf(&b, "+ %s\n", l)
		}
	}
	return b.String()
}

// truth asks rTorrent itself for what a text could change.
func (in *injection) truth(t *testing.T) []string {
	t.Helper()
	ctx := t.Context()
	var all []string
	note := func(what string, value any, err error) {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		all = append(all, fmt.Sprintf("%s: %+v", what, value))
	}
	loaded, err := in.client.View(ctx, "main")
	note("loaded", loaded, err)
	torrent, err := in.client.Torrent(ctx, in.hash)
	torrent.Message = "" // of a tracker, at any time
	for i, field := range strings.Split(fmt.Sprintf("%+v", *torrent), " ") {
		note(fmt.Sprint("torrent, word ", i), field, err)
	}
	customs, err := in.client.Customs(ctx, in.hash)
	note("custom values", *customs, err)
	trackers, err := in.client.Trackers(ctx, in.hash)
	for _, tr := range trackers {
		note("tracker", []any{tr.URL, tr.Group, tr.IsEnabled}, err)
	}
	files, err := in.client.Files(ctx, in.hash)
	for _, f := range files {
		note("file", []any{f.Path, f.Priority}, err)
	}
	groups, err := in.client.ChokeGroups(ctx)
	for _, g := range groups {
		note("choke group", []any{g.Name, g.UpMax, g.DownMax, g.UpHeuristics, g.DownHeuristics, g.TrackerMode}, err)
	}
	server, err := in.client.Server(ctx)
	note("limits", []any{server.UpLimit, server.DownLimit, server.PID}, err)
	return all
}
