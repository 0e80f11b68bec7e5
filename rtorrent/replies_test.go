package rtorrent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// A layout is one of the ways rTorrent writes a reply. The values are those of
// a result: string, int64, [][]any of these, []any.
type layout struct {
	name    string
	scanner func(reply []byte) scanner
	single  func(result any) []byte
	batch   func(results ...any) []byte // an element may be a *Fault
	refusal func(f *Fault) []byte
}

func layouts() []layout {
	return []layout{
		{"xmlrpc-c", newXMLScanner, xmlrpcC.single, xmlrpcC.batch, xmlrpcC.refusal},
		{"tinyxml2", newXMLScanner, tinyXML2.single, tinyXML2.batch, tinyXML2.refusal},
		{"json", newJSONScanner, jsonSingle, jsonBatch, jsonRefusal},
	}
}

// An xmlLayout is what the two XML backends do differently.
type xmlLayout struct {
	declaration, br, faultInt string
	empty                     string // an array without elements
}

var (
	xmlrpcC  = xmlLayout{`<?xml version="1.0" encoding="UTF-8"?>`, "\r\n", "i4", "<data>\r\n</data>"}
	tinyXML2 = xmlLayout{`<?xml version="1.0"?>`, "", "i8", "<data/>"}
)

func (l xmlLayout) single(result any) []byte {
	var b bytes.Buffer
	fmt.Fprint(&b, l.declaration, l.br, "<methodResponse>", l.br, "<params>", l.br, "<param>")
	l.value(&b, result)
	fmt.Fprint(&b, "</param>", l.br, "</params>", l.br, "</methodResponse>", l.br)
	return b.Bytes()
}

func (l xmlLayout) batch(results ...any) []byte {
	parts := make([]any, len(results))
	for i, r := range results {
		parts[i] = []any{r}
		if fault, ok := r.(*Fault); ok {
			parts[i] = fault
		}
	}
	return l.single(parts)
}

func (l xmlLayout) refusal(f *Fault) []byte {
	var b bytes.Buffer
	fmt.Fprint(&b, l.declaration, l.br, "<methodResponse>", l.br, "<fault>", l.br)
	l.value(&b, f)
	fmt.Fprint(&b, "</fault>", l.br, "</methodResponse>", l.br)
	return b.Bytes()
}

func (l xmlLayout) value(b *bytes.Buffer, v any) {
	b.WriteString("<value>")
	switch v := v.(type) {
	case string:
		b.WriteString("<string>")
		escapeXML(b, v)
		b.WriteString("</string>")
	case int64:
		fmt.Fprintf(b, "<i8>%d</i8>", v)
	case *Fault:
		fmt.Fprint(b, "<struct>", l.br, "<member><name>faultCode</name>", l.br, "<value><", l.faultInt, ">", v.Code,
			"</", l.faultInt, "></value></member>", l.br, "<member><name>faultString</name>", l.br)
		l.value(b, v.Message)
		fmt.Fprint(b, "</member>", l.br, "</struct>")
	case []any:
		if len(v) == 0 {
			fmt.Fprint(b, "<array>", l.empty, "</array>")
			break
		}
		fmt.Fprint(b, "<array><data>", l.br)
		for _, element := range v {
			l.value(b, element)
			b.WriteString(l.br)
		}
		b.WriteString("</data></array>")
	}
	b.WriteString("</value>")
}

// escapeXML escapes what both backends escape, and nothing else.
func escapeXML(b *bytes.Buffer, s string) {
	for i := range len(s) {
		switch s[i] {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		default:
			b.WriteByte(s[i])
		}
	}
}

func jsonSingle(result any) []byte {
	return fmt.Appendf(nil, `{"id":1,"jsonrpc":"2.0","result":%s}`, jsonValue(result))
}

func jsonBatch(results ...any) []byte {
	var parts []string
	for i, r := range results {
		id := fmt.Sprint(i + 1)
		if fault, ok := r.(*Fault); ok {
			parts = append(parts, jsonError(fault, id))
			continue
		}
		parts = append(parts, fmt.Sprintf(`{"id":%s,"jsonrpc":"2.0","result":%s}`, id, jsonValue(r)))
	}
	return []byte("[" + strings.Join(parts, ",") + "]")
}

func jsonRefusal(f *Fault) []byte { return []byte(jsonError(f, "null")) }

func jsonError(f *Fault, id string) string {
	return fmt.Sprintf(`{"error":{"code":%d,"message":%s},"id":%s,"jsonrpc":"2.0"}`, f.Code, jsonValue(f.Message), id)
}

