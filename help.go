package main

import "github.com/urfave/cli/v2"

func (p *program) helpCommand() *cli.Command {
	return &cli.Command{
		Name:      "help",
		Usage:     "prints how rtfs is used, or the options of a command",
		ArgsUsage: "[COMMAND]",
		Action: func(c *cli.Context) error {
			switch name := c.Args().First(); {
			case c.NArg() > 1:
				return usage("help: want at most one COMMAND, got %d arguments", c.NArg())
			case c.NArg() == 0:
				return cli.ShowAppHelp(c)
			case c.App.Command(name) == nil:
				return fail(exitUsage, "rtfs help tells which there are", "%q is not a command", name)
			default:
				return cli.ShowCommandHelp(c, name)
			}
		},
	}
}
