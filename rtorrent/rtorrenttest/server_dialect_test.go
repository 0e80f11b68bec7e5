package rtorrenttest_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

// A party is one of two rTorrents that are asked the same.
type party struct {
	transport rtorrent.Transport
	hide      *strings.Replacer // what must differ
}

func newParty(t *testing.T, endpoint string) *party {
	t.Helper()
	e, err := rtorrent.ParseEndpoint(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rtorrent.NewTransport(e, rtorrent.TransportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	caps, err := rtorrenttest.Dial(t, endpoint).Caps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &party{transport, strings.NewReplacer(caps.Session, "SESSION/", caps.Directory, "DIRECTORY")}
}

// ask returns the reply to a request, to the byte but for directories.
func (p *party) ask(t *testing.T, contentType, request string) string {
	t.Helper()
	reply, replyType, err := p.transport.RoundTrip(t.Context(), contentType, []byte(request))
	if err != nil {
		return err.Error()
	}
	return replyType + "\n" + p.hide.Replace(string(reply))
}

// xmlCall writes a request; its parameters are strings, []byte for base64, int,
// and lists of these.
func xmlCall(method string, params ...any) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<?xml version=\"1.0\"?><methodCall><methodName>%s</methodName><params>", method)
	for _, p := range params {
		fmt.Fprintf(&b, "<param>%s</param>", xmlParam(p))
	}
	return b.String() + "</params></methodCall>"
}

func xmlParam(p any) string {
	switch p := p.(type) {
	case []byte:
		return "<value><base64>" + base64.StdEncoding.EncodeToString(p) + "</base64></value>"
	case int:
		return fmt.Sprintf("<value><i8>%d</i8></value>", p)
	case []any:
		var b strings.Builder
		for _, element := range p {
			b.WriteString(xmlParam(element))
		}
		return "<value><array><data>" + b.String() + "</data></array></value>"
	case string:
		return "<value><string>" + strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(p) + "</string></value>"
	}
	return fmt.Sprint(p)
}

type sameCall struct {
	method string
	params []any
}

