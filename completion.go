package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// completionWord is the argument by which the scripts for bash and zsh ask what
// may follow the arguments before it. A run that has it, wherever it stands,
// answers that and does nothing else.
const completionWord = "--generate-bash-completion"

func (p *program) completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "prints what makes a shell complete our commands and options",
		ArgsUsage: "bash|zsh|fish",
		Description: "bash: source <(rtfs completion bash)\n" +
			"zsh:  source <(rtfs completion zsh)\n" +
			"fish: rtfs completion fish | source",
		Action: p.completion,
	}
}

func (p *program) completion(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage("completion: want bash, zsh or fish, got %d arguments", c.NArg())
	}
	script := ""
	switch shell := c.Args().First(); shell {
	case "bash":
		script = bashCompletion
	case "zsh":
		script = zshCompletion
	case "fish":
		script = fishCompletion(c.App)
	default:
		return usage("completion: want bash, zsh or fish, got %q", shell)
	}
	_, err := fmt.Fprint(p.stdout, script)
	return err
}

// following returns what may follow the words of a command line: commands, the
// options where the last word begins with a dash, or the values of an option or
// argument that has few. Nothing stands for a file name.
func following(app *cli.App, words []string) []string {
	if len(words) == 0 {
		return commandNames(app)
	}
	last := words[len(words)-1]
	option := strings.HasPrefix(last, "-")
	if len(words) == 1 && option {
		return []string{"--help", "--version"}
	}
	command := app.Command(words[0])
	if command == nil || slices.Contains(words[:len(words)-1], "--") {
		return nil
	}
	f := flagNamed(command.Flags, strings.TrimLeft(last, "-"))
	switch {
	case option && f == nil:
		return optionNames(command)
	case option && takesValue(f):
		return fewValues(f)
	case len(words) == 1:
		return fewArguments(app, command)
	}
	return nil
}

func commandNames(app *cli.App) []string {
	var names []string
	for _, c := range app.Commands {
		names = append(names, c.Name)
	}
	return names
}

func optionNames(command *cli.Command) []string {
	var names []string
	for _, f := range command.VisibleFlags() {
		for _, name := range f.Names() {
			names = append(names, dashed(name))
		}
	}
	return append(names, "--help")
}

// dashed is the name of an option as it is typed.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// fewValues are all values of an option, nil where they cannot be listed.
func fewValues(f cli.Flag) []string {
	if f.Names()[0] == "log-level" {
		return []string{"debug", "info", "warn", "error"}
	}
	return nil
}

// fewArguments are all first arguments of a command, nil where they cannot be
// listed.
func fewArguments(app *cli.App, command *cli.Command) []string {
	switch command.Name {
	case "completion":
		return []string{"bash", "zsh", "fish"}
	case "help":
		return commandNames(app)
	}
	return nil
}

// Both scripts ask the program itself, a dash standing for any option that is
// being typed, and take file names where it has no answer and behind a --. The
// bash one needs nothing of the package bash-completion, and the zsh one can be
// sourced and be a file in fpath.
const bashCompletion = `_rtfs() {
	local IFS=$'\n' cur=${COMP_WORDS[COMP_CWORD]} word
	local words=("${COMP_WORDS[@]:0:COMP_CWORD}")
	COMPREPLY=()
	for word in "${words[@]}"; do
		[[ $word == -- ]] && return
	done
	[[ $cur == -* ]] && words+=(-)
	COMPREPLY=($(compgen -W "$("${words[@]}" ` + completionWord + ` 2>/dev/null)" -- "$cur"))
}
complete -o bashdefault -o default -F _rtfs rtfs
`

const zshCompletion = `#compdef rtfs
_rtfs() {
	local -a found
	local cur=${words[CURRENT]}
	local -a before=("${(@)words[1,CURRENT-1]}")
	if (( ! ${before[(Ie)--]} )); then
		[[ $cur == -* ]] && before+=(-)
		found=("${(@f)$("${before[@]}" ` + completionWord + ` 2>/dev/null)}")
	fi
	if [[ -n ${found[1]} ]]; then
		compadd -- "${found[@]}"
	else
		_files
	fi
}
if [[ ${funcstack[1]} == _rtfs ]]; then
	_rtfs "$@"
else
	compdef _rtfs rtfs
fi
`

// fishCompletion is the script for fish, which shows what each is about.
func fishCompletion(app *cli.App) string {
	var b strings.Builder
	add := func(where, format string, args ...any) {
		fmt.Fprintf(&b, "complete -c rtfs -n '%s' %s\n", where, fmt.Sprintf(format, args...))
	}
	const first = "__fish_use_subcommand"
	b.WriteString("# rtfs for fish\n\n")
	add(first, "-s h -l help -d 'show help'")
	add(first, "-l version -d 'print the version'")
	for _, c := range app.Commands {
		here := "__fish_seen_subcommand_from " + c.Name
		add(first, "-f -a '%s' -d %s", c.Name, fishQuote(c.Usage))
		if list := fewArguments(app, c); list != nil {
			add(here, "-f -a '%s'", strings.Join(list, " "))
		}
		add(here, "-s h -l help -d 'show help'")
		for _, f := range c.VisibleFlags() {
			add(here, "%s -d %s", fishOption(f), fishQuote(f.(cli.DocGenerationFlag).GetUsage()))
		}
	}
	return b.String()
}

// fishOption is one option in the terms of fish's complete.
func fishOption(f cli.Flag) string {
	var words []string
	for _, name := range f.Names() {
		words = append(words, map[bool]string{true: "-s ", false: "-l "}[len(name) == 1]+name)
	}
	file, isString := f.(*cli.StringFlag)
	switch {
	case !takesValue(f):
	case isString && file.TakesFile:
		words = append(words, "-r")
	case fewValues(f) != nil:
		words = append(words, "-x -a '"+strings.Join(fewValues(f), " ")+"'")
	default:
		words = append(words, "-x")
	}
	return strings.Join(words, " ")
}

// fishQuote quotes a text for fish, less the marks that help takes.
func fishQuote(s string) string {
	return "'" + strings.NewReplacer("`", "", `\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
