package fs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"rtfs/rtorrent"
)

// A settingsDir is settings/ or a directory below it. Its table is made from
// the commands of the rTorrent that answers.
type settingsDir struct {
	d       *driver
	subject subject[rtorrent.Settings]

	mu    sync.Mutex // guards the fields below
	caps  *rtorrent.Caps
	table *tableDir[rtorrent.Settings] // made of caps
}

func openSettings(d *driver, s subject[rtorrent.Server]) directory {
	return &settingsDir{d: d, subject: subject[rtorrent.Settings]{path: s.path, ino: d.inos.named(s.path), find: d.cache.Settings}}
}

func settingsReference(prefix string) []Line {
	return []Line{
		{Path: prefix + "<a>/<b>/<c>", Mode: modeString(modeFile | 0o200), Doc: "the command a.b.c; read-only where a change could cut us off; numbers take 500K, lists one element a line"},
		{Path: prefix + "<a>/<b>/value", Mode: modeString(modeFile | 0o200), Doc: "the command a.b where there is also an a.b.c"},
	}
}

// now returns the directory of the present table.
func (s *settingsDir) now(ctx context.Context) (*tableDir[rtorrent.Settings], error) {
	caps, err := s.d.cache.Client().Caps(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.caps != caps {
		s.caps, s.table = caps, newTableDir(s.d, s.subject, settingNodes(settingPaths(caps.SettingNames())))
	}
	return s.table, nil
}

func (s *settingsDir) list(ctx context.Context) ([]entry, error) {
	table, err := s.now(ctx)
	if err != nil {
		return nil, err
	}
	return table.list(ctx)
}

func (s *settingsDir) find(ctx context.Context, name string) (entry, error) {
	table, err := s.now(ctx)
	if err != nil {
		return entry{}, err
	}
	return table.find(ctx, name)
}

func (s *settingsDir) stat(context.Context) (size, mtime int64, err error) {
	return 0, s.d.started, nil
}

// A settingPath is a setting and the components of its name that are left
// below some directory.
type settingPath struct {
	name string
	rest []string
}

func settingPaths(names []string) []settingPath {
	paths := make([]settingPath, len(names))
	for i, name := range names {
		paths[i] = settingPath{name, strings.Split(name, ".")}
	}
	return paths
}

// settingNodes returns the table of a directory. What is a value and a prefix
// is a directory with a file value.
func settingNodes(paths []settingPath) []Node[rtorrent.Settings] {
	var heads []string
	below := map[string][]settingPath{}
	for _, p := range paths {
		if len(p.rest) == 0 {
			continue
		}
		head := p.rest[0]
		if below[head] == nil {
			heads = append(heads, head)
		}
		below[head] = append(below[head], settingPath{p.name, p.rest[1:]})
	}
	var nodes []Node[rtorrent.Settings]
	for _, p := range paths {
		if len(p.rest) == 0 {
			nodes = append(nodes, settingFile("value", p.name))
		}
	}
	for _, head := range heads {
		if only := below[head][0]; len(below[head]) == 1 && len(only.rest) == 0 {
			nodes = append(nodes, settingFile(fileName(head), only.name))
			continue
		}
		nodes = append(nodes, Dir[rtorrent.Settings]{Name: fileName(head), Nodes: settingNodes(below[head])})
	}
	return nodes
}

// settingFile declares the file of a setting.
func settingFile(name, command string) File[rtorrent.Settings] {
	f := File[rtorrent.Settings]{
		Name: name,
		From: command,
		Value: func(s *rtorrent.Settings) string {
			if setting := s.Setting(command); setting != nil {
				return setting.String()
			}
			return ""
		},
		Read: func(_ context.Context, _ *driver, s *rtorrent.Settings) ([]byte, error) {
			setting := s.Setting(command)
			switch {
			case setting == nil:
				return nil, errNoEntry
			case setting.Refusal != nil:
				return nil, setting.Refusal
			}
			return line(setting.String()), nil
		},
	}
	if !rtorrent.IsFixedSetting(command) {
		f.Set = &setter[rtorrent.Settings]{shape: shapeLines, plan: setSetting(command)}
	}
	return f
}

// setSetting returns the plan of a write to a setting. Its present value says
// what it takes.
func setSetting(command string) func(*rtorrent.Settings, string, bool) (action, error) {
	return func(s *rtorrent.Settings, value string, add bool) (action, error) {
		now := s.Setting(command)
		if now == nil || now.Refusal != nil {
			return nil, fmt.Errorf("%s: %w", command, errNoEntry)
		}
		to := now // its own value is taken as it is
		if value != now.String() || add {
			var err error
			if to, err = newSetting(now, value, add); err != nil {
				return nil, err
			}
			if err := s.Check(to); err != nil {
				return nil, invalid("%v", err)
			}
		}
		return func(ctx context.Context, d *driver) error {
			_, err := d.cache.ApplySetting(ctx, to)
			if errors.Is(err, rtorrent.ErrKept) {
				err = invalid("%v", err)
			}
			return err
		}, nil
	}
}

// newSetting returns what a setting becomes by a write; add keeps the lines
// that it has.
func newSetting(now *rtorrent.Setting, value string, add bool) (*rtorrent.Setting, error) {
	to := &rtorrent.Setting{Name: now.Name, Kind: now.Kind}
	var err error
	switch now.Kind {
	case rtorrent.SettingNumber:
		to.Number, err = parseSettingNumber(value)
	case rtorrent.SettingText:
		to.Text, err = parseSettingText(value)
	case rtorrent.SettingList:
		to.List, err = parseSettingList(value)
		if add {
			to.List = append(slices.Clone(now.List), to.List...)
		}
	}
	return to, err
}

func parseSettingNumber(value string) (int64, error) {
	value = strings.TrimSpace(value)
	if digits, negative := strings.CutPrefix(value, "-"); negative {
		n, err := parseBytes(digits)
		return -n, err
	}
	return parseBytes(value)
}

// parseSettingText returns the one line that value is.
func parseSettingText(value string) (string, error) {
	if strings.Contains(value, "\n") {
		return "", invalid("more than one line")
	}
	if !rtorrent.XMLSafe(value) {
		return "", errEncoding
	}
	return value, nil
}

func parseSettingList(value string) ([]string, error) {
	var list []string
	for text := range strings.SplitSeq(value, "\n") {
		if !rtorrent.XMLSafe(text) {
			return nil, errEncoding
		}
		if text != "" {
			list = append(list, text)
		}
	}
	return list, nil
}
