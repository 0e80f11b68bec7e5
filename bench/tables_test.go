//go:build bench

package bench

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// python is what rtorrent-rpc and pyrocore do: xmlrpc.client over SCGI.
const python = `
import socket, sys, xmlrpc.client
method = sys.argv[2:]
request = xmlrpc.client.dumps(("", "main") + tuple(method), "d.multicall2").encode()
head = b"CONTENT_LENGTH\0%d\0SCGI\x001\0" % len(request)
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"%d:%s,%s" % (len(head), head, request))
reply = bytearray()
while part := s.recv(1 << 20):
    reply += part
(rows,), _ = xmlrpc.client.loads(bytes(reply).partition(b"\r\n\r\n")[2])
sys.stdout.write("".join("\t".join(map(str, row)) + "\n" for row in rows))
`

// tables measures lists of all torrents with ten fields.
func (r *rig) tables() {
	t := r.t
	commands := []string{"d.hash=", "d.name=", "d.size_bytes=", "d.state=", "d.completed_bytes=", "d.up.rate=", "d.down.rate=", "d.up.total=", "d.ratio=", "d.custom1="}
	const ten = `cat "$1/list/hash,name,size,is_started,completed_bytes,up_rate,down_rate,up_total,ratio,tags" >/dev/null`
	pythonList := sh(t, `socket=$1; code=$2; shift 2; python3 -c "$code" "$socket" "$@" >/dev/null`,
		append([]string{strings.TrimPrefix(r.endpoint, "scgi://"), python}, commands...)...)

	m := mount(t, r.binary, r.endpoint, "--ttl", "10m")
	list := sh(t, ten, m.dir)
	list()
	ours, theirs := beside(7, list, pythonList)
	r.add(figure{what: "all torrents with ten fields, warm: times faster", value: ms(ours), than: "Python " + ms(theirs), ratio: float64(theirs) / float64(ours), aim: 20, least: true})
	m.stop()
	cold := func(script string) time.Duration {
		return middle(5, func() time.Duration {
			m := mount(t, r.binary, r.endpoint)
			defer m.stop()
			return timed(sh(t, script, m.dir))
		})
	}
	r.times("all torrents with ten fields, right after mounting", cold(ten), "Python", theirs, 1)
	wide := newCaller(t, r.endpoint, r.columns)
	r.times("`cat list.tsv`, all fields right after mounting", cold(`cat "$1/list.tsv" >/dev/null`), "rTorrent's own time for all in one call", median(3, func() { wide.call(t) }), 0)

	m = mount(t, r.binary, r.endpoint, "--ttl", "10m")
	cat := sh(t, `cat "$1/list.tsv" >/dev/null`, m.dir)
	cat()
	r.atMost("`cat list.tsv`, warm", float64(median(15, cat).Microseconds())/1000, 40, "ms")
	hash := string(first(t, r.client))
	const values = 50
	each, calls := beside(5,
		sh(t, fmt.Sprintf(`for i in $(seq %d); do cat "$1/torrents/$2/name"; done >/dev/null`, values), m.dir, hash),
		sh(t, fmt.Sprintf(`for i in $(seq %d); do "$3" call "$1" d.name "$2"; done >/dev/null`, values), r.endpoint, hash, r.binary))
	r.times(fmt.Sprintf("a loop of `cat` over %d values", values), each, "a loop of `rtfs call`", calls, 1)
	m.stop()
}
