//go:build long

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent/rtorrenttest"
)

// rootBound is how long what is done in a root of its own may take; most of it
// is apt.
const rootBound = 15 * time.Minute

// cleanRoot returns a root with nothing but apt and our package in it.
func cleanRoot(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test needs root: it makes roots and namespaces")
	}
	execute(t, "make", "-s", "deb")
	debs, err := filepath.Glob("dist/rtfs_*.deb")
	if err != nil || len(debs) == 0 {
		t.Fatalf("dist holds no package: %v", err)
	}
	newest := debs[0]
	for _, deb := range debs {
		a, _ := os.Stat(deb)
		b, _ := os.Stat(newest)
		if a.ModTime().After(b.ModTime()) {
			newest = deb
		}
	}
	root := t.TempDir()
	execute(t, "sh", "scripts/cleanroot.sh", root)
	execute(t, "cp", newest, root+"/rtfs.deb")
	return root
}

// execute runs a program and returns what it prints.
func execute(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), rootBound)
	defer cancel()
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// inRoot is the command that runs another in a root and in namespaces of its
// own.
func inRoot(root string, args ...string) []string {
	return append([]string{
		"unshare", "--fork", "--kill-child", "--pid", "--mount", "--uts", "--ipc", "--cgroup", "sh", "testdata/enter.sh", root,
	}, args...)
}

// TestPackageInACleanRoot installs the package by apt where nothing else is,
// runs the demo, and removes it.
func TestPackageInACleanRoot(t *testing.T) {
	root := cleanRoot(t)
	execute(t, "cp", "testdata/install.sh", root+"/install.sh")
	out := execute(t, inRoot(root, "sh", "/install.sh")...)
	if !strings.HasSuffix(out, "installed, tried and removed\n") {
		t.Errorf("output:\n%s", out)
	}
}

func TestPackageHasNoFaultOfLintian(t *testing.T) {
	root := cleanRoot(t)
	execute(t, "lintian", "--fail-on", "error,warning", "--allow-root", root+"/rtfs.deb")
}

// TestBoot boots a system with the package, with systemd as its first process,
// and has the server come up late, go and come back, rtfs die and hang, under
// our unit and under a line of fstab with x-systemd.automount.
func TestBoot(t *testing.T) {
	root := cleanRoot(t)
	execute(t, "cp", "testdata/prepare.sh", "testdata/boot.sh", root)
	execute(t, inRoot(root, "sh", "/prepare.sh")...)

	args := inRoot(root, "/lib/systemd/systemd", "--system")
	system := exec.Command(args[0], args[1:]...)
	var said bytes.Buffer
	system.Stdout, system.Stderr = &said, &said
	system.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := system.Start(); err != nil {
		t.Fatal(err)
	}
	down := make(chan error, 1)
	go func() { down <- system.Wait() }()
	defer func() { _ = syscall.Kill(-system.Process.Pid, syscall.SIGKILL) }() // it has ended, as a rule
	first := ""
	rtorrenttest.Eventually(t, time.Minute, "systemd is there", func() bool {
		children, _ := os.ReadFile("/proc/" + strconv.Itoa(system.Process.Pid) + "/task/" + strconv.Itoa(system.Process.Pid) + "/children")
		first = strings.TrimSpace(string(children))
		name, _ := os.ReadFile("/proc/" + first + "/comm")
		return strings.TrimSpace(string(name)) == "systemd"
	})
	out := execute(t, "nsenter", "-t", first, "-a", "-r", "-w", "sh", "/boot.sh")
	t.Log(out)
	if !strings.HasSuffix(out, "all is well\n") {
		t.Errorf("boot: %s", said.String())
	}
	select {
	case <-down:
	case <-time.After(2 * time.Minute):
		t.Error("the system does not shut down with rtfs mounted")
	}
}

// TestDist makes the archives, and checks their sums and what is in them.
func TestDist(t *testing.T) {
	execute(t, "make", "-s", "dist", "VERSION=v1.2.3")
	execute(t, "sh", "-c", "cd dist && sha256sum -c SHA256SUMS")
	for arch, machine := range map[string]string{"amd64": "x86-64", "arm64": "aarch64"} {
		name := "rtfs-1.2.3-linux-" + arch
		dir := t.TempDir()
		execute(t, "tar", "-C", dir, "-xf", "dist/"+name+".tar.gz")
		if got := execute(t, "file", "-b", filepath.Join(dir, name, "rtfs")); !strings.Contains(got, machine) || !strings.Contains(got, "statically linked") {
			t.Errorf("%s: %s, want a static binary for %s", name, got, machine)
		}
	}
}

// TestCompletionsInTheirShells has zsh and fish read what is installed for them.
func TestCompletionsInTheirShells(t *testing.T) {
	for _, c := range typed {
		words := strings.Fields(c.words)
		cmd := atShell(append([]string{"zsh", "-f", "-c", `autoload -Uz compinit && compinit -u -D && source contrib/completions/rtfs.zsh
			_files() { }
			compadd() { shift; for w in "$@"; do [[ $w == ${words[CURRENT]}* ]] && print -- $w; done; }
			words=("$@"); CURRENT=$#; _rtfs; true`, "zsh"}, words...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", c.words, err, out)
		}
		wantTyped(t, "zsh", c.words, string(out), c.want)
		if slices.Contains(words[:len(words)-1], "--") {
			continue // fish has file names there
		}
		out, err = atShell("fish", "--no-config", "-c", "source contrib/completions/rtfs.fish; complete -C '"+c.words+"' | cut -f1").CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", c.words, err, out)
		}
		wantTyped(t, "fish", c.words, string(out), c.want)
	}
}

// TestUnitIsValid has systemd judge the unit.
func TestUnitIsValid(t *testing.T) {
	dir := t.TempDir()
	unit := strings.ReplaceAll(read(t, "contrib/systemd/rtfs.service"), "/usr/bin/rtfs", os.Getenv(binaryEnv))
	if err := os.WriteFile(filepath.Join(dir, "rtfs.service"), []byte(unit), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := execute(t, "systemd-analyze", "verify", "--man=no", filepath.Join(dir, "rtfs.service")); strings.Contains(out, "rtfs.service") {
		t.Errorf("systemd says: %s", out)
	}
}

// TestReleaseIsReproducible builds the release twice: from two directories, and
// with nothing that the other build has left. The bytes are the same.
func TestReleaseIsReproducible(t *testing.T) {
	files := strings.Fields(execute(t, "git", "ls-files", "*.go", "go.mod", "go.sum", "Makefile"))
	var sums []string
	for _, name := range []string{"one", "another directory"} {
		dir := filepath.Join(t.TempDir(), name)
		for _, file := range files {
			to := filepath.Join(dir, file)
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to, []byte(read(t, file)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out := filepath.Join(dir, "rtfs")
		execute(t, "env", "GOFLAGS=", "GOCACHE="+t.TempDir(), "make", "-s", "-C", dir, "build", "VERSION=v1.2.3")
		sums = append(sums, fmt.Sprintf("%x", sha256.Sum256([]byte(read(t, out)))))
	}
	if sums[0] != sums[1] {
		t.Errorf("two builds have the sums %s", sums)
	}
}