// jsonValue escapes no more than nlohmann's library does, which rTorrent uses.
func jsonValue(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte(err.Error()) // no JSON: the test that reads it fails
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// A wideRow is a row of 36 columns, 9 of them text, the shares and sizes of
// which are those of a real rTorrent's table.
type wideRow struct {
	Hash       string `rt:"d.hash,static"`
	Name       string `rt:"d.name,static"`
	Directory  string `rt:"d.directory_base,slow,text"`
	BasePath   string `rt:"d.base_path,slow"`
	Message    string `rt:"d.message,slow,text"`
	Custom1    string `rt:"d.custom1,slow,text"`
	Custom2    string `rt:"d.custom2,slow,text"`
	AddTime    string `rt:"d.custom=addtime,slow,text"`
	Throttle   string `rt:"d.throttle_name,slow"`
	Size       int64  `rt:"d.size_bytes,static"`
	Files      int64  `rt:"d.size_files,static"`
	PieceSize  int64  `rt:"d.chunk_size,static"`
	Pieces     int64  `rt:"d.size_chunks,static"`
	Private    bool   `rt:"d.is_private,static"`
	Multi      bool   `rt:"d.is_multi_file,static"`
	Created    int64  `rt:"d.creation_date,static"`
	LoadDate   int64  `rt:"d.load_date,static"`
	Started    int64  `rt:"d.timestamp.started,slow"`
	Finished   int64  `rt:"d.timestamp.finished,slow"`
	Priority   int    `rt:"d.priority,slow"`
	State      bool   `rt:"d.state"`
	Open       bool   `rt:"d.is_open"`
	Active     bool   `rt:"d.is_active"`
	Complete   bool   `rt:"d.complete"`
	Hashing    int64  `rt:"d.hashing"`
	Failed     bool   `rt:"d.hashing_failed"`
	Done       int64  `rt:"d.completed_bytes"`
	DonePieces int64  `rt:"d.completed_chunks"`
	Hashed     int64  `rt:"d.chunks_hashed"`
	Left       int64  `rt:"d.left_bytes"`
	UpRate     int64  `rt:"d.up.rate"`
	DownRate   int64  `rt:"d.down.rate"`
	UpTotal    int64  `rt:"d.up.total"`
	DownTotal  int64  `rt:"d.down.total"`
	Peers      int64  `rt:"d.peers_connected"`
	Seeds      int64  `rt:"d.peers_complete"`
}

// wideTable returns n rows for a wideRow's columns, the same ones each time.
func wideTable(n int) []any {
	r := rand.New(rand.NewPCG(1, 2))
	rows := make([]any, n)
	flag := func(percent int) int64 {
		if r.IntN(100) < percent {
			return 1
		}
		return 0
	}
	for i := range rows {
		hash := fmt.Sprintf("%016X%016X%08X", r.Uint64(), r.Uint64(), r.Uint32())
		name := fmt.Sprintf("Some.Series.S%02dE%02d.1080p.WEB.H264-GROUP%d", i%30, i%24, i)
		if i%10 == 0 {
			name = fmt.Sprintf("Émile & Zoë, <%d>", i)
		}
		label := []string{"tv", "film", "", "linux%2Ciso"}[i%4]
		directory, message, comment := "/srv/torrents/complete/"+label, "", ""
		if i%20 == 0 {
			message = "Tracker: [Failure reason \"unregistered torrent\"]"
		}
		if i%9 == 0 {
			comment = "VRS24mrkerkept%20for%20ever"
		}
		size, complete, active := r.Int64N(40<<30), flag(85), flag(10)
		left, rate := int64(0), int64(0)
		if complete == 0 {
			left = r.Int64N(size + 1)
		}
		if active == 1 {
			rate = r.Int64N(5 << 20)
		}
		added := 1_600_000_000 + r.Int64N(100_000_000)
		rows[i] = []any{
			hash, name, directory, directory + "/" + name, message, label, comment, fmt.Sprint(added), "",
			size, 1 + r.Int64N(40), int64(4 << 20), size>>22 + 1, flag(30), flag(40), added - 90_000, added,
			added + 5, added + 4_000*complete, int64(2),
			flag(90), flag(90), active, complete, int64(0), int64(0), size - left, (size - left) >> 22, int64(0), left,
			rate, rate / 3 * (1 - complete), size / 100 * r.Int64N(400), size - left, 30 * active, 9 * active,
		}
	}
	return rows
}

// allCommands is the has of an rTorrent that lists every command but the .hex
// forms.
func allCommands(command string) bool { return !strings.HasSuffix(command, hexForm) }
