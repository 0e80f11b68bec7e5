package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestInstallRefusesAnOldBinary has a binary from before the last git pull, and
// one that was built after it.
func TestInstallRefusesAnOldBinary(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "rtfs")
	if err := os.WriteFile(binary, []byte("a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	install := func(built time.Time) (string, error) {
		t.Helper()
		if err := os.Chtimes(binary, built, built); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("make", "-s", "install", "OUT="+binary, "DESTDIR="+filepath.Join(dir, "root"), "PREFIX=/usr", "GO=false").CombinedOutput()
		return string(out), err
	}
	installed := filepath.Join(dir, "root", "usr", "bin", "rtfs")
	out, err := install(time.Unix(0, 0))
	if err == nil || !strings.Contains(out, "older than its sources: run make build") {
		t.Errorf("an old one: %q, %v; want that it is refused", out, err)
	}
	if _, err := os.Stat(installed); err == nil {
		t.Error("an old one was installed")
	}
	if out, err := install(time.Now().Add(time.Hour)); err != nil {
		t.Fatalf("a new one: %v: %s", err, out)
	}
	if got := read(t, installed); got != "a program" {
		t.Errorf("installed: %q", got)
	}
}
