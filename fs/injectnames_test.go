package fs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// everyName gives hostile names to what can be made in the tree.
func (in *injection) everyName(t *testing.T) {
	t.Helper()
	before := in.truth(t)
	for i := range injectNames {
		name := in.name()
		in.tagOf(t, name)
		in.queryOf(t, name)
		in.dropOf(t, name, i)
		in.keyOf(t, name)
		if after := in.truth(t); !slices.Equal(after, before) {
			t.Errorf("the name %q left a change:\n%s", name, different(before, after))
		}
		if t.Failed() {
			return
		}
	}
	for range injectNames / 4 { // these cannot be removed
		in.groupOf(t, in.name())
	}
	if after := in.truth(t); len(after) < len(before) {
		t.Errorf("names of groups took something away:\n%s", different(before, after))
	}
}

// name returns the next hostile text that can be a file's name; in every other
// one '%' is escaped, as the tree has it.
func (in *injection) name() string {
	name := strings.NewReplacer("/", "", "\x00", "").Replace(in.text())
	if in.taken%2 == 0 {
		name = strings.ReplaceAll(name, "%", "%25")
	}
	name = name[:min(len(name), 200)]
	if strings.Trim(name, " .") == "" {
		name += "x"
	}
	return name
}

// took counts a name that was taken; one that was not must be refused.
func (in *injection) took(t *testing.T, what, name string, err error, refusals ...syscall.Errno) bool {
	t.Helper()
	if err == nil {
		in.kept++
		return true
	}
	if !slices.ContainsFunc(append(refusals, injectRefusals...), func(e syscall.Errno) bool { return errors.Is(err, e) }) {
		t.Errorf("%s %q: %v", what, name, err)
	}
	return false
}

// wantTags fails the test unless rTorrent has just these tags.
func (in *injection) wantTags(t *testing.T, want ...string) {
	t.Helper()
	torrent, err := in.client.Torrent(t.Context(), in.hash)
	if err != nil {
		t.Fatal(err)
	}
	if got := rtorrent.DecodeTags(torrent.Custom1); !slices.Equal(got, want) {
		t.Errorf("tags = %q, want %q", got, want)
	}
}

// tagOf makes a tag of a name, gives it to the torrent by a link, renames it,
// and takes it away by a move.
func (in *injection) tagOf(t *testing.T, name string) {
	t.Helper()
	dir, other := in.path("by-tag", name), in.path("by-tag", "other")
	if !in.took(t, "mkdir by-tag", name, os.Mkdir(dir, 0o755), syscall.EEXIST) {
		return
	}
	if err := os.Symlink(string(in.hash), filepath.Join(dir, "p")); err != nil {
		t.Errorf("a link in by-tag/%q: %v", name, err)
		return
	}
	in.wantTags(t, unescapeName(name))
	second := "second" + name
	if err := os.Rename(dir, in.path("by-tag", second)); err != nil {
		t.Errorf("rename of by-tag/%q: %v", name, err)
		return
	}
	in.wantTags(t, unescapeName(second))
	if err := os.Rename(filepath.Join(in.path("by-tag", second), "p"), filepath.Join(other, "p")); err != nil {
		t.Errorf("out of by-tag/%q: %v", second, err)
	}
	in.wantTags(t, "other")
	if err := os.Rename(filepath.Join(other, "p"), in.path("by-tag", noTag, "p")); err != nil {
		t.Error(err)
	}
	if err := os.Remove(in.path("by-tag", second)); err != nil {
		t.Errorf("rmdir of by-tag/%q: %v", second, err)
	}
}

// queryOf looks a name up where looking up does something.
func (in *injection) queryOf(t *testing.T, name string) {
	t.Helper()
	for _, dir := range []string{"where", "by-view", "by-path", "by-tracker", "torrents"} {
		_, err := os.ReadDir(in.path(dir, name))
		in.took(t, dir, name, err, syscall.ENOENT)
	}
}

