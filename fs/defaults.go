package fs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"rtfs/rtorrent"
)

// defaults are the values that torrents get when they are added: lines of
// `file: value`, for all and for each tag. They are kept in files, which may
// be edited there too. It is safe for concurrent use.
type defaults struct {
	dir string // of the files; "" keeps them in memory

	mu     sync.Mutex // guards memory; held while a file is written
	memory map[string]string
}

func newDefaults(configDir, server string) *defaults {
	d := &defaults{memory: map[string]string{}}
	if configDir != "" {
		d.dir = filepath.Join(configDir, "defaults", fileName(server))
	}
	return d
}

// defaultsOfAll is the name of what all torrents get. No tag's directory has
// that name: see groupName.
const defaultsOfAll = "@all"

func defaultsName(tag string) string {
	if tag == "" {
		return defaultsOfAll
	}
	return groupName(tag)
}

// text returns the lines for a tag, or for all torrents.
func (d *defaults) text(tag string) (string, error) {
	if d.dir == "" {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.memory[tag], nil
	}
	content, err := os.ReadFile(filepath.Join(d.dir, defaultsName(tag)))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("defaults: %v", err)
	}
	return string(content), nil
}

func (d *defaults) set(tag, text string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dir == "" {
		d.memory[tag] = text
		return nil
	}
	path := filepath.Join(d.dir, defaultsName(tag))
	if text == "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("defaults: %w", err)
		}
		return nil
	}
	err := os.MkdirAll(d.dir, 0o700)
	if err == nil {
		err = replaceFile(path, []byte(text))
	}
	if err != nil {
		return fmt.Errorf("defaults: %w", err)
	}
	return nil
}

// tags returns the tags that have defaults.
func (d *defaults) tags() []string {
	if d.dir == "" {
		return nil
	}
	entries, _ := os.ReadDir(d.dir) // most have none
	var tags []string
	for _, e := range entries {
		if tag, err := newTag(e.Name()); err == nil {
			tags = append(tags, tag)
		}
	}
	return tags
}

// defaultsOf returns the values for a torrent with a tag, "" none: those of the tag
// take the place of those for all, but tags join.
func (d *driver) defaultsOf(tag string) ([]defaultValue, error) {
	var all []defaultValue
	for _, of := range slices.Compact([]string{"", tag}) {
		text, err := d.defaults.text(of)
		if err != nil {
			return nil, err
		}
		values, err := d.parseDefaults(text)
		if err != nil {
			return nil, fmt.Errorf("the defaults %s: %w", defaultsName(of), err)
		}
		all = slices.DeleteFunc(all, func(have defaultValue) bool {
			return have.file != "tags" && slices.ContainsFunc(values, func(v defaultValue) bool { return v.file == have.file })
		})
		all = append(all, values...)
	}
	return all, nil
}

// A defaultSet is the defaults of one tag as a file.
type defaultSet struct {
	tag, text string
}

// defaultsFile is the file of the defaults in a directory of drops.
func defaultsFile() File[defaultSet] {
	return File[defaultSet]{
		Name: "defaults", Doc: "lines of `file: value`, set on what is dropped here before it starts; directory is the one above its own",
		Read:  func(_ context.Context, _ *driver, s *defaultSet) ([]byte, error) { return []byte(s.text), nil },
		Value: func(s *defaultSet) string { return s.text },
		Set:   &setter[defaultSet]{shape: shapeLines, plan: setDefaults},
	}
}

func setDefaults(s *defaultSet, value string, add bool) (action, error) {
	var lines []string
	if add {
		lines = strings.Split(strings.TrimSuffix(s.text, "\n"), "\n")
	}
	for _, l := range strings.Split(value, "\n") {
		lines = append(slices.DeleteFunc(lines, func(have string) bool { return have == l }), l)
	}
	text := strings.TrimLeft(strings.Join(lines, "\n")+"\n", "\n")
	if _, err := parseDefaultLines(text); err != nil {
		return nil, err
	}
	return func(ctx context.Context, d *driver) error {
		values, err := d.parseDefaults(text)
		if err != nil {
			return err
		}
		old, _ := parseDefaultLines(s.text) // those may be about a disk that is away
		for _, v := range values {
			if v.file == "directory" && !slices.Contains(old, v) {
				if err := d.wantDirectory(ctx, v.value); err != nil {
					return err
				}
			}
		}
		return d.defaults.set(s.tag, text)
	}, nil
}

// defaultsNode returns the file's node in a directory.
func (a *dropDir) defaultsNode() *fileNode {
	s := subject[defaultSet]{path: a.path, ino: a.ino, find: func(context.Context) (*defaultSet, error) {
		text, err := a.d.defaults.text(a.tag)
		return &defaultSet{a.tag, text}, err
	}}
	return defaultsFile().node(a.d, s, 3)
}

// A defaultValue is one line of defaults.
type defaultValue struct{ file, value string }

// customDefault begins the file of a custom key.
const customDefault = "custom/"

// parseDefaultLines reads lines of `file: value`. Empty lines and those that
// begin with '#' are skipped.
func parseDefaultLines(text string) ([]defaultValue, error) {
	var values []defaultValue
	for _, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		if l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		file, value, ok := strings.Cut(l, ":")
		if !ok {
			return nil, invalid("%q, want lines of file: value", l)
		}
		values = append(values, defaultValue{strings.TrimSpace(file), strings.TrimSpace(value)})
	}
	return values, nil
}

// parseDefaults reads lines and checks that each file takes its value.
func (d *driver) parseDefaults(text string) ([]defaultValue, error) {
	values, err := parseDefaultLines(text)
	if err != nil {
		return nil, err
	}
	nobody := &rtorrent.Torrent{Hash: rtorrent.Hash(strings.Repeat("0", 40)), Priority: -1}
	for _, v := range values {
		if _, err := d.planDefault(nobody, v); err != nil {
			return nil, fmt.Errorf("%s: %w", v.file, err)
		}
	}
	return values, nil
}

// planDefault returns what sets a default on a torrent that does not run yet.
func (d *driver) planDefault(t *rtorrent.Torrent, v defaultValue) (action, error) {
	if v.file == "directory" {
		dir, err := parseDirectory(v.value)
		return apply(t.Hash, rtorrent.SetParentDirectory(t.Hash, dir)), err
	}
	if name, ok := strings.CutPrefix(v.file, customDefault); ok {
		key, err := newCustomKey(name)
		if err != nil {
			return nil, err
		}
		return setCustom(&custom{hash: t.Hash, key: key}, v.value, false)
	}
	for _, f := range columns(d.torrentNodes) {
		if f.Name == v.file && f.Set != nil && f.Name != "state" {
			return f.Set.plan(t, v.value, f.Name == "tags")
		}
	}
	return nil, invalid("no file that a default can be for")
}
