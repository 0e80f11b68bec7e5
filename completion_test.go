package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestCompletionMakesNoCall has a server that counts, and command lines that
// call it if they are carried out.
func TestCompletionMakesNoCall(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, `<?xml version="1.0"?><methodResponse><params><param><value><i8>7</i8></value></param></params></methodResponse>`)
	}))
	defer server.Close()
	rtfs(t, "call", server.URL, "d.stop", "HASH").want(t, exitOK)
	if calls.Load() == 0 {
		t.Fatal("the call did not reach the server")
	}
	calls.Store(0)
	dir := mountDir(t)
	for _, line := range []string{
		"call SERVER d.stop HASH --WORD",
		"call SERVER d.stop HASH -- --WORD",
		"call -- SERVER d.stop HASH -- --WORD",
		"call SERVER d.stop HASH -- --WORD more",
		"call --WORD SERVER d.stop HASH",
		"call SERVER d.stop --WORD HASH",
		"--WORD call SERVER d.stop HASH",
		"mount SERVER DIR -- --WORD",
		"mount -- SERVER DIR --WORD",
		"doctor SERVER -- --WORD",
		"SERVER DIR --WORD",
	} {
		r := rtfs(t, strings.Fields(strings.NewReplacer("SERVER", server.URL, "DIR", dir, "--WORD", completionWord).Replace(line))...)
		r.want(t, exitOK)
		if r.stderr != "" {
			t.Errorf("%s: stderr = %q, want none", line, r.stderr)
		}
		if n := calls.Load(); n != 0 {
			t.Fatalf("%s: %d calls were made", line, n)
		}
	}
	wantMounted(t, dir, false)
}

// typed are command lines with the last word being typed, and what it may
// become: of those that begin with it, those that are told.
var typed = []struct{ words, want string }{
	{"rtfs m", "mount"},
	{"rtfs h", "hash help"},
	{"rtfs --v", "--version"},
	{"rtfs help c", "call completion"},
	{"rtfs completion z", "zsh"},
	{"rtfs mount --max", "--max-stale"},
	{"rtfs mount --ttl 2s --max", "--max-stale"},
	{"rtfs mount --log-level w", "warn"},
	{"rtfs mount -", "-o -d --ttl --help"},
	{"rtfs mount --", "--ttl --help"},
	{"rtfs doctor --", "--map --help"},
	{"rtfs call SERVER d.stop HASH --", "--json --server"},
	{"rtfs call SERVER d.stop HASH -- --", ""},
	{"rtfs call SERVER d.stop -- x", ""},
}

// wantTyped checks what a shell completes. A word that begins with a dash may
// become more than what is told.
func wantTyped(t *testing.T, shell, words, out, want string) {
	t.Helper()
	got := strings.Fields(out)
	if !strings.HasSuffix(words, "-") || want == "" {
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s: completed to %q, want %q", shell, words, got, want)
		}
		return
	}
	for _, w := range strings.Fields(want) {
		if !strings.Contains(" "+strings.Join(got, " ")+" ", " "+w+" ") {
			t.Errorf("%s: %s: completed to %q, want %s in it", shell, words, got, w)
		}
	}
}

// atShell is a command that finds our rtfs as a shell does.
func atShell(args ...string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(os.Getenv(binaryEnv))+":"+os.Getenv("PATH"), "TERM=dumb")
	return cmd
}

func TestCompletionInBash(t *testing.T) {
	script := printed(t, "completion", "bash")
	for _, c := range typed {
		cmd := atShell(append([]string{"bash", "-c", script + `
			COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rtfs; echo "${COMPREPLY[*]}"`, "bash"}, strings.Fields(c.words)...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", c.words, err, out)
		}
		wantTyped(t, "bash", c.words, string(out), c.want)
	}
}

func TestCompletionOfFish(t *testing.T) {
	script := fishCompletion(newProgram(nil, &bytes.Buffer{}, &bytes.Buffer{}).app())
	for _, want := range []string{"-s o -x", "-l daemon -s d -d ", "-l log-level -x -a 'debug info warn error'", "-a 'bash zsh fish'", "-l password-file -r"} {
		if !strings.Contains(script, want) {
			t.Errorf("the script lacks %q", want)
		}
	}
	for _, not := range []string{"`", "-l o ", "help h"} {
		if strings.Contains(script, not) {
			t.Errorf("the script has %q", not)
		}
	}
}
