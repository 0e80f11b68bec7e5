package fs

import (
	"fmt"
	"strings"
	"sync"

	"rtfs/rtorrent"
)

// A fileTree is the files of one torrent as folders. It is never changed.
type fileTree struct {
	files []*rtorrent.File
	root  *folder
}

// A folder is one directory of a fileTree; its children are in the order in
// which the torrent has them.
type folder struct {
	number   uint64 // among the torrent's folders
	names    []string
	children map[string]leaf
}

// A leaf is a file by its index, or a folder.
type leaf struct {
	folder *folder // nil for a file
	index  int
}

// newFileTree builds the folders. A file whose name is taken, by a folder or
// by another file, gets its index behind it: hostile torrents have both.
func newFileTree(files []*rtorrent.File) *fileTree {
	t := &fileTree{files: files, root: newFolder(0)}
	folders := uint64(0)
	paths := make([][]string, len(files))
	for i, f := range files {
		paths[i] = strings.Split(f.Path, "/")
		at := t.root
		for _, component := range paths[i][:len(paths[i])-1] {
			name := fileName(component)
			next, ok := at.children[name]
			if !ok {
				folders++
				next = leaf{folder: newFolder(folders)}
				at.add(name, next)
			}
			at = next.folder
		}
	}
	for i := range files {
		at := t.root
		last := len(paths[i]) - 1
		for _, component := range paths[i][:last] {
			at = at.children[fileName(component)].folder
		}
		name := fileName(paths[i][last])
		for n := 0; ; n++ {
			if _, taken := at.children[name]; !taken {
				break
			}
			name = shorten(fileName(paths[i][last]), fmt.Sprintf(" [f%d]", i)+strings.Repeat("'", n))
		}
		at.add(name, leaf{index: i})
	}
	return t
}

func newFolder(number uint64) *folder {
	return &folder{number: number, children: map[string]leaf{}}
}

func (f *folder) add(name string, l leaf) {
	f.names = append(f.names, name)
	f.children[name] = l
}

// find returns the folder at a path of names, nil if it is not there.
func (t *fileTree) find(path []string) *folder {
	at := t.root
	for _, name := range path {
		l, ok := at.children[name]
		if !ok || l.folder == nil {
			return nil
		}
		at = l.folder
	}
	return at
}

// treesKept is how many torrents' folders are kept built.
const treesKept = 64

// contents keeps the folders of the torrents that are being read. It is safe
// for concurrent use.
type contents struct {
	mu    sync.Mutex // guards trees
	trees map[rtorrent.Hash]*fileTree
}

func newContents() *contents { return &contents{trees: map[rtorrent.Hash]*fileTree{}} }

// tree returns the folders for a list of files, which is the same list as
// long as the cache keeps it.
func (c *contents) tree(h rtorrent.Hash, files []*rtorrent.File) *fileTree {
	c.mu.Lock()
	known := c.trees[h]
	c.mu.Unlock()
	if known != nil && len(known.files) == len(files) && (len(files) == 0 || known.files[0] == files[0]) {
		return known
	}
	if known != nil && samePaths(known.files, files) {
		known = &fileTree{files: files, root: known.root}
	} else {
		known = newFileTree(files)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.trees) >= treesKept {
		clear(c.trees)
	}
	c.trees[h] = known
	return known
}

func samePaths(a, b []*rtorrent.File) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Path != b[i].Path {
			return false
		}
	}
	return true
}
