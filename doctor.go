package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// doctorBound is how long the look at a server and its data may take.
const doctorBound = time.Minute

func (p *program) doctorCommand() *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "checks this machine, the server and the way to its data, and says what to do",
		ArgsUsage: "[SERVER] [MOUNTPOINT]",
		Description: "Each line is ok, a warning or a problem; nothing is changed. SERVER is recognised by its ://; without one\n" +
			"it is that of a mount on MOUNTPOINT, else all of the config file.\n" +
			"The exit code is 1 if there is a problem, and 0 if not.",
		Flags:  doctorFlags(),
		Action: p.doctor,
	}
}

// doctorFlags are those options of mount that decide whether a mount would work.
func doctorFlags() []cli.Flag {
	flags := append([]cli.Flag{serverFlag()}, serverFlags()...)
	for _, f := range mountFlags() {
		switch f.Names()[0] {
		case "map", "allow-other", "uid":
			flags = append(flags, f)
		}
	}
	return flags
}

func (p *program) doctor(c *cli.Context) error {
	words := c.Args().Slice()
	server, dir := c.String("server"), ""
	if server == "" && len(words) > 0 && strings.Contains(words[0], "://") {
		server, words = words[0], words[1:]
	}
	if len(words) > 0 {
		dir, words = words[0], words[1:]
	}
	if len(words) > 0 {
		return usage("doctor: want [SERVER] [MOUNTPOINT], got %d arguments", c.NArg())
	}
	if _, err := pathMaps(c.StringSlice("map")); err != nil {
		return err
	}
	var servers []string
	if server != "" {
		servers = []string{server}
	} else {
		servers = mountedServers(dir)
	}
	d := &diagnosis{out: p.stdout}
	m := machine{root: "/", uid: os.Geteuid(), allowOther: c.Bool("allow-other")}
	m.examine(d)
	if dir != "" {
		m.examineMountpoint(d, dir)
	}
	list, err := p.targets(c, servers)
	if err != nil {
		d.problem(asFailure(err).hint, "server: %v", err)
	}
	for _, t := range list {
		d.server = t.name
		p.examineTarget(c.Context, d, t, dir)
	}
	if err := c.Context.Err(); err != nil {
		return err
	}
	return d.end()
}

// examineTarget checks one server, its data, and that a mount on dir would not
// be in its way.
func (p *program) examineTarget(ctx context.Context, d *diagnosis, t target, dir string) {
	maps, err := pathMaps(t.options.StringSlice("map"))
	if err != nil {
		d.problem("", "%v", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, doctorBound)
	defer cancel()
	e, client := p.examineServer(ctx, d, t, maps)
	if client == nil {
		return
	}
	x := &dataCheck{maps: maps, endpoint: e, client: client, dataUID: dataUID(t.options, e), peer: peerPID(e)}
	x.examine(ctx, d)
	if dir != "" {
		x.examineOverlap(ctx, d, dir)
	}
}

// mountedServers are the servers of the rtfs that is mounted on dir, as the
// mount table has them, nil if there is none.
func mountedServers(dir string) []string {
	path, err := resolve(dir)
	if dir == "" || err != nil {
		return nil
	}
	text, err := os.ReadFile(mountinfo)
	if err != nil {
		return nil
	}
	m, _ := mountIn(string(text), path)
	if m.kind != fsType {
		return nil
	}
	return strings.Fields(m.source)
}

// A diagnosis prints what doctor finds, at once, and counts it.
type diagnosis struct {
	out                io.Writer
	server             string // its name, where there are several
	problems, warnings int
}

func (d *diagnosis) ok(format string, args ...any) { d.line("ok", "", format, args...) }

// warning is for what works less well than it could, or may hurt.
func (d *diagnosis) warning(todo, format string, args ...any) {
	d.warnings++
	d.line("warning", todo, format, args...)
}

// problem is for what keeps a mount from working.
func (d *diagnosis) problem(todo, format string, args ...any) {
	d.problems++
	d.line("problem", todo, format, args...)
}

func (d *diagnosis) line(grade, todo, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if d.server != "" {
		text = d.server + ": " + text
	}
	fmt.Fprintf(d.out, "%-8s %s\n", grade, oneLine(text))
	if todo != "" {
		fmt.Fprintf(d.out, "%-8s → %s\n", "", oneLine(todo))
	}
}

// oneLine keeps what others named from breaking the lines.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

// end prints the sum, and returns the exit code of doctor.
func (d *diagnosis) end() error {
	fmt.Fprintf(d.out, "%s, %s\n", count(d.problems, "problem"), count(d.warnings, "warning"))
	if d.problems > 0 {
		return &failure{code: exitFailure}
	}
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
