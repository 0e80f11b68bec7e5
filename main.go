// Rtfs shows a running rTorrent as files.
//
// This package is the command line: it reads the options, finds the server,
// mounts and unmounts, and keeps the exit codes. What a file holds is decided
// in fs, how old it may be in cache, and how rTorrent is asked in rtorrent.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/urfave/cli/v2"
)

func main() { os.Exit(run(os.Args, os.Stdout, os.Stderr)) }

// A program is one run of rtfs.
type program struct {
	args           []string // as it was started
	stdout, stderr io.Writer
	daemon         bool // it is the background process of mount --daemon
	mount8         bool // it was called by mount(8)
	systemd        *notifier
	closers        []io.Closer // at its end
}

// run is rtfs without its process: it returns the exit code. It handles SIGINT,
// SIGTERM and SIGHUP.
func run(args []string, stdout, stderr io.Writer) int {
	p := newProgram(args, stdout, stderr)
	os.Unsetenv(daemonEnv) // rTorrent and fusermount3 have no use for it
	if os.Getenv("PATH") == "" {
		// mount(8) leaves none, and we start those two.
		os.Setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	defer stop()
	err := p.run(ctx)
	for _, c := range p.closers {
		c.Close()
	}
	return report(stderr, err)
}

func newProgram(args []string, stdout, stderr io.Writer) *program {
	return &program{args: args, stdout: stdout, stderr: stderr, daemon: os.Getenv(daemonEnv) != "", systemd: takeNotifier()}
}

// endSignals are the signals that end rtfs in an orderly way. SIGHUP is left
// alone under nohup(1).
func endSignals() []os.Signal {
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

func (p *program) run(ctx context.Context) error {
	app := p.app()
	if i := slices.Index(p.args, completionWord); i > 0 {
		for _, word := range following(app, p.args[1:i]) {
			fmt.Fprintln(p.stdout, word)
		}
		return nil
	}
	if len(p.args) > 1 && p.args[1] == "--version" {
		p.args = slices.Concat(p.args[:1], []string{"version"}, p.args[2:])
	}
	args, err := fromMount8(p.args)
	if err != nil {
		return err
	}
	p.mount8 = !slices.Equal(args, p.args)
	return app.RunContext(ctx, optionsFirst(app, args))
}

// app declares the commands.
func (p *program) app() *cli.App {
	app := &cli.App{
		Name:                      "rtfs",
		Usage:                     "a running rTorrent as files",
		CustomAppHelpTemplate:     usageText,
		DisableSliceFlagSeparator: true,
		Writer:                    p.stdout,
		ErrWriter:                 p.stderr,
		ExitErrHandler:            func(*cli.Context, error) {}, // report does it
		OnUsageError:              usageError,
		Action:                    p.noCommand,
		Flags:                     []cli.Flag{cli.HelpFlag}, // cli adds it beside its own command help only
		Commands: []*cli.Command{
			p.mountCommand(), p.umountCommand(), p.demoCommand(), p.callCommand(),
			p.hashCommand(), p.doctorCommand(), p.completionCommand(), p.versionCommand(), p.helpCommand(),
		},
	}
	for _, c := range app.Commands {
		c.OnUsageError = usageError
		c.Action = helped(c.Name, c.Action)
		c.HideHelpCommand = true // else `rtfs umount help` is not about a directory
	}
	return app
}

// usageError is what urfave/cli calls for an option that it cannot read.
func usageError(c *cli.Context, err error, isCommand bool) error {
	if c.Command != nil && c.Command.Name != c.App.Name && c.App.Command(c.Command.Name) != nil {
		return helpWith(c.Command.Name, usage("%w", err))
	}
	return usage("%w", err)
}

// helped is an action whose failures of usage say how to get help with it.
func helped(command string, action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error { return helpWith(command, action(c)) }
}

// helpWith points a failure of usage to the help of its command.
func helpWith(command string, err error) error {
	var f *failure
	if errors.As(err, &f) && f.hint == generalHelp {
		f.hint = "rtfs help " + command + " tells how it is used"
	}
	return err
}

// noCommand answers a first argument that is no command, and none at all.
func (p *program) noCommand(c *cli.Context) error {
	if c.Args().Present() {
		return usage("%q is not a command", c.Args().First())
	}
	c.App.Writer = p.stderr
	if err := cli.ShowAppHelp(c); err != nil {
		return err
	}
	return &failure{code: exitUsage}
}

// usageText is what `rtfs help` prints. It fits a screen.
const usageText = `rtfs shows a running rTorrent as files

    rtfs mount  [options] [SERVER] MOUNTPOINT      until Ctrl-C; with -d in the background
    rtfs umount MOUNTPOINT
    rtfs demo   [MOUNTPOINT]                       two private rTorrents and a transfer, mounted
    rtfs call   [options] [SERVER] METHOD [ARG…]   one call, its result as JSON
    rtfs hash   FILE|MAGNET                        the info-hash
    rtfs doctor [SERVER] [MOUNTPOINT]              what is wrong here, and what to do
    rtfs completion bash|zsh|fish
    rtfs version
    rtfs help   [COMMAND]                          the options of a command

SERVER is scgi:///path/to.sock, scgi://host:port, ssh+scgi://host/path/to.sock,
http://… or https://…; without it $RTFS_SERVER, else what the config file or
rtorrent.rc says. A password comes from --password-file, $RTFS_PASSWORD or
~/.netrc, never from the command line.
In fstab and for mount(8) the type is fuse.rtfs and the device SERVER.

    mkdir -p ~/rt
    rtfs mount -d scgi:///home/me/rtorrent.sock ~/rt
    cat ~/rt/README ~/rt/torrents/*/state
    rtfs umount ~/rt
`
