package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"rtfs/fs"
)

// TestReferenceOfManual compares the man pages and the completions in contrib
// with the flags, the exit codes and the table of the tree.
func TestReferenceOfManual(t *testing.T) {
	for name, want := range map[string]string{
		"man/rtfs.1":            manOfCommands(t),
		"man/rtfs.5":            manOfTree(),
		"completions/rtfs.bash": printed(t, "completion", "bash"),
		"completions/rtfs.zsh":  printed(t, "completion", "zsh"),
		"completions/rtfs.fish": printed(t, "completion", "fish"),
	} {
		path := filepath.Join("contrib", name)
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := read(t, path); got != want {
			t.Errorf("%s is not as the code has it: run make docs", path)
		}
	}
}

// printed returns what a command prints.
func printed(t *testing.T, args ...string) string {
	t.Helper()
	var b bytes.Buffer
	if err := newProgram(nil, &b, &b).app().Run(append([]string{"rtfs"}, args...)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestEveryOptionIsDocumented looks for each visible option of each command.
func TestEveryOptionIsDocumented(t *testing.T) {
	man, fish := read(t, "contrib", "man", "rtfs.1"), read(t, "contrib", "completions", "rtfs.fish")
	app := newProgram(nil, &bytes.Buffer{}, &bytes.Buffer{}).app()
	for _, c := range app.Commands {
		if !strings.Contains(man, "\n.SS rtfs "+c.Name) || !strings.Contains(fish, "-a '"+c.Name+"'") {
			t.Errorf("%s is not in the man page and the completions", c.Name)
		}
		for _, f := range c.VisibleFlags() {
			name := f.Names()[0]
			dashes := map[bool]string{true: "-", false: "--"}[len(name) == 1]
			if option := roff(dashes + name); !strings.Contains(man, ".B "+option+"\n") && !strings.Contains(man, `\fB`+option+`\fR`) {
				t.Errorf("%s %s is not in the man page", c.Name, option)
			}
			if !strings.Contains(fish, " -l "+name+" ") && !strings.Contains(fish, " -s "+name+" ") {
				t.Errorf("%s %s is not in the completions of fish", c.Name, name)
			}
		}
		// bash and zsh ask the program.
		r := rtfs(t, c.Name, "-", "--generate-bash-completion")
		for _, f := range c.VisibleFlags() {
			name := f.Names()[0]
			if len(name) > 1 && !slices.Contains(strings.Fields(r.stdout), "--"+name) {
				t.Errorf("rtfs %s completes to %q, want --%s in it", c.Name, r.stdout, name)
			}
		}
	}
	for _, l := range fs.Reference() {
		if !strings.Contains(read(t, "contrib", "man", "rtfs.5"), roff(l.Path)+"\n") {
			t.Errorf("%s is not in rtfs(5)", l.Path)
		}
	}
}

// roff escapes what roff(7) would take for its own.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...", "`", "").Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

// manOfCommands is rtfs(1): what does not follow from the code stands in
// contrib/man/rtfs.1.in, with marks for what does.
func manOfCommands(t *testing.T) string {
	t.Helper()
	app := newProgram(nil, &bytes.Buffer{}, &bytes.Buffer{}).app()
	var commands strings.Builder
	for _, c := range app.Commands {
		fmt.Fprintf(&commands, ".SS rtfs %s %s\n", c.Name, roff(strings.TrimSpace("[options] "+c.ArgsUsage)))
		fmt.Fprintf(&commands, "%s.\n", roff(strings.ToUpper(c.Usage[:1])+c.Usage[1:]))
		if c.Description != "" {
			fmt.Fprintf(&commands, ".PP\n.nf\n%s\n.fi\n", roff(c.Description))
		}
		for _, f := range c.VisibleFlags() {
			writeOption(&commands, f)
		}
	}
	var codes strings.Builder
	for line := range strings.Lines(exitTable(t)) {
		if f := strings.SplitN(strings.Trim(line, "| \n"), " | ", 2); len(f) == 2 && strings.Trim(f[0], "0123456789") == "" {
			fmt.Fprintf(&codes, ".TP\n.B %s\n%s\n", f[0], roff(f[1]))
		}
	}
	text := read(t, "contrib", "man", "rtfs.1.in")
	return strings.NewReplacer("@COMMANDS@\n", commands.String(), "@EXIT@\n", codes.String()).Replace(text)
}

func writeOption(b *strings.Builder, f cli.Flag) {
	d := f.(cli.DocGenerationFlag)
	names := make([]string, 0, 2)
	for _, name := range f.Names() {
		names = append(names, `\fB`+roff(map[bool]string{true: "-", false: "--"}[len(name) == 1]+name)+`\fR`)
	}
	value, usage := "", d.GetUsage()
	if d.TakesValue() {
		value = "VALUE"
		if _, rest, ok := strings.Cut(usage, "`"); ok {
			value, _, _ = strings.Cut(rest, "`")
		}
		value = ` \fI` + roff(value) + `\fR`
	}
	if text := strings.Trim(defaultOf(d), `"`); text != "" {
		usage += " (default: " + text + ")"
	}
	fmt.Fprintf(b, ".TP\n%s%s\n%s.\n", strings.Join(names, ", "), value, roff(usage))
}

// manOfTree is rtfs(5).
func manOfTree() string {
	var b strings.Builder
	b.WriteString(man5Head)
	for _, l := range fs.Reference() {
		fmt.Fprintf(&b, ".TP\n.B %s\n%s %s", roff(l.Path), roff(l.Mode), roff(l.Doc))
		if l.From != "" {
			fmt.Fprintf(&b, "\n.br\n.I %s", roff(l.From))
		}
		b.WriteString("\n")
	}
	b.WriteString(".SH ERRORS\nThose of a read in\n.IR files/ :\n" + readErrors())
	b.WriteString(".SH SEE ALSO\n.BR rtfs (1),\n.BR rtorrent (1)\n")
	return b.String()
}

// readErrors are the errors in the README's table of those of files/.
func readErrors() string {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		return ""
	}
	_, table, _ := strings.Cut(string(readme), "| errno | |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var b strings.Builder
	for line := range strings.Lines(table) {
		errno, why, _ := strings.Cut(strings.Trim(line, "| \n"), " | ")
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", errno, roff(why))
	}
	return b.String()
}

const man5Head = `.TH RTFS 5 "" "rtfs" "File Formats"
.SH NAME
rtfs \- the tree of files that shows a running rTorrent
.SH DESCRIPTION
Each file holds one value and a newline at its end, in base units: bytes, bytes
per second, Unix seconds, 0 and 1 (in info.json and list.json false and true,
where they mean that). A write takes what a read gives. It has
happened when
.BR write (2)
returns, or its errno says why not; the words are in the files
.I log
and
.IR health .
.PP
Deleting anything changes nothing in rTorrent and no data: a torrent leaves
rTorrent by being moved to
.IR erase/ .
.PP
A mount of several servers has a directory for each, and in it this tree.
.SH FILES
Each entry is told with its mode, and the commands of rTorrent behind it.
`
