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
		Description: "Each line is ok, a warning or a problem; nothing is changed. SERVER is told by its ://.\n" +
			"The exit code is 1 if there is a problem, and 0 if not.",
		Flags:  doctorFlags(),
		Action: p.doctor,
	}
}

// doctorFlags are those options of mount that decide whether a mount would work.
func doctorFlags() []cli.Flag {
	flags := serverFlags()
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
	server, dir := "", ""
	if len(words) > 0 && strings.Contains(words[0], "://") {
		server, words = words[0], words[1:]
	}
	if len(words) > 0 {
		dir, words = words[0], words[1:]
	}
	if len(words) > 0 {
		return usage("doctor: want [SERVER] [MOUNTPOINT], got %d arguments", c.NArg())
	}
	maps, err := pathMaps(c.StringSlice("map"))
	if err != nil {
		return err
	}
	d := &diagnosis{out: p.stdout}
	m := machine{root: "/", uid: os.Geteuid(), allowOther: c.Bool("allow-other")}
	m.examine(d)
	if dir != "" {
		m.examineMountpoint(d, dir)
	}
	ctx, cancel := context.WithTimeout(c.Context, doctorBound)
	defer cancel()
	if e, client := p.examineServer(ctx, c, d, server, maps); client != nil {
		x := &dataCheck{maps: maps, endpoint: e, client: client, dataUID: dataUID(c, e), peer: peerPID(e)}
		x.examine(ctx, d)
		if dir != "" {
			x.examineOverlap(ctx, d, dir)
		}
	}
	if err := c.Context.Err(); err != nil {
		return err
	}
	return d.end()
}

// A diagnosis prints what doctor finds, at once, and counts it.
type diagnosis struct {
	out                io.Writer
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
	fmt.Fprintf(d.out, "%-8s %s\n", grade, oneLine(fmt.Sprintf(format, args...)))
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
