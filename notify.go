package main

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"time"
)

// notifyEnv names the socket on which systemd is told how we are, sd_notify(3).
const notifyEnv = "NOTIFY_SOCKET"

// A notifier tells systemd how we are; where no systemd started us, nothing. It
// is safe for concurrent use.
type notifier struct {
	socket   string
	watchdog time.Duration // how often systemd wants a sign of life, 0 never
}

// takeNotifier reads what systemd has left in the environment, and takes it
// away: the programs that we start have no business with it.
func takeNotifier() *notifier {
	n := &notifier{socket: os.Getenv(notifyEnv)}
	pid := os.Getenv("WATCHDOG_PID")
	micros, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err == nil && micros > 0 && (pid == "" || pid == strconv.Itoa(os.Getpid())) {
		n.watchdog = time.Duration(micros) * time.Microsecond
	}
	for _, name := range []string{notifyEnv, "WATCHDOG_USEC", "WATCHDOG_PID"} {
		os.Unsetenv(name)
	}
	return n
}

// say sends a state. That nobody hears it is no reason to end.
func (n *notifier) say(state string) {
	if n.socket == "" {
		return
	}
	conn, err := net.Dial("unixgram", n.socket) // a leading @ is an abstract name
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(state))
}

// watch gives signs of life until ctx ends, as long as the mount answers: a
// look at it goes through the kernel to our own handlers. No rTorrent is asked,
// since none of them is a reason to restart us.
func (n *notifier) watch(ctx context.Context, mountpoint string) {
	if n.socket == "" || n.watchdog == 0 {
		return
	}
	tick := time.NewTicker(n.watchdog / 3)
	defer tick.Stop()
	for {
		if _, err := bounded(func() (os.FileInfo, error) { return os.Lstat(mountpoint + "/" + aliveName) }); errors.Is(err, os.ErrNotExist) {
			n.say("WATCHDOG=1")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// aliveName is a name that no mount has, so that the kernel has to ask us.
const aliveName = ".rtfs-alive"