// dropOf drops a torrent under a name, and into a tag of that name.
func (in *injection) dropOf(t *testing.T, name string, number int) {
	t.Helper()
	p := newPayload(t, fmt.Sprint("drop ", number), piece, map[string]int{"": 100 + number})
	path := in.path("add-stopped", name+".torrent")
	if in.took(t, "a drop called", name, writeFile(path, p.torrent), syscall.EEXIST) {
		if _, err := in.client.Torrent(t.Context(), p.hash); err == nil {
			in.erase(t, p.hash)
		} else if !isTemporary(name + ".torrent") {
			t.Errorf("a drop called %q was taken, and is not there: %v", name, err)
		}
		if err := os.Remove(path); err != nil {
			t.Errorf("rm of the drop %q: %v", name, err)
		}
	}
	dir := in.path("add-stopped", name)
	if !in.took(t, "mkdir add-stopped", name, os.Mkdir(dir, 0o755), syscall.EEXIST, syscall.EPERM) {
		return
	}
	if in.took(t, "a drop in", name, writeFile(filepath.Join(dir, "x.torrent"), p.torrent)) {
		torrent, err := in.client.Torrent(t.Context(), p.hash)
		if err != nil {
			t.Fatalf("a drop in %q was taken, and is not there: %v", name, err)
		}
		// What escapes nothing is the tag itself, since people drop into 100%/; and
		// no tag has white space around it.
		got := rtorrent.DecodeTags(torrent.Custom1)
		if !slices.Equal(got, []string{strings.TrimSpace(unescapeName(name))}) && !slices.Equal(got, []string{strings.TrimSpace(name)}) {
			t.Errorf("a drop in %q has the tags %q", name, got)
		}
		in.erase(t, p.hash)
		if err := os.Remove(filepath.Join(dir, "x.torrent")); err != nil {
			t.Error(err)
		}
	}
	rtorrenttest.Eventually(t, 10*time.Second, "the tag can be removed", func() bool { return os.Remove(dir) == nil })
}

// keyOf makes a custom key of a name, in a torrent of its own since it stays.
func (in *injection) keyOf(t *testing.T, name string) {
	t.Helper()
	p := newPayload(t, "keys", piece, map[string]int{"": 1000})
	in.add(t, "add-stopped", p)
	defer in.erase(t, p.hash)
	value := "x" + strings.Map(func(r rune) rune {
		if r < ' ' || r > 0xFFF {
			return -1
		}
		return r
	}, in.text())
	path := in.torrent(p.hash, "custom", name)
	err := writeFile(path, []byte(value+"\n"))
	if strings.HasPrefix(name, ".") {
		if err == nil {
			err = os.Remove(path) // a scratch file of an editor's
		}
		in.took(t, "a scratch file", name, err)
		return
	}
	if !in.took(t, "the key", name, err, syscall.EACCES) {
		return
	}
	all, err := in.client.Customs(t.Context(), p.hash)
	if err != nil {
		t.Fatal(err)
	}
	if got := all.Value(unescapeName(name)); got != value {
		t.Errorf("the key %q is %q, want %q", name, got, value)
	}
}

// groupOf makes a throttle and a choke group of a name, and uses both.
func (in *injection) groupOf(t *testing.T, name string) {
	t.Helper()
	for _, of := range []struct{ dir, limit, value string }{{"throttles", "up_limit", "10240\n"}, {"choke_groups", "up_max", "7\n"}} {
		dir := in.path("rtorrent", of.dir, name)
		if !in.took(t, "mkdir "+of.dir, name, os.Mkdir(dir, 0o755), syscall.EEXIST) {
			continue
		}
		limit := filepath.Join(dir, of.limit)
		if err := writeFile(limit, []byte(of.value)); err != nil {
			t.Errorf("%s of %q: %v", of.limit, name, err)
		}
		if got, err := os.ReadFile(limit); err != nil || string(got) != of.value {
			t.Errorf("%s of %q reads %q, %v", of.limit, name, got, err)
		}
		file := strings.TrimSuffix(of.dir, "s")
		was := in.read(t, "torrents", string(in.hash), file)
		if in.took(t, file, name, writeFile(in.torrent(in.hash, file), []byte(unescapeName(name)+"\n"))) {
			if got := in.read(t, "torrents", string(in.hash), file); got != unescapeName(name)+"\n" && got != strings.TrimSpace(unescapeName(name))+"\n" {
				t.Errorf("%s reads %q, want %q", file, got, unescapeName(name))
			}
		}
		if err := writeFile(in.torrent(in.hash, file), []byte(was)); err != nil {
			t.Errorf("%s does not take back %q: %v", file, was, err)
		}
	}
}
