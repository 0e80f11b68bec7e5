package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// A recipe is one block of code of docs/cookbook.md.
type recipe struct {
	title, language, code string
}

// A taste says how to see that a recipe has worked.
type taste struct {
	before string // a script that prepares it
	want   string // what it prints, a regular expression
	after  string // a script that looks at what became of it …
	holds  string // … and what that prints, a regular expression
	// until is what after prints when a recipe that goes on for ever has
	// worked; only then it is ended.
	until string
}

// recipes reads the page.
func recipes(t *testing.T) []recipe {
	t.Helper()
	var all []recipe
	title := ""
	var block *recipe
	for line := range strings.Lines(read(t, "docs", "cookbook.md")) {
		switch text, fence := strings.CutPrefix(strings.TrimSpace(line), "```"); {
		case fence && block == nil:
			block = &recipe{title: title, language: text}
		case fence:
			all = append(all, *block)
			block = nil
		case block != nil:
			block.code += line
		case strings.HasPrefix(line, "### "):
			title = strings.TrimSpace(line[4:])
		}
	}
	return all
}

var crontab = regexp.MustCompile(`(?m)^(?:\S+ ){5}`)

// cookbookHosts are hosts of the page and what stands for them here: addresses
// of this machine on which no tracker listens.
var cookbookHosts = strings.NewReplacer("tracker.example.org", "127.0.0.2", "dead.example.net", "127.0.0.3", "more.example.com", "127.0.0.4", "BadClient", "Torrent")

func TestCookbook(t *testing.T) { cook(t, oldest()) }

// cook carries out every recipe of the page in its order.
func cook(t *testing.T, version string) {
	k := newKitchen(t, version)
	defer k.close(t)
	all := recipes(t)
	if len(all) < 30 {
		t.Errorf("%d recipes, want at least 30", len(all))
	}
	known := map[string]bool{}
	for _, r := range all {
		known[r.title] = true
		c, ok := tastes[r.title]
		if !ok {
			t.Errorf("nothing says how to see that %q has worked", r.title)
			continue
		}
		began := time.Now()
		if c.before != "" {
			k.run(t, r.title+", before", c.before, "")
		}
		code := r.code
		if r.language == "cron" {
			code = crontab.ReplaceAllString(code, "")
		}
		if c.until != "" {
			k.runUntil(t, r.title, code, c)
		} else {
			k.run(t, r.title, code, c.want)
		}
		if c.after != "" {
			k.run(t, r.title+", after", c.after, c.holds)
		}
		t.Logf("%.2fs %s", time.Since(began).Seconds(), r.title)
	}
	for title := range tastes {
		if !known[title] {
			t.Errorf("the page has no recipe %q", title)
		}
	}
}

// A kitchen is a mount as the recipes want it, in the home of a user.
type kitchen struct {
	home  string
	env   []string
	rt    *rtorrent.Daemon
	other *rtorrent.Daemon // a peer
	mount *running
}

// script returns a run of bash in the mount.
func (k *kitchen) script(ctx context.Context, code string) *exec.Cmd {
	const help = "await() { for i in $(seq 300); do eval \"$1\" && return; sleep 0.1; done; echo \"never: $1\"; return 1; }\n"
	cmd := exec.CommandContext(ctx, "bash", "-c", help+cookbookHosts.Replace(code))
	cmd.Dir, cmd.Env = filepath.Join(k.home, "rt"), k.env
	cmd.WaitDelay = time.Second
	return cmd
}

func (k *kitchen) run(t *testing.T, what, code, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), runBound)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := k.script(ctx, code)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err != nil || stderr.Len() > 0 {
		t.Errorf("%s: %v: %s\n%s\nlog:\n%s", what, err, stderr.String(), code, k.log())
	}
	if ok, err := regexp.MatchString("(?s)"+want, stdout.String()); err != nil || !ok {
		t.Errorf("%s: printed %q, %v; want %q\n%s\n%s", what, stdout.String(), err, want, code, stderr.String())
	}
}

// runUntil starts what goes on for ever, and ends it when it has worked.
func (k *kitchen) runUntil(t *testing.T, what, code string, c taste) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), runBound)
	cmd := k.script(ctx, code)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	k.run(t, what+", meanwhile", c.until, "")
	cancel()
	_ = cmd.Wait() // it was killed
	if t.Failed() {
		t.Logf("%s printed %s", what, said.String())
	}
}

// log returns the end of the mount's log.
func (k *kitchen) log() string {
	b, err := os.ReadFile(filepath.Join(k.home, "rt", "log"))
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-1000):])
}

// tool puts a program into the user's PATH.
func (k *kitchen) tool(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(k.home, "bin", name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// torrent makes a .torrent and, in folder, its data.
func (k *kitchen) torrent(t *testing.T, folder, name string, piece int64, sizes map[string]int, trackers ...string) []byte {
	t.Helper()
	var files []rtorrent.MakeFile
	for _, path := range []string{"", "holiday.jpg", "Sample/sintel-sample.mkv", "Sintel.en.srt", "Sintel.mkv"} {
		size, ok := sizes[path]
		if !ok {
			continue
		}
		data, file := rtorrenttest.Bytes(size), filepath.Join(folder, name, path)
		f := rtorrent.MakeFile{Length: int64(size), Data: bytes.NewReader(data)}
		if path != "" {
			f.Path = strings.Split(path, "/")
		}
		files = append(files, f)
		if folder == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	metainfo, err := rtorrent.MakeMetainfo(name, files, piece, trackers...)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", name, err))
	}
	return metainfo
}
