package cache

import (
	"context"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rtfs/rtorrent"
)

// A fake is an rTorrent in memory, behind the Transport. It knows as much as
// a cache asks for. It is safe for concurrent use.
type fake struct {
	mu    sync.Mutex // guards what follows
	pid   int
	rows  map[rtorrent.Hash]map[string]string // of the torrents, by command
	calls map[string]int                      // requests carried out, by method
	asked []string                            // the getters of the tables asked
	// delay is the time between a call's being carried out and its answer.
	delay time.Duration
	err   error // the answer to everything, nil for a proper one
	mute  bool  // no answer at all
	empty int   // how many tables are answered as if there were no torrents
	busy  int   // how many guarded commands meet a hash check
}

var _ rtorrent.Transport = (*fake)(nil)

const (
	hashA rtorrent.Hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	hashB rtorrent.Hash = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
)

// newFake returns a fake with the two torrents hashA and hashB, and a cache of it.
func newFake(t *testing.T, o Options) (*fake, *Cache) {
	t.Helper()
	f := &fake{pid: 1, calls: map[string]int{}, rows: map[rtorrent.Hash]map[string]string{
		hashA: {"d.name": "a"}, hashB: {"d.name": "b"},
	}}
	return f, New(rtorrent.New(f, rtorrent.Options{NoJSON: true, Timeout: timeout}), o)
}

// timeout is the client's in these tests.
const timeout = 5 * time.Second

// change changes the fake as it is from now on.
func (f *fake) change(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// count returns how often a method was called.
func (f *fake) count(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}

// RoundTrip implements rtorrent.Transport.
func (f *fake) RoundTrip(ctx context.Context, _ string, request []byte) ([]byte, string, error) {
	var call struct {
		Method string   `xml:"methodName"`
		Params []xvalue `xml:"params>param>value"`
	}
	if err := xml.Unmarshal(request, &call); err != nil {
		return nil, "", err
	}
	f.mu.Lock()
	reply, err, delay := f.answer(call.Method, call.Params), f.err, f.delay
	if f.mute {
		delay = time.Hour
	}
	f.mu.Unlock()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, "", fmt.Errorf("call abandoned: %w", ctx.Err())
	}
	if err != nil {
		return nil, "", err
	}
	return []byte("<methodResponse><params><param>" + reply + "</param></params></methodResponse>"), "text/xml", nil
}

// answer carries out one call and returns the value it answers. The caller
// holds mu.
func (f *fake) answer(method string, params []xvalue) string {
	f.calls[method]++
	switch method {
	case "system.pid":
		return integer(f.pid)
	case "view.size":
		return integer(len(f.rows))
	case "system.listMethods":
		return array(text("system.library_version"), text("d.multicall2"), text("d.name"), text("d.hashing"),
			text("d.up.rate"), text("d.custom1"), text("d.custom"), text("f.path"), text("f.size_bytes"), text("d.bitfield"), text("d.complete"), text("d.is_active"),
			text("d.state"), text("d.multicall.filtered"))
	case "system.library_version":
		return text("0.13.8")
	case "d.multicall2":
		f.calls["view "+params[1].String]++
		of := map[string]string{"started": "d.state", "hashing": "d.hashing"}[params[1].String]
		return f.table(of, params[2:])
	case "d.multicall.filtered":
		return f.table("d.is_active", params[3:])
	case "f.multicall":
		return array(array(text(f.rows[params[0].hash()]["f.path"]), integer(1)))
	case "d.bitfield":
		return text(f.rows[params[0].hash()]["d.bitfield"])
	case "system.multicall":
		var results []string
		for _, c := range params[0].Array {
			results = append(results, f.answerOne(c.member("methodName").String, c.member("params").Array))
		}
		return array(results...)
	}
	return integer(0)
}

// answerOne carries out one call of a system.multicall.
func (f *fake) answerOne(method string, params []xvalue) string {
	if params[0].hash() == "" { // about rTorrent itself
		return array(f.answer(method, params))
	}
	row, ok := f.rows[params[0].hash()]
	if !ok {
		return "<value><struct><member><name>faultCode</name>" + integer(-501) + "</member>" +
			"<member><name>faultString</name>" + text("Could not find info-hash.") + "</member></struct></value>"
	}
	f.calls[method]++
	switch method {
	case "branch":
		if f.busy > 0 {
			f.busy--
			return array(text("busy"))
		}
		return f.answerOne(strings.TrimSuffix(params[3].String, "="), params[:1])
	case "d.custom1.set":
		row["d.custom1"] = params[1].String
	case "d.erase":
		delete(f.rows, params[0].hash())
	default:
		return array(cellOf(params[0].hash(), row, method+"="))
	}
	return array(integer(0))
}

// table is the rows in which a command answers anything but 0; "" all.
func (f *fake) table(command string, getters []xvalue) string {
	f.asked = nil
	for _, g := range getters {
		f.asked = append(f.asked, g.String)
		f.calls["asked "+strings.TrimSuffix(g.String, "=")]++
	}
	if f.empty > 0 {
		f.empty--
		return array()
	}
	var rows []string
	for _, h := range slices.Sorted(maps.Keys(f.rows)) {
		if value := f.rows[h][command]; command != "" && (value == "" || value == "0") {
			continue
		}
		var cells []string
		for _, getter := range f.asked {
			cells = append(cells, cellOf(h, f.rows[h], getter))
		}
		rows = append(rows, array(cells...))
	}
	return array(rows...)
}

// cellOf returns one cell: text where the row has one, else 0.
func cellOf(h rtorrent.Hash, row map[string]string, getter string) string {
	command, _, _ := strings.Cut(getter, "=")
	if command == "d.hash" {
		return text(string(h))
	}
	if value, ok := row[command]; ok {
		return text(value)
	}
	return integer(0)
}

func text(s string) string { return "<value><string>" + s + "</string></value>" }
func integer(n int) string { return fmt.Sprintf("<value><i8>%d</i8></value>", n) }
func array(elems ...string) string {
	return "<value><array><data>" + strings.Join(elems, "") + "</data></array></value>"
}

// An xvalue is a value in a request.
type xvalue struct {
	String  string   `xml:"string"`
	Array   []xvalue `xml:"array>data>value"`
	Members []struct {
		Name  string `xml:"name"`
		Value xvalue `xml:"value"`
	} `xml:"struct>member"`
}

func (v xvalue) hash() rtorrent.Hash { return rtorrent.Hash(v.String) }

func (v xvalue) member(name string) xvalue {
	for _, m := range v.Members {
		if m.Name == name {
			return m.Value
		}
	}
	return xvalue{}
}
