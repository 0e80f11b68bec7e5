package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

func (p *program) completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "prints what makes a shell complete our commands and options",
		ArgsUsage: "bash|zsh|fish",
		Description: "bash: source <(rtfs completion bash)\n" +
			"zsh:  source <(rtfs completion zsh)\n" +
			"fish: rtfs completion fish | source",
		BashComplete: func(*cli.Context) { fmt.Fprintln(p.stdout, "bash\nzsh\nfish") },
		Action:       p.completion,
	}
}

func (p *program) completion(c *cli.Context) error {
	script, err := "", error(nil)
	switch shell := c.Args().First(); shell {
	case "bash":
		script = bashCompletion
	case "zsh":
		script = zshCompletion
	case "fish":
		script, err = c.App.ToFishCompletion()
	default:
		return usage("completion: want bash, zsh or fish, got %q", shell)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(p.stdout, script)
	return err
}

// Both scripts ask the program itself, as urfave/cli means it; the bash one
// needs nothing of the package bash-completion, and the zsh one can be sourced
// and be a file in fpath.
const bashCompletion = `_rtfs() {
	local IFS=$'\n' cur=${COMP_WORDS[COMP_CWORD]}
	local words=("${COMP_WORDS[@]:0:COMP_CWORD}")
	[[ $cur == -* ]] && words+=("$cur")
	COMPREPLY=($(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur"))
}
complete -o bashdefault -o default -F _rtfs rtfs
`

const zshCompletion = `#compdef rtfs
_rtfs() {
	local -a found
	local cur=${words[CURRENT]}
	local -a before=("${(@)words[1,CURRENT-1]}")
	[[ $cur == -* ]] && before+=("$cur")
	found=("${(@f)$("${before[@]}" --generate-bash-completion 2>/dev/null)}")
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
