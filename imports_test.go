package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImports checks the directions of the imports: main, fs, cache, rtorrent,
// each only towards the end of that list, and each library only where it is
// meant to be known.
func TestImports(t *testing.T) {
	ours := map[string][]string{
		"rtfs":                       {"rtfs/cache", "rtfs/fs", "rtfs/rtorrent"},
		"rtfs/fs":                    {"rtfs/cache", "rtfs/fs/disk", "rtfs/rtorrent"},
		"rtfs/fs/disk":               {},
		"rtfs/cache":                 {"rtfs/rtorrent"},
		"rtfs/rtorrent":              {},
		"rtfs/rtorrent/rtorrenttest": {"rtfs/rtorrent"},
		"rtfs/bench":                 {},
	}
	libraries := map[string][]string{
		"github.com/hanwen/go-fuse/v2":         {"rtfs", "rtfs/fs"},
		"github.com/urfave/cli/v2":             {"rtfs"},
		"github.com/kolo/xmlrpc":               {"rtfs/rtorrent"},
		"github.com/anacrolix/torrent/bencode": {"rtfs/rtorrent", "rtfs/rtorrent/rtorrenttest"},
		"golang.org/x/sync/errgroup":           {"rtfs/fs"},
		"golang.org/x/sync/singleflight":       {"rtfs/rtorrent"},
		"golang.org/x/sys/unix":                {"rtfs", "rtfs/fs", "rtfs/fs/disk", "rtfs/rtorrent"},
	}
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		fields := strings.Fields(line)
		pkg, imports := fields[0], fields[1:]
		allowed, known := ours[pkg]
		if !known {
			t.Errorf("package %s is not in the list: say what it may import", pkg)
		}
		for _, imported := range imports {
			first, _, _ := strings.Cut(imported, "/")
			switch {
			case first == "rtfs":
				if !slices.Contains(allowed, imported) {
					t.Errorf("%s imports %s, which goes the wrong way", pkg, imported)
				}
			case strings.Contains(first, "."):
				if !mayImport(libraries, pkg, imported) {
					t.Errorf("%s imports %s: say in the list who may", pkg, imported)
				}
			}
		}
	}
}

func mayImport(libraries map[string][]string, pkg, imported string) bool {
	for library, users := range libraries {
		if (imported == library || strings.HasPrefix(imported, library+"/")) && slices.Contains(users, pkg) {
			return true
		}
	}
	return false
}

// TestKoloIsInOneFile keeps the codec behind one door.
func TestKoloIsInOneFile(t *testing.T) {
	out, err := exec.Command("grep", "-rl", "--include=*.go", "--exclude=*_test.go", "kolo/xmlrpc\"", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); got != "./rtorrent/codec.go" {
		t.Errorf("kolo/xmlrpc is imported in %q, want ./rtorrent/codec.go alone", got)
	}
}
