package rtorrent

import (
	"slices"
	"strings"
	"testing"
)

func TestRC(t *testing.T) {
	private := []string{
		`session.path.set = "/d/session"`,
		`directory.default.set = "/d/down \"loads\" \\ $x"`,
		`network.scgi.open_port = 127.0.0.1:20002`,
		`network.port_range.set = 20001-20001`,
		`network.bind_address.set = 127.0.0.1`,
		`dht.mode.set = disable`,
		`protocol.pex.set = no`,
		`trackers.use_udp.set = no`,
		`throttle.global_down.max_rate.set_kb = 100`,
		`extra = 1`,
	}
	o := DaemonOptions{Dir: "/d", DownloadDir: `/d/down "loads" \ $x`, DownRateKB: 100, Extra: []string{"extra = 1"}}
	got := strings.Split(strings.TrimSpace(o.rc("/d/session", "scgi://127.0.0.1:20002", ports{20001, 20002})), "\n")
	for _, line := range private {
		if !slices.Contains(got, line) {
			t.Errorf("private: no line %q in\n%s", line, strings.Join(got, "\n"))
		}
	}
	if got[len(got)-1] != "extra = 1" {
		t.Errorf("last line = %q, want the extra one", got[len(got)-1])
	}

	// A User is reachable, finds peers, and is limited by nobody.
	o = DaemonOptions{Dir: "/d", DownloadDir: "/d", Profile: User}
	text := o.rc("/d/session", "scgi:///d/session/rpc.sock", ports{})
	for _, part := range []string{"bind_address", "port_range", "disable", "pex", "throttle", "open_port"} {
		if strings.Contains(text, part) {
			t.Errorf("user: %q in\n%s", part, text)
		}
	}
	for _, line := range []string{`network.scgi.open_local = "/d/session/rpc.sock"`, `dht.mode.set = auto`} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("user: no line %q in\n%s", line, text)
		}
	}
}

func TestFreePortsAreDistinct(t *testing.T) {
	p, err := freePorts()
	if err != nil {
		t.Fatal(err)
	}
	if p.peer == p.rpc || p.peer < firstPort || p.peer >= endPort {
		t.Errorf("ports = %+v", p)
	}
	if !p.free() {
		t.Errorf("%+v are not free", p)
	}
}
