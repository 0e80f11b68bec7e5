package rtorrent

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// ports are the two TCP ports of a Private, on the loopback.
type ports struct{ peer, rpc int }

// Ports are chosen below 32768, where Linux begins to give out ports to
// outgoing connections: one of those could take a chosen port before rTorrent
// does, or while rTorrent restarts.
const (
	firstPort = 20000
	endPort   = 32000
)

// freePorts chooses two ports that nobody listens on now.
func freePorts() (ports, error) {
	for range 100 {
		p := ports{peer: firstPort + rand.IntN(endPort-firstPort), rpc: firstPort + rand.IntN(endPort-firstPort)}
		if p.peer != p.rpc && p.free() {
			return p, nil
		}
	}
	return ports{}, errors.New("no free port found on 127.0.0.1")
}

// free reports whether nobody listens on either port.
func (p ports) free() bool {
	for _, port := range []int{p.peer, p.rpc} {
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}
