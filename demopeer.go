package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"rtfs/rtorrent"
)

// A peer is one of the two rTorrents of a demo.
type peer struct {
	daemon  *rtorrent.Daemon
	client  *rtorrent.Client
	version string
}

func startPeer(ctx context.Context, b rtorrent.Binary, dir string, rateKB int) (*peer, error) {
	daemon, err := rtorrent.StartDaemon(ctx, rtorrent.DaemonOptions{Binary: []string{b.Path}, Dir: dir, DownRateKB: rateKB})
	if err != nil {
		return nil, &failure{code: exitRTorrent, err: err}
	}
	e, err := rtorrent.ParseEndpoint(daemon.Endpoint())
	if err != nil {
		return nil, err
	}
	t, err := rtorrent.NewTransport(e, rtorrent.TransportOptions{})
	if err != nil {
		return nil, err
	}
	return &peer{daemon: daemon, client: rtorrent.New(t, rtorrent.Options{}), version: b.Version}, nil
}

// load gives it a .torrent and starts that.
func (p *peer) load(ctx context.Context, metainfo []byte) error {
	return p.client.CallWrite(ctx, nil, "load.raw_start", "", metainfo)
}

// number asks for a number of a torrent; -1 means that there is no answer.
func (p *peer) number(ctx context.Context, getter string, h rtorrent.Hash) int64 {
	var n int64
	if err := p.client.Call(ctx, &n, getter, string(h)); err != nil {
		return -1
	}
	return n
}

// byVersion sorts the newest first.
func byVersion(found []rtorrent.Binary) []rtorrent.Binary {
	numbers := func(version string) []int {
		var list []int
		for _, part := range strings.Split(version, ".") {
			n, _ := strconv.Atoi(part) // what is no number counts as 0
			list = append(list, n)
		}
		return list
	}
	slices.SortStableFunc(found, func(a, b rtorrent.Binary) int {
		return slices.Compare(numbers(b.Version), numbers(a.Version))
	})
	return found
}

// poll calls ok at once and then at each tick until it is true, or ctx ends.
func poll(ctx context.Context, every time.Duration, ok func() bool) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

const (
	demoName        = "rtfs-demo"
	demoPieceLength = 64 << 10
	// demoTracker is on a port where nobody listens: 0.9.8 wants a tracker.
	demoTracker = "http://127.0.0.1:9/announce"
)

// demoFiles are the payload, by size in bytes: 24 MiB.
func demoFiles() []rtorrent.MakeFile {
	return []rtorrent.MakeFile{
		{Path: []string{"film.mkv"}, Length: 17 << 20},
		{Path: []string{"film.en.srt"}, Length: 60 << 10},
		{Path: []string{"music", "01 overture.flac"}, Length: 4 << 20},
		{Path: []string{"music", "02 finale.flac"}, Length: 3<<20 - 61<<10},
		{Path: []string{"notes.txt"}, Length: 1 << 10},
	}
}

// makePayload writes the files below dir, the same random bytes each time, and
// returns the .torrent of them.
func makePayload(dir string) ([]byte, error) {
	random := rand.NewChaCha8([32]byte([]byte("the demo of rtfs: random payload")))
	files := demoFiles()
	for i := range files {
		f := &files[i]
		name := filepath.Join(append([]string{dir, demoName}, f.Path...)...)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return nil, err
		}
		out, err := os.Create(name)
		if err != nil {
			return nil, err
		}
		defer out.Close()
		if _, err := io.CopyN(out, random, f.Length); err != nil {
			return nil, err
		}
		f.Data = io.NewSectionReader(out, 0, f.Length)
	}
	return rtorrent.MakeMetainfo(demoName, files, demoPieceLength, demoTracker)
}

// printCommands prints what can be tried, five lines to copy.
func printCommands(w io.Writer, mountpoint string) {
	torrent := filepath.Join(mountpoint, "by-name", demoName)
	fmt.Fprintln(w, "Five commands to try:")
	for _, command := range []string{
		"cat " + quote(torrent+"/info"),
		"tail -n1 " + quote(torrent+"/progress") + " " + quote(torrent+"/down_rate") + " " + quote(torrent+"/state"),
		"echo pause > " + quote(torrent+"/state") + "; ls -l " + quote(mountpoint+"/by-state/paused") + "; echo start > " + quote(torrent+"/state"),
		"echo holiday > " + quote(torrent+"/tags") + "; cat " + quote(mountpoint+"/list.tsv"),
		"ls -lR " + quote(torrent+"/files/"),
	} {
		fmt.Fprintln(w, "    "+command)
	}
}

// quote quotes a path for a shell, where it must be.
func quote(path string) string {
	special := func(r rune) bool {
		return r < 0x80 && !strings.ContainsRune("/-_.+,@%", r) && !('0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	}
	if !strings.ContainsFunc(path, special) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
