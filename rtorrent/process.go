package rtorrent

import (
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A process is a child process. It is safe for concurrent use.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // of cmd.Wait; may be read after done
}

// startProcess starts a command in a session of its own, so that neither a
// Ctrl-C nor the end of the terminal reaches it.
//
// If mortal, the kernel kills it when this program ends, also by SIGKILL or by
// a panic, where no clean-up of ours runs. The kernel counts the end of the
// thread that forked as that moment, not the end of the program; so one
// goroutine stays on that thread until the child has ended.
func startProcess(cmd *exec.Cmd, mortal bool) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if mortal {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		if mortal {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
		}
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// signal sends a signal, or returns os.ErrProcessDone.
func (p *process) signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// pause stops the process. A signal returns before it has reached all threads;
// so it asks the kernel, without taking the answer away from cmd.Wait, until
// the whole process has stopped.
func (p *process) pause() error {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(10 * time.Second)
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, p.pid(), &info, unix.WSTOPPED|unix.WNOHANG|unix.WNOWAIT, nil)
		if err == nil && info.Signo != 0 {
			return nil
		}
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("waiting for process %d: %w", p.pid(), err)
		}
		select {
		case <-tick.C:
		case <-deadline:
			return fmt.Errorf("process %d does not stop", p.pid())
		}
	}
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// outcome tells how an ended process ended: "exit status 255".
func (p *process) outcome() string {
	if p.err != nil {
		return p.err.Error()
	}
	return fmt.Sprint(p.cmd.ProcessState)
}
