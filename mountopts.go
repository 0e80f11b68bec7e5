package main

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// fromMount8 turns the arguments that mount(8) calls with into those of our
// own mount command, and returns any others as they are. mount(8) calls
//
//	rtfs SERVER MOUNTPOINT -o OPTIONS                    for -t fuse.rtfs
//	mount.rtfs SERVER MOUNTPOINT [-s] [-n] [-v] -o …     where that is a link to rtfs
//
// and waits for the end, so the mount goes to the background.
func fromMount8(args []string) ([]string, error) {
	if len(args) < 2 {
		return args, nil
	}
	name := filepath.Base(args[0])
	helper := name == "mount.rtfs" || name == "mount.fuse.rtfs"
	if !helper && !strings.Contains(args[1], "://") {
		return args, nil
	}
	ours := []string{args[0], "mount", "--daemon"}
	var plain []string
	for i := 1; i < len(args); i++ {
		switch a := args[i]; {
		case a == "-o" && i+1 < len(args):
			i++
			ours = append(ours, "-o", args[i])
		case a == "-s" || a == "-n" || a == "-v" || a == "-sn" || a == "-nv" || a == "-sv" || a == "-snv":
			// sloppy, no mtab, verbose: nothing to do
		case strings.HasPrefix(a, "-"):
			return nil, usage("%s: mount(8) does not call with that", a)
		default:
			plain = append(plain, a)
		}
	}
	if len(plain) != 2 {
		return nil, usage("want SERVER MOUNTPOINT, got %d arguments", len(plain))
	}
	return append(append(ours, "--"), plain...), nil
}

// notOptions are options of our mount command that make no sense to mount(8).
func notOptions() []string { return []string{"daemon", "o", "debug-fuse", "help"} }

// ignoredOptions are for other readers of fstab, or what holds anyway. mount(8)
// adds dev and suid for root by itself: the files are somebody's downloads, so
// the mount stays nodev and nosuid.
func ignoredOptions() []string {
	return []string{
		"_netdev", "nofail", "noauto", "auto", "user", "nouser", "users", "owner", "group", "defaults",
		"rw", "dev", "suid", "exec", "async", "default_permissions",
	}
}

// kernelOptions are passed on.
func kernelOptions() []string { return []string{"nodev", "nosuid", "noexec", "noatime", "relatime"} }

// takeOptions carries out the values of -o: our own options, with _ for -, are
// set in c, and what is for the kernel is returned.
func takeOptions(c *cli.Context) (kernel []string, err error) {
	for _, values := range c.StringSlice("o") {
		for _, option := range splitOptions(values) {
			key, value, hasValue := strings.Cut(option, "=")
			switch {
			case option == "":
			case slices.Contains(ignoredOptions(), option), key == "comment", strings.HasPrefix(key, "x-"):
			case slices.Contains(kernelOptions(), option), key == "max_read" && hasValue:
				kernel = append(kernel, option)
			case option == "ro":
				err = c.Set("read-only", "true")
			default:
				err = takeOwn(c, key, value, hasValue)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return kernel, nil
}

// takeOwn sets the option of our own that key names. The value stays out of the
// error of a key that is unknown: it may be a password.
func takeOwn(c *cli.Context, key, value string, hasValue bool) error {
	name := strings.ReplaceAll(key, "_", "-")
	for _, f := range c.Command.Flags {
		if !slices.Contains(f.Names(), name) || slices.Contains(notOptions(), name) {
			continue
		}
		if documented, ok := f.(cli.DocGenerationFlag); ok && documented.TakesValue() != hasValue {
			return usage("-o %s: %s", key, map[bool]string{true: "takes no value", false: "needs a value"}[hasValue])
		}
		if !hasValue {
			value = "true"
		}
		if err := c.Set(name, value); err != nil {
			return usage("-o %s=%s: %w", key, value, err)
		}
		return nil
	}
	return usage("-o %s: unknown option", key)
}

// splitOptions splits at commas. A backslash makes the next character part of
// a value: `\,` is a comma.
func splitOptions(s string) []string {
	var options []string
	var option strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			option.WriteByte(s[i])
		case s[i] == ',':
			options = append(options, option.String())
			option.Reset()
		default:
			option.WriteByte(s[i])
		}
	}
	return append(options, option.String())
}
