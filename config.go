package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"rtfs/fs"
)

// A config is what the user's config file says. Its lines are
//
//	option = value         the options of mount, by their names
//	option                 one without a value
//	# comment
//	[home]                 what follows is about the server home
//
// In a section, server = URL says where that server is.
type config struct {
	path     string
	top      []setting
	sections []section
}

type section struct {
	name     string
	settings []setting
}

type setting struct {
	line       int
	key, value string
	hasValue   bool
}

// configPath is where the config file of a user is, "" if there is no home.
func configPath() string {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "rtfs", "config")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".config", "rtfs", "config")
}

// readConfig reads the user's config file. That there is none is no error; nor
// is it read for mount(8), whose options are in fstab.
func (p *program) readConfig() (*config, error) {
	path := configPath()
	if path == "" || p.mount8 {
		return &config{}, nil
	}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return &config{}, nil
	case err != nil:
		return nil, fail(exitUsage, "", "config: %w", err)
	}
	cfg, err := parseConfig(path, string(text))
	if err != nil {
		return nil, err
	}
	return cfg, cfg.check(mountFlags())
}

// parseConfig reads the text of a config file.
func parseConfig(path, text string) (*config, error) {
	cfg := &config{path: path}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok {
			name = strings.TrimSpace(strings.TrimSuffix(name, "]"))
			if !fs.ValidName(name) || !strings.HasSuffix(line, "]") {
				return nil, cfg.wrong(i+1, "want [NAME], a name of letters, digits and -_.")
			}
			if cfg.section(name) != nil {
				return nil, cfg.wrong(i+1, "a second section [%s]", name)
			}
			cfg.sections = append(cfg.sections, section{name: name})
			continue
		}
		key, value, hasValue := strings.Cut(line, "=")
		s := setting{i + 1, strings.TrimSpace(key), strings.TrimSpace(value), hasValue}
		if n := len(cfg.sections); n > 0 {
			cfg.sections[n-1].settings = append(cfg.sections[n-1].settings, s)
		} else {
			cfg.top = append(cfg.top, s)
		}
	}
	return cfg, nil
}

func (cfg *config) wrong(line int, format string, args ...any) error {
	return fail(exitUsage, "man rtfs tells what a config file holds", "%s:%d: %s", cfg.path, line, fmt.Sprintf(format, args...))
}

// section returns the section of that name, nil if there is none.
func (cfg *config) section(name string) *section {
	for i := range cfg.sections {
		if cfg.sections[i].name == name {
			return &cfg.sections[i]
		}
	}
	return nil
}

// check looks for what is no option, or none for one server among several. The
// values stay out of the errors: one may be a password.
func (cfg *config) check(flags []cli.Flag) error {
	for _, s := range cfg.top {
		if err := cfg.checkSetting(flags, s, []string{"o", "debug-fuse", "help"}); err != nil {
			return err
		}
	}
	for _, section := range cfg.sections {
		for _, s := range section.settings {
			if err := cfg.checkSetting(flags, s, wholeOptions()); err != nil {
				return err
			}
		}
	}
	return nil
}

// wholeOptions are about a mount as a whole.
func wholeOptions() []string {
	return []string{
		"daemon", "o", "read-only", "allow-other", "uid", "gid", "umask", "spawn", "download-dir", "log-level", "debug-fuse", "help",
	}
}

func (cfg *config) checkSetting(flags []cli.Flag, s setting, not []string) error {
	f := flagNamed(flags, s.key)
	switch {
	case s.key == "password":
		return cfg.wrong(s.line, "a password does not belong here: write password-file = FILE")
	case f == nil:
		return cfg.wrong(s.line, "%s is not an option of rtfs mount", s.key)
	case slices.Contains(not, s.key):
		return cfg.wrong(s.line, "%s cannot be set here", s.key)
	case takesValue(f) && !s.hasValue:
		return cfg.wrong(s.line, "%s needs a value", s.key)
	}
	return nil
}

// flagNamed returns the option of that name, nil if there is none.
func flagNamed(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	documented, ok := f.(cli.DocGenerationFlag)
	return ok && documented.TakesValue()
}

// apply sets the options in c that are not in given, which is what the command
// line has set, and that the command has.
func (cfg *config) apply(c *cli.Context, given map[string]bool, settings []setting) error {
	for _, s := range settings {
		f := flagNamed(c.Command.Flags, s.key)
		if f == nil || s.key == "server" || given[s.key] {
			continue
		}
		if err := c.Set(s.key, s.text(f)); err != nil {
			return cfg.wrong(s.line, "%s: %v", s.key, err)
		}
	}
	return nil
}

// text is the value as the command line would have it. A shell would have
// made the ~ a directory.
func (s setting) text(f cli.Flag) string {
	switch {
	case !s.hasValue:
		return "true"
	case !takesValue(f) && (s.value == "yes" || s.value == "on"):
		return "true"
	case !takesValue(f) && (s.value == "no" || s.value == "off"):
		return "false"
	}
	if remote, local, ok := strings.Cut(s.value, "="); ok && s.key == "map" {
		return remote + "=" + expandHome(local)
	}
	if documented, ok := f.(*cli.StringFlag); ok && documented.TakesFile {
		return expandHome(s.value)
	}
	return s.value
}

// within returns a context in which the options that a section sets hide those
// of c.
func (cfg *config) within(c *cli.Context, given map[string]bool, section *section) (*cli.Context, error) {
	if section == nil {
		return c, nil
	}
	set := flag.NewFlagSet(section.name, flag.ContinueOnError)
	for _, s := range section.settings {
		f := flagNamed(c.Command.Flags, s.key)
		if f == nil || s.key == "server" || given[s.key] || set.Lookup(s.key) != nil {
			continue
		}
		if err := f.Apply(set); err != nil {
			return nil, err
		}
	}
	child := cli.NewContext(c.App, set, c)
	child.Command = c.Command
	return child, cfg.apply(child, given, section.settings)
}

// givenOptions are the names of the options that the command line has set.
func givenOptions(c *cli.Context) map[string]bool {
	given := map[string]bool{}
	for _, f := range c.Command.Flags {
		for _, name := range f.Names() {
			if c.IsSet(f.Names()[0]) {
				given[name] = true
			}
		}
	}
	return given
}
