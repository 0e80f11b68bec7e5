package main

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"rtfs/fs"
	"rtfs/rtorrent"
)

// A target is a server that a command is about: its name among several, ""
// alone; where it is; and the options for it, which a section of the config
// file may change.
type target struct {
	name, address string
	options       *cli.Context
}

// locate reads the address. What was typed is repeated in the error, unless a
// password may be in it.
func (t target) locate() (rtorrent.Endpoint, error) {
	e, err := rtorrent.ParseEndpoint(t.address)
	if err == nil {
		return e, nil
	}
	what := strings.TrimSuffix("server "+t.name, " ")
	if !strings.Contains(t.address, "@") && !strings.Contains(err.Error(), t.address) {
		what += " " + strconv.Quote(t.address)
	}
	if guess := guessAddress(t.address); guess != "" {
		return e, fail(exitUsage, "perhaps "+guess, "%s: %w", what, err)
	}
	return e, usage("%s: %w", what, err)
}

// guessAddress is the address that somebody may have meant who typed the path
// of a socket or HOST:PORT, "" where there is no telling.
func guessAddress(s string) string {
	guess := "scgi://" + s
	if path := expandHome(s); strings.HasPrefix(path, "/") {
		guess = "scgi://" + path
	} else if strings.Contains(s, "/") || !strings.Contains(s, ":") {
		return ""
	}
	if _, err := rtorrent.ParseEndpoint(guess); err != nil || strings.Contains(s, "://") {
		return ""
	}
	return guess
}

// targets returns the servers of a command: those of its arguments, each URL or
// NAME=URL, else $RTFS_SERVER, else those of the config file, else the one of
// rtorrent.rc. It applies the config file to the options.
func (p *program) targets(c *cli.Context, arguments []string) ([]target, error) {
	cfg, err := p.readConfig()
	if err != nil {
		return nil, err
	}
	given := givenOptions(c)
	if p.systemd.socket != "" {
		given["daemon"] = true // systemd waits for this very process
	}
	if err := cfg.apply(c, given, cfg.top); err != nil {
		return nil, err
	}
	if c.Bool("spawn") && len(arguments) == 0 {
		return []target{{options: c}}, nil
	}
	if env := os.Getenv("RTFS_SERVER"); len(arguments) == 0 && env != "" {
		arguments = []string{env}
	}
	list, err := cfg.named(arguments)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		found, err := rtorrent.FindServer(os.Getenv)
		if err != nil {
			hint := "name it, as in rtfs " + c.Command.Name + " " + c.Command.ArgsUsage + ", or in " + configPath()
			if c.Command.Name == "mount" {
				hint += ", or let --spawn start one"
			}
			return nil, fail(exitServer, hint, "%w", err)
		}
		list = []target{{address: found}}
	}
	for i := range list {
		if list[i].options, err = cfg.within(c, given, cfg.section(list[i].name)); err != nil {
			return nil, err
		}
	}
	return list, checkNames(list)
}

// named returns the servers of the arguments, else those of the file.
func (cfg *config) named(arguments []string) ([]target, error) {
	var list []target
	for _, a := range arguments {
		name, address := splitName(a)
		if section := cfg.section(a); section != nil {
			name, address = a, section.server()
		}
		list = append(list, target{name: name, address: address})
	}
	if len(list) > 0 {
		return list, nil
	}
	for _, s := range cfg.top {
		if s.key == "server" {
			name, address := splitName(s.value)
			list = append(list, target{name: name, address: address})
		}
	}
	for i := range cfg.sections {
		address := cfg.sections[i].server()
		if address == "" && !slices.ContainsFunc(list, func(t target) bool { return t.name == cfg.sections[i].name }) {
			return nil, fail(exitUsage, "write server = URL below it", "%s: section [%s] names no server", cfg.path, cfg.sections[i].name)
		}
		if address != "" {
			list = append(list, target{name: cfg.sections[i].name, address: address})
		}
	}
	return list, nil
}

// server is the address in a section, "" if there is none.
func (s *section) server() string {
	for _, setting := range s.settings {
		if setting.key == "server" {
			return setting.value
		}
	}
	return ""
}

// splitName splits NAME=URL; a URL alone has no name.
func splitName(s string) (name, address string) {
	name, address, ok := strings.Cut(s, "=")
	if !ok || strings.Contains(name, "://") {
		return "", s
	}
	return name, address
}

// checkNames wants names that tell several servers apart.
func checkNames(list []target) error {
	if len(list) > fs.MaxServers {
		return usage("%d servers: want at most %d", len(list), fs.MaxServers)
	}
	seen := map[string]bool{}
	for _, t := range list {
		switch {
		case t.name == "" && len(list) > 1:
			return usage("several servers: each needs a name, as in --server home=scgi:///home/me/rtorrent.sock")
		case t.name != "" && !fs.ValidName(t.name):
			return usage("server %q: want a name of letters, digits and -_.", t.name)
		case seen[t.name]:
			return usage("two servers are named %s", t.name)
		}
		seen[t.name] = true
	}
	return nil
}
