package rtorrent

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// sshBound is how long ssh may take to log in and open its socket.
	sshBound = 30 * time.Second
	// sshPoll is how often its socket is tried: ssh makes the file before it
	// listens there, so a refusal is none.
	sshPoll = 50 * time.Millisecond
	// sshEnd is how long it may take to end when it is told to.
	sshEnd = 2 * time.Second
)

// A tunnel is one run of ssh, in a directory that only its user can enter.
type tunnel struct {
	dir         *tunnelDir
	destination string
	cmd         *exec.Cmd
	said        *lastWords
	started     time.Time
	ended       chan struct{} // closed when ssh has ended
	settled     chan struct{} // closed when the socket answers, or never will

	mu  sync.Mutex // guards err
	err error
}

// startTunnel starts ssh, and does not wait for it.
func startTunnel(destination, port, remote string) (*tunnel, error) {
	dir, err := makeTunnelDir()
	if err != nil {
		return nil, err
	}
	t := &tunnel{
		dir: dir, destination: destination, said: &lastWords{}, started: time.Now(),
		ended: make(chan struct{}), settled: make(chan struct{}),
	}
	// No question can be answered here, and a connection that another ssh
	// shares would not end with this one.
	args := []string{"-N", "-T", "-a", "-x"}
	for _, option := range []string{
		"BatchMode=yes", "ExitOnForwardFailure=yes", "ConnectTimeout=20", "ServerAliveInterval=15", "ServerAliveCountMax=3",
		"ControlMaster=no", "ControlPath=none", "StreamLocalBindMask=0177",
	} {
		args = append(args, "-o", option)
	}
	if port != "" {
		args = append(args, "-p", port)
	}
	t.cmd = exec.Command("ssh", append(args, "-L", t.socket()+":"+remote, "--", destination)...)
	t.cmd.Stderr = t.said
	t.cmd.WaitDelay = sshEnd
	// Ctrl-C is for us: the tunnel is needed until the mount is gone.
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := t.cmd.Start(); err != nil {
		dir.remove()
		return nil, err
	}
	dir.note(t.cmd.Process.Pid)
	go func() {
		defer close(t.ended)
		_ = t.cmd.Wait() // what it said is the cause
	}()
	go t.settle()
	return t, nil
}

func (t *tunnel) socket() string { return filepath.Join(t.dir.path, "s") }

// settle waits until the socket answers.
func (t *tunnel) settle() {
	defer close(t.settled)
	bound := time.After(sshBound)
	tick := time.NewTicker(sshPoll)
	defer tick.Stop()
	for {
		conn, err := net.Dial("unix", t.socket())
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-t.ended:
			t.fail("it ended")
			return
		case <-bound:
			t.fail("no connection within " + sshBound.String())
			_ = t.cmd.Process.Kill() // an error means it has ended
			return
		case <-tick.C:
		}
	}
}

func (t *tunnel) fail(why string) {
	if words := t.said.last(); words != "" {
		why = words
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = fmt.Errorf("%w: ssh %s: %s", ErrUnavailable, t.destination, why)
}

// failure is why there is no connection, nil if there is one.
func (t *tunnel) failure() error {
	if !t.alive() {
		t.mu.Lock()
		has := t.err != nil
		t.mu.Unlock()
		if !has {
			t.fail("it ended")
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

func (t *tunnel) alive() bool {
	select {
	case <-t.ended:
		return false
	default:
		return true
	}
}

// end ends ssh.
func (t *tunnel) end() {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		_ = t.cmd.Process.Signal(s) // an error means it has ended
		select {
		case <-t.ended:
			return
		case <-time.After(sshEnd):
		}
	}
}

func (t *tunnel) remove() { t.dir.remove() }

// A lastWords keeps the last words of a program. It is safe for concurrent use.
type lastWords struct {
	mu   sync.Mutex // guards text
	text []byte
}

const tailSize = 1 << 10

// Write implements io.Writer.
func (t *lastWords) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if over := len(t.text) - tailSize; over > 0 {
		t.text = t.text[over:]
	}
	return len(b), nil
}

// last is the last line.
func (t *lastWords) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.text))
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}

// wordsBound is how long the words of a program may come behind what they are
// about.
const wordsBound = time.Second

// await is the last line, for which it waits a moment if there is none yet.
func (t *lastWords) await(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, wordsBound)
	defer cancel()
	tick := time.NewTicker(wordsBound / 50)
	defer tick.Stop()
	for t.last() == "" {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "no reason given"
		}
	}
	return t.last()
}

// isTunnel reports whether a process is the ssh of that directory.
func isTunnel(pid int, dir string) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return err == nil && strings.Contains(string(text), dir+"/")
}
