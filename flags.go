package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"rtfs/fs"
)

// serverFlags are the options of every command that talks to a server.
func serverFlags() []cli.Flag {
	return []cli.Flag{
		duration("timeout", 30*time.Second, "`DURATION` that one call may take"),
		&cli.StringFlag{Name: "password-file", Usage: "`FILE` whose first line is the password", TakesFile: true},
		&cli.StringFlag{Name: "tls-ca", Usage: "PEM `FILE` with the only CAs to trust for https", TakesFile: true},
		toggle("insecure-tls", "take any certificate for https"),
		&cli.StringFlag{Name: "log-level", Value: "warn", Usage: "`LEVEL` of the log on standard error or in the journal: debug, info, warn or error"},
	}
}

// serverFlag is how the commands for one server name one.
func serverFlag() cli.Flag {
	return &cli.StringFlag{Name: "server", Usage: "`SERVER`, or the name of one in the config file"}
}

// mountFlags are the options of mount. All but the first two and the last can
// be given to mount(8) too.
func mountFlags() []cli.Flag {
	return slices.Concat([]cli.Flag{
		toggle("daemon", "go to the background when the mount is ready", "d"),
		&cli.StringSliceFlag{Name: "server", Usage: "`NAME=URL`: one of several servers, each a directory; repeatable"},
		&cli.StringSliceFlag{Name: "o", Usage: "`OPTION[,OPTION…]` as in fstab: the options here, and those of mount(8)"},
		duration("ttl", time.Second, "how old what is read may be, a `DURATION` such as 500ms or 3s"),
		duration("max-stale", time.Minute, "how old while rTorrent does not answer, a `DURATION`"),
		duration("wait", 30*time.Second, "`DURATION` that a read in files/ waits for a piece that is being downloaded; 0 not at all"),
		toggle("stream", "let a read in files/ that waits raise the file's priority until it is closed"),
		&cli.StringSliceFlag{Name: "map", Usage: "`REMOTE=LOCAL`: where a path of rTorrent's is on this machine; repeatable"},
		toggle("read-only", "refuse all writes"),
		toggle("allow-other", "let other users in, as far as owner and mode allow"),
		&cli.UintFlag{Name: "uid", Value: uint(os.Getuid()), DefaultText: "yours", Usage: "`UID` that owns the files; for root over TCP also whose data is shown"},
		&cli.UintFlag{Name: "gid", Value: uint(os.Getgid()), DefaultText: "yours", Usage: "`GID` that the files have as group"},
		&cli.StringFlag{Name: "umask", Value: "022", Usage: "mode `BITS` that the files lack, octal"},
		toggle("metrics-per-torrent", "add a series for each torrent to metrics"),
		toggle("no-rutorrent", "write no comment marker and no addtime as ruTorrent does"),
		toggle("allow-erase-hook", "erase though rTorrent has a hook that then executes something"),
		toggle("spawn", "start an rTorrent for this mount, or adopt the one a crash left; no SERVER then"),
		&cli.StringFlag{Name: "download-dir", Usage: "`DIR` into which the rTorrent of --spawn downloads", TakesFile: true},
	}, serverFlags(), []cli.Flag{
		&cli.BoolFlag{Name: "debug-fuse", Hidden: true, Usage: "log each request of the kernel"},
	})
}

// toggle is an option without a value, off by default.
func toggle(name, usage string, aliases ...string) cli.Flag {
	return &cli.BoolFlag{Name: name, Aliases: aliases, Usage: usage, DisableDefaultText: true}
}

// A durationFlag says what is wrong with a value, which cli's own does not.
type durationFlag struct{ cli.DurationFlag }

func duration(name string, value time.Duration, usage string) cli.Flag {
	return &durationFlag{cli.DurationFlag{Name: name, Value: value, Usage: usage}}
}

// Apply implements cli.Flag.
func (f *durationFlag) Apply(set *flag.FlagSet) error {
	value := f.Value
	set.Var((*durationValue)(&value), f.Name, f.Usage)
	return nil
}

// A durationValue implements flag.Value.
type durationValue time.Duration

func (v *durationValue) String() string { return time.Duration(*v).String() }

func (v *durationValue) Set(s string) error {
	d, err := time.ParseDuration(s)
	if _, number := strconv.ParseFloat(s, 64); err != nil && number == nil {
		return fmt.Errorf("a unit is missing, as in %ss or %sm", s, s)
	}
	if err != nil {
		return errors.New("want a number with a unit, as in 500ms, 3s or 2m")
	}
	*v = durationValue(d)
	return nil
}

// optionsFirst returns args with the options of a command before its other
// arguments: urfave/cli takes none after the first of those. The arguments of
// call are left alone, since they may begin with a dash.
func optionsFirst(app *cli.App, args []string) []string {
	if len(args) < 2 {
		return args
	}
	command := app.Command(args[1])
	if command == nil || command.Name == "call" {
		return args
	}
	options, rest := slices.Clone(args[:2]), []string{"--"}
	for i := 2; i < len(args); i++ {
		switch a := args[i]; {
		case a == "--":
			return slices.Concat(options, rest, args[i+1:])
		case len(a) < 2 || a[0] != '-':
			rest = append(rest, a)
		default:
			options = append(options, a)
			if takesNext(command, a) && i+1 < len(args) {
				i++
				options = append(options, args[i])
			}
		}
	}
	return append(options, rest...)
}

// takesNext reports whether the value of an option is the next argument.
func takesNext(command *cli.Command, option string) bool {
	name := strings.TrimLeft(option, "-")
	for _, f := range command.Flags {
		value, ok := f.(cli.DocGenerationFlag)
		if ok && slices.Contains(f.Names(), name) {
			return value.TakesValue()
		}
	}
	return false
}

// pathMaps reads the values of --map.
func pathMaps(values []string) ([]fs.PathMap, error) {
	var maps []fs.PathMap
	for _, v := range values {
		remote, local, ok := strings.Cut(v, "=")
		if !ok || !filepath.IsAbs(remote) || !filepath.IsAbs(local) {
			return nil, usage("--map %s: want REMOTE=LOCAL, two absolute paths", v)
		}
		maps = append(maps, fs.PathMap{Remote: filepath.Clean(remote), Local: filepath.Clean(local)})
	}
	return maps, nil
}

// umask reads the value of --umask.
func umask(value string) (uint32, error) {
	bits, err := strconv.ParseUint(value, 8, 32)
	if err != nil || bits > 0o777 {
		return 0, usage("--umask %s: want an octal number up to 777", value)
	}
	return uint32(bits), nil
}

// warn tells the user what may be wrong.
func (p *program) warn(format string, args ...any) {
	fmt.Fprintf(p.stderr, "rtfs: warning: "+format+"\n", args...)
}
