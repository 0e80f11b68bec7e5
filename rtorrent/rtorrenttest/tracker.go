package rtorrenttest

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// A Tracker is an HTTP tracker on the loopback that introduces every peer of a
// torrent to every other. It is safe for concurrent use.
type Tracker struct {
	URL string // the announce URL

	mu     sync.Mutex // guards what follows
	peers  map[string][]int
	count  map[string]int
	reason string
}

// NewTracker starts a tracker, which is stopped when the test ends.
func NewTracker(t testing.TB) *Tracker {
	t.Helper()
	tr := &Tracker{peers: map[string][]int{}, count: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /announce", tr.announce)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	tr.URL = server.URL + "/announce"
	return tr
}

// Fail makes the tracker answer every further announce with this failure
// reason, whatever its bytes; "" makes it answer properly again.
func (tr *Tracker) Fail(reason string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.reason = reason
}

// Announces is the number of announces for an info-hash, given as 20 bytes.
func (tr *Tracker) Announces(infoHash [20]byte) int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.count[string(infoHash[:])]
}

func (tr *Tracker) announce(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	hash := q.Get("info_hash")
	port, err := strconv.ParseUint(q.Get("port"), 10, 16)
	if err != nil || len(hash) != 20 {
		http.Error(w, "announce needs info_hash and port", http.StatusBadRequest)
		return
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.count[hash]++
	if tr.reason != "" {
		fmt.Fprintf(w, "d14:failure reason%d:%se", len(tr.reason), tr.reason)
		return
	}
	known := tr.peers[hash]
	others := slices.DeleteFunc(known, func(p int) bool { return p == int(port) })
	tr.peers[hash] = others
	if q.Get("event") != "stopped" {
		tr.peers[hash] = append(slices.Clone(others), int(port))
	}
	compact := []byte{}
	for _, p := range others { // 0.9.8 that tried itself does not try others of its address
		compact = append(compact, net.IPv4(127, 0, 0, 1).To4()...)
		compact = binary.BigEndian.AppendUint16(compact, uint16(p))
	}
	fmt.Fprintf(w, "d8:intervali60e5:peers%d:%se", len(compact), compact)
}
