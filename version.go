package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// version is set by the linker where the build knows better than Go.
var version string

func (p *program) versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "prints the version",
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage("version: want no arguments, got %d", c.NArg())
			}
			_, err := fmt.Fprintf(p.stdout, "rtfs %s %s %s/%s\n", versionText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// versionText is the version as the build recorded it.
func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
