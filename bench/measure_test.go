//go:build bench

package bench

import (
	"bytes"
	"cmp"
	"context"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtfs/rtorrent"
)

// timed returns how long f takes.
func timed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

// median returns the middle one of n times that f takes.
func median(n int, f func()) time.Duration {
	return middle(n, func() time.Duration { return timed(f) })
}

// middle returns the middle one of n results.
func middle[V cmp.Ordered](n int, f func() V) V {
	all := make([]V, n)
	for i := range all {
		all[i] = f()
	}
	slices.Sort(all)
	return all[n/2]
}

// beside returns the medians of n times of a and of b, taken in turns, so that
// both meet the same other load.
func beside(n int, a, b func()) (time.Duration, time.Duration) {
	var as, bs []time.Duration
	for range n {
		as, bs = append(as, timed(a)), append(bs, timed(b))
	}
	slices.Sort(as)
	slices.Sort(bs)
	return as[n/2], bs[n/2]
}

// atMost is how long anything takes that is run here, or it is killed.
const atMost = 5 * time.Minute

// sh returns a function that runs a script with its arguments $1, $2…
func sh(t testing.TB, script string, args ...string) func() {
	return func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), atMost)
		defer cancel()
		cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", script, "sh"}, args...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
		cmd.WaitDelay = time.Second
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Run(); err != nil {
			t.Fatalf("%s: %v: %.500s", script, err, said.String())
		}
	}
}

// getters are all columns of a torrent that rtfs knows, as a multicall names
// them. An rTorrent that lacks one refuses the call, so has tells.
func getters(has func(string) bool) []string {
	var list []string
	for i := range reflect.TypeFor[rtorrent.Torrent]().NumField() {
		getter, _, _ := strings.Cut(reflect.TypeFor[rtorrent.Torrent]().Field(i).Tag.Get("rt"), ",")
		command, argument, _ := strings.Cut(getter, "=")
		if command != "" && has(command) {
			list = append(list, command+"="+argument)
		}
	}
	return list
}

// A caller sends one multicall over and over.
type caller struct {
	transport rtorrent.Transport
	request   []byte
}

func newCaller(t testing.TB, endpoint string, getters []string) *caller {
	t.Helper()
	e, err := rtorrent.ParseEndpoint(endpoint)
	must(t, err)
	transport, err := rtorrent.NewTransport(e, rtorrent.TransportOptions{})
	must(t, err)
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\"?><methodCall><methodName>d.multicall2</methodName><params>")
	for _, param := range append([]string{"", "main"}, getters...) {
		b.WriteString("<param><value><string>" + param + "</string></value></param>")
	}
	b.WriteString("</params></methodCall>")
	return &caller{transport, b.Bytes()}
}

// call asks once and drops the answer.
func (c *caller) call(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), atMost)
	defer cancel()
	body, _, err := c.transport.RoundTrip(ctx, "text/xml", c.request)
	must(t, err)
	if bytes.Contains(body[:min(len(body), 500)], []byte("<fault>")) {
		t.Fatalf("%.500s", body)
	}
}
