package rtorrent

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// checkFiles reads the files and their paths, each by itself.
func (d *draft) checkFiles() error {
	length, single := d.info["length"]
	files, multi := d.info["files"]
	switch {
	case single && multi:
		return errors.New("it has both length and files")
	case single:
		n, err := d.addLength(length)
		d.m.Files = []MetaFile{{Path: []string{d.m.Name}, Length: n}}
		return err
	case !multi:
		return errors.New("it has neither length nor files")
	case !isList(files):
		return errors.New("files is not a list")
	}
	d.m.Multi = true
	for file := range itemsOf(files) {
		if err := d.addFile(file); err != nil {
			return fmt.Errorf("file %d: %w", len(d.m.Files)+1, err)
		}
	}
	if len(d.m.Files) == 0 {
		return errors.New("files is an empty list")
	}
	return nil
}

// addFile reads one entry of files. What it has of path.ENCODING is checked
// like its path, since 0.9.8 refuses the torrent for it in any case, and
// takes it for the path where encoding.add names the encoding.
func (d *draft) addFile(v []byte) error {
	if !isDictionary(v) {
		return errors.New("it is not a dictionary")
	}
	var length, path []byte
	for key, value := range entriesOf(v) {
		switch {
		case string(key) == "length":
			length = value
		case string(key) == "path":
			path = value
		case bytes.HasPrefix(key, []byte("path.")) && isList(value):
			if err := d.addPath(value); err != nil {
				return fmt.Errorf("in another encoding: %w", err)
			}
		}
	}
	if !isList(path) {
		return errors.New("path is missing or not a list")
	}
	if err := d.addPath(path); err != nil {
		return err
	}
	offset := d.m.Size
	n, err := d.addLength(length)
	if err != nil {
		return err
	}
	d.m.Files = append(d.m.Files, MetaFile{
		Path:   strings.Split(d.paths[len(d.paths)-1].joined, "\x00"),
		Length: n,
		Offset: offset,
	})
	return nil
}

// A draftPath is a path of the file of that index. Its components are joined
// by NUL, which they cannot hold: so joined, what stands in a directory sorts
// right behind a file of the directory's path.
type draftPath struct {
	joined string
	file   int
}

func (p draftPath) String() string {
	return fmt.Sprintf("%.80q", strings.ReplaceAll(p.joined, "\x00", "/"))
}

func (d *draft) addPath(list []byte) error {
	var joined []byte
	first := true
	for item := range itemsOf(list) {
		component, ok := stringOf(item)
		if !ok {
			return errors.New("path component is not a string")
		}
		if err := checkComponent(component); err != nil {
			return fmt.Errorf("path component %w", err)
		}
		if !first {
			joined = append(joined, 0)
		}
		first = false
		joined = append(joined, component...)
		if len(d.m.Name)+1+len(joined) > maxPath {
			return fmt.Errorf("path is over %d bytes", maxPath)
		}
	}
	if first {
		return errors.New("path is an empty list")
	}
	d.paths = append(d.paths, draftPath{string(joined), len(d.m.Files)})
	return nil
}

// checkPaths asks that no file has the path of another, nor of one of its
// directories, whichever of its paths rTorrent takes.
func (d *draft) checkPaths() error {
	slices.SortFunc(d.paths, func(a, b draftPath) int {
		return cmp.Or(strings.Compare(a.joined, b.joined), a.file-b.file)
	})
	for i := 1; i < len(d.paths); i++ {
		a, b := d.paths[i-1], d.paths[i]
		rest, within := strings.CutPrefix(b.joined, a.joined)
		switch {
		case !within:
		case rest == "" && a.file != b.file:
			return fmt.Errorf("files %d and %d have the same path %v", a.file+1, b.file+1, a)
		case rest != "" && rest[0] == 0:
			return fmt.Errorf("the path of file %d, %v, is a directory of file %d", a.file+1, a, b.file+1)
		}
	}
	return nil
}