// sameCalls are answered by the fake as by the real ones, to the byte. H is a
// torrent of two files.
func sameCalls(h string) []sameCall {
	none, file := strings.Repeat("0", 40), h+":f0"
	calls := []sameCall{
		{"d.name", []any{none}}, {"d.name", []any{"xyz"}}, {"d.name", []any{""}}, {"d.name", nil}, {"d.name", []any{strings.ToLower(h)}},
		{"d.size_bytes", []any{h, "more"}}, {"no.such", []any{""}}, {"system.pid", []any{"xyz"}},
		{"d.multicall2", []any{"", "main", "no.such="}}, {"d.multicall2", []any{"", "no view", "d.hash="}},
		{"d.multicall2", []any{"main", "d.hash="}}, {"d.multicall2", []any{"", "", "d.hash="}}, {"d.multicall2", []any{"", "main"}},
		{"d.multicall2", []any{h, "main", "d.hash=", "d.name=", "d.custom=addtime", "d.directory=", "d.base_path="}},
		{"d.multicall2", []any{"", "stopped", "d.custom1=", "d.state=", "f.multicall=,f.path="}},
		{"d.multicall.filtered", []any{"", "main", "or={d.is_active=,d.hashing=}", "d.hash="}},
		{"d.multicall.filtered", []any{"", "main", "or={d.is_active=,d.size_bytes=}", "d.hash="}},
		{"d.multicall.filtered", []any{"", "main", "not=$d.is_active=", "d.hash="}},
		{"d.multicall.filtered", []any{"", "main", "equal=d.hash=,cat=" + h, "d.hash="}},
		{"d.multicall.filtered", []any{"", "main", "greater=d.load_date=,value=5", "d.hash="}},
		{"d.multicall.filtered", []any{"", "main", "less=d.load_date=,value=5", "d.hash="}},
		{"d.multicall.filtered", []any{"", "main", "no.such(", "d.hash="}},
		{"f.multicall", []any{h, "", "f.path=", "f.size_bytes=", "f.range_first=", "f.range_second=", "f.path_components="}},
		{"f.multicall", []any{h, "f.path="}}, {"f.multicall", []any{none, "", "f.path="}},
		{"t.multicall", []any{h, "", "t.url=", "t.type=", "t.group=", "t.is_enabled=", "t.is_extra_tracker="}},
		{"p.multicall", []any{h, "", "p.id="}},
		{"f.path", []any{h + ":f9"}}, {"f.path", []any{h + ":f1"}}, {"t.url", []any{h + ":t9"}}, {"t.url", []any{h + ":t0"}}, {"p.address", []any{h + ":p" + none}},
		{"d.priority.set", []any{h, "high"}}, {"d.priority.set", []any{h, 5}}, {"d.priority", []any{h}},
		{"d.priority.set", []any{h, -1}}, {"d.priority", []any{h}}, {"d.priority.set", []any{h, "2"}}, {"d.priority", []any{h}},
		{"f.priority.set", []any{file, 5}}, {"f.priority.set", []any{file, 2}}, {"f.priority", []any{file}},
		{"d.custom.keys", []any{h}}, {"d.custom.items", []any{h}}, {"d.custom_throw", []any{h, "k"}},
		{"d.custom.set", []any{h, "k", "v"}}, {"d.custom.set", []any{h, "k", 5}}, {"d.custom.set", []any{h, "k"}},
		{"d.custom", []any{h, "k"}}, {"d.custom", []any{h, "other"}}, {"d.custom.keys", []any{h}}, {"d.custom.items", []any{h}},
		{"d.custom1.set", []any{h, "abc"}}, {"d.custom1.set", []any{h, 5}}, {"d.custom1", []any{h}},
		{"branch", []any{h, "d.hashing=", "cat=busy", "d.stop="}}, {"branch", []any{h, "d.size_bytes=", "cat=busy", "d.stop="}}, {"cat", []any{"", "a", "b"}},
		{"view.size", []any{"", "main"}}, {"view.size", []any{"", "no view"}}, {"view.list", nil}, {"download_list", []any{"", "main"}}, {"download_list", nil},
		{"d.bitfield", []any{h}}, {"d.save_resume", []any{h}}, {"d.update_priorities", []any{h}}, {"d.tracker_announce", []any{h}},
		{"d.tied_to_file.set", []any{h, ""}}, {"d.tied_to_file", []any{h}}, {"d.throttle_name.set", []any{h, "x"}}, {"d.throttle_name", []any{h}},
		{"d.directory_base.set", []any{h, "/nowhere/a b"}}, {"d.directory", []any{h}}, {"d.directory.set", []any{h, "/nowhere"}}, {"d.directory_base", []any{h}},
		{"d.peers_max", []any{h}}, {"d.peers_max.set", []any{h, -1}}, {"d.uploads_max", []any{h}}, {"d.group", []any{h}}, {"d.group.set", []any{h, "no group"}},
		{"choke_group.list", nil}, {"session.path", nil}, {"directory.default", nil}, {"system.client_version", nil}, {"system.library_version", nil}, {"system.api_version", nil},
		{"load.raw", []any{"", "garbage"}}, {"load.raw", nil}, {"load.raw", []any{""}}, {"method.get", []any{"", "event.download.erased"}},
		{"network.xmlrpc.size_limit", []any{""}}, {"d.open", []any{h}}, {"d.base_path", []any{h}}, {"d.close", []any{h}},
	}
	return calls
}

