package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"rtfs/rtorrent"
)

func (p *program) hashCommand() *cli.Command {
	return &cli.Command{
		Name:      "hash",
		Usage:     "prints the info-hash of a .torrent or a magnet link",
		ArgsUsage: "FILE|MAGNET",
		Action:    p.hash,
	}
}

func (p *program) hash(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage("hash: want one FILE or MAGNET, got %d arguments", c.NArg())
	}
	hash, err := hashOf(c.Args().First())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, hash)
	return err
}

// maxTorrent is the size of a .torrent, in bytes, over which none is read.
const maxTorrent = 64 << 20

func hashOf(arg string) (rtorrent.Hash, error) {
	if strings.HasPrefix(strings.ToLower(arg), "magnet:") {
		m, err := rtorrent.ParseMagnet(arg)
		return m.Hash, err
	}
	f, err := os.Open(arg)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTorrent+1))
	if err != nil {
		return "", err
	}
	m, err := rtorrent.ParseMetainfo(text)
	if errors.Is(err, rtorrent.ErrIncomplete) {
		return "", fail(exitFailure, "was it downloaded or copied to its end?", "%s: %w", arg, err)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", arg, err)
	}
	return m.Hash, nil
}