// TestFakeSpeaksLikeTheRealOnes compares replies to the byte, so that what is
// tested against the fake also holds for what other clients read from rTorrent.
func TestFakeSpeaksLikeTheRealOnes(t *testing.T) {
	for _, version := range rtorrenttest.Versions() {
		t.Run(version, func(t *testing.T) {
			real := newParty(t, rtorrenttest.Start(t, version).Endpoint())
			fake := newParty(t, rtorrenttest.NewServer(t, rtorrenttest.ServerOptions{Version: version}).Endpoint())
			same := func(contentType, request string) {
				t.Helper()
				if got, want := fake.ask(t, contentType, request), real.ask(t, contentType, request); got != want {
					t.Errorf("%.300s\nfake: %q\nreal: %q", request, got, want)
				}
			}
			sample := rtorrenttest.MakeSample(t, "two & <files>", rtorrenttest.NoTracker,
				rtorrenttest.Content{Path: []string{"a"}, Data: rtorrenttest.Bytes(20_000)}, rtorrenttest.Content{Path: []string{"d", "b"}, Data: rtorrenttest.Bytes(7)})
			h := string(sample.Hash)
			load := func(content []byte, h rtorrent.Hash) {
				t.Helper()
				for _, p := range []*party{real, fake} {
					p.ask(t, "text/xml", xmlCall("load.raw", "", content))
					rtorrenttest.Eventually(t, 10*time.Second, "it is loaded", func() bool {
						return strings.Contains(p.ask(t, "text/xml", xmlCall("d.hash", string(h))), "<params>")
					})
				}
			}
			load(sample.Encode(), sample.Hash)
			for _, c := range sameCalls(h) {
				same("text/xml", xmlCall(c.method, c.params...))
				if version == "0.16" {
					request, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 7, "method": c.method, "params": append([]any{}, c.params...)})
					if err != nil {
						t.Fatal(err)
					}
					same("application/json", string(request))
				}
			}
			for _, value := range []string{"a\x00b", "\xe9 x", "a\rb\tc\nd", "\U0001F600", "\x01\x1b\x7f", "é \x01 \xff", "\uFFFE", "\xed\xa0\x80", "a]]>b", "\U0001F600 \x01 % \r \n\t\x7f", "é\u0085"} {
				same("text/xml", xmlCall("d.custom1.set", h, []byte(value)))
				same("text/xml", xmlCall("d.custom1", h))
			}
			same("text/xml", xmlCall("d.custom1.set", h, "\U0001F600"))
			same("text/xml", xmlCall("d.custom1.set", h, strings.Repeat("x", 600_000)))
			same("text/xml", strings.Replace(xmlCall("d.priority.set", h, 5_000_000_000), "i8>", "int>", 2))
			same("text/xml", xmlCall("system.multicall", []any{}))
			call := func(method string, params ...any) string {
				return "<value><struct><member><name>methodName</name><value>" + method + "</value></member><member><name>params</name>" +
					xmlParam(append([]any{}, params...)) + "</member></struct></value>"
			}
			multicall := func(entries ...string) string {
				return strings.Replace(xmlCall("system.multicall", "ENTRIES"), "<value><string>ENTRIES</string></value>",
					"<value><array><data>"+strings.Join(entries, "")+"</data></array></value>", 1)
			}
			same("text/xml", multicall(call("d.name", h), call("d.name", strings.Repeat("0", 40)), call("nope"), call("d.open", h)))
			same("text/xml", multicall(call("d.name", h), call("system.multicall", []any{})))
			same("text/xml", multicall("<value><struct><member><name>methodName</name><value>system.pid</value></member></struct></value>"))
			if version != "0.16" {
				return
			}
			for _, request := range []string{
				`[{"id":1,"method":"d.name","params":["` + h + `"]},{"id":"a","method":"d.name","params":["xyz"]},{"method":"system.pid","params":[]},{"id":2,"method":"d.size_bytes","params":["` + h + `"]}]`,
				`[]`, `{"id":1,"method":"system.multicall","params":[]}`, `{"id":1,"method":"system.listMethods","params":[]}`, `{"id":1,"method":"system.client_version"}`,
			} {
				same("application/json", request)
			}
			for _, odd := range rtorrenttest.Odd() {
				if !strings.HasPrefix(odd.Name, "name with") {
					continue
				}
				m, err := rtorrent.ParseMetainfo(odd.Torrent)
				if err != nil {
					t.Fatal(err)
				}
				load(m.Encode(), m.Hash)
				same("text/xml", xmlCall("d.name", string(m.Hash)))
				for _, method := range []string{"d.name", "d.name.hex", "d.base_path.hex", "d.directory"} {
					same("application/json", `{"id":1,"method":"`+method+`","params":["`+string(m.Hash)+`"]}`)
				}
			}
		})
	}
}
