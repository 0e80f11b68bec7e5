package rtorrent

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kolo/xmlrpc"
)

// addReplies adds the replies of testdata/replies with the ending, and some
// that show each form of a value.
func addReplies(f *testing.F, ending string, more ...[]byte) {
	names, err := filepath.Glob("testdata/replies/*" + ending)
	if err != nil || len(names) == 0 {
		f.Fatalf("no replies *%s: %v", ending, err)
	}
	for _, name := range names {
		reply, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(reply)
	}
	for _, reply := range more {
		f.Add(reply)
	}
}

// readRows reads the reply to one call as a table.
func readRows(s scanner) (rows [][]any, err error) {
	err = single(s, func() error {
		if err := s.open(); err != nil {
			return err
		}
		for {
			more, err := s.more()
			if err != nil || !more {
				return err
			}
			cells, err := s.row(nil)
			if err != nil {
				return err
			}
			row := []any{}
			for _, c := range cells {
				if c.isInt() {
					row = append(row, c.n)
				} else {
					row = append(row, string(c.text))
				}
			}
			rows = append(rows, row)
		}
	})
	return rows, err
}

// checkReading requires what holds for any bytes: every way of reading them
// ends in a result, a refusal or ErrProtocol, row agrees with cell, and no
// prefix of a good reply is one.
func checkReading(t *testing.T, reply []byte, open func([]byte) scanner) (rows [][]any, err error) {
	t.Helper()
	known := func(err error) {
		t.Helper()
		if err != nil && !errors.Is(err, ErrProtocol) && !errors.As(err, new(*Fault)) {
			t.Errorf("error = %v, want ErrProtocol or a refusal", err)
		}
	}
	s := open(reply)
	known(single(s, s.skip))
	s = open(reply)
	_, batchErr := batch(s, 2, func(int) error { return s.skip() })
	known(batchErr)
	if batchErr == nil {
		known(batchEnd(s))
	}
	_, err = decodeTable(sampleQuery(), open(reply), nil)
	known(err)
	rows, err = readRows(open(reply))
	known(err)
	if err != nil {
		return nil, err
	}
	value, err := readSingle(open(reply))
	if list, _ := value.([]any); err != nil || len(list) != len(rows) {
		t.Errorf("by cell: %v, %v, by row: %v", value, err, rows)
	} else {
		for i, row := range list {
			if !reflect.DeepEqual(row, any(rows[i])) {
				t.Errorf("row %d by cell: %v, by row: %v", i, row, rows[i])
			}
		}
	}
	if len(reply) < 1000 {
		for n := range bytes.TrimSpace(reply) {
			if cut, err := readRows(open(reply[:n:n])); err == nil {
				t.Errorf("the first %d bytes are a table, too: %v", n, cut)
			}
		}
	}
	return rows, nil
}

// koloReads tells documents that kolo reads as we do: those with a declaration
// that is rTorrent's, if any, without the values that kolo has no word for.
func koloReads(reply []byte) bool {
	declaration, _, declared := bytes.Cut(reply, []byte("?>"))
	if declared && string(declaration)+"?>" != xmlrpcC.declaration && string(declaration)+"?>" != tinyXML2.declaration {
		return false
	}
	return !regexp.MustCompile(`<value>[^<]*</value>|<value/>|nil>|nil/>|dateTime`).Match(reply)
}

func FuzzScanXML(f *testing.F) {
	addReplies(f, ".xml",
		xmlrpcC.single(wideTable(2)), tinyXML2.single(wideTable(2)), xmlrpcC.single([]any{}), tinyXML2.single([]any{}),
		xmlrpcC.refusal(&Fault{Code: -1, Message: "x"}), tinyXML2.batch("a", &Fault{Code: -1, Message: "x"}),
		xmlReply("<value><array><data><value><array><data><value><i4>-5</i4></value><value><int>5</int></value>"+
			"<value><boolean>1</boolean></value><value><double>1.5</double></value><value><base64>YQ==</base64></value>"+
			"<value><string>&#65;&amp;\x01\xff</string></value><value><nil/></value><value>bare</value><value><string/></value>"+
			"</data></array></value></data></array></value>"),
	)
	f.Fuzz(func(t *testing.T, reply []byte) {
		if _, err := checkReading(t, reply, newXMLScanner); err != nil || !koloReads(reply) {
			return
		}
		clean := sanitizeXML(reply)
		rows, err := readRows(newXMLScanner(clean))
		if err != nil {
			t.Fatalf("repaired: %v", err)
		}
		var theirs any
		if err := xmlrpc.Response(clean).Unmarshal(&theirs); err != nil {
			t.Fatalf("kolo: %v, ours: %v", err, rows)
		}
		list, _ := theirs.([]any)
		if len(list) != len(rows) {
			t.Fatalf("kolo: %v, ours: %v", theirs, rows)
		}
		for i, row := range rows {
			other, _ := list[i].([]any)
			if len(other) != len(row) {
				t.Fatalf("row %d: kolo: %v, ours: %v", i, list[i], row)
			}
			for j, ours := range row {
				if !sameAsKolo(ours, other[j]) {
					t.Errorf("cell %d of row %d: kolo: %#v, ours: %#v", j, i, other[j], ours)
				}
			}
		}
	})
}

// sameAsKolo compares a cell with what kolo made of it: empty text is nil,
// base64 is not decoded, and booleans and numbers have types of their own.
func sameAsKolo(ours, theirs any) bool {
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n") // as an XML parser must
	switch theirs := theirs.(type) {
	case nil:
		return ours == ""
	case int64:
		return ours == theirs
	case bool:
		return ours == int64(1) && theirs || ours == int64(0) && !theirs
	case float64:
		text, isText := ours.(string)
		n, _ := ours.(int64)
		f, err := strconv.ParseFloat(text, 64)
		return isText && err == nil && f == theirs || !isText && float64(n) == theirs
	case string:
		text, _ := ours.(string)
		decoded, err := base64.StdEncoding.DecodeString(theirs)
		return lines.Replace(text) == lines.Replace(theirs) || err == nil && text == string(decoded)
	}
	return false
}

func FuzzScanJSON(f *testing.F) {
	addReplies(f, ".json",
		jsonSingle(wideTable(2)), jsonSingle([]any{}), jsonRefusal(&Fault{Code: -1, Message: "x"}),
		jsonBatch("a", &Fault{Code: -1, Message: "x"}), []byte(`{"result":[[1]],"id":1}`),
		jsonReply(`[["\ud83d\ude00\n\u0000\ud83d","raw`+"\x01\xff"+`",-1,0,1.5,2e3,true,false,null,9223372036854775807],[]]`),
	)
	f.Fuzz(func(t *testing.T, reply []byte) {
		rows, err := checkReading(t, reply, newJSONScanner)
		raw := bytes.ContainsFunc(reply, func(r rune) bool { return r < 0x20 && !isSpace(byte(r)) || r == utf8.RuneError }) ||
			regexp.MustCompile(`"[^"]*[\n\r\t]`).Match(reply)
		if raw { // encoding/json refuses or repairs these, within strings
			return
		}
		theirs, ok := jsonRows(reply)
		switch {
		case err == nil && !json.Valid(reply):
			t.Errorf("no JSON, ours: %v", rows)
		case err == nil && !sameRows(rows, theirs):
			t.Errorf("encoding/json: %v, ours: %v", theirs, rows)
		case err != nil && ok:
			t.Errorf("encoding/json: %v, ours: %v", theirs, err)
		}
	})
}

// jsonRows reads a reply with encoding/json. It reports false for what is no
// table of scalars, or not one that the scanner must read.
func jsonRows(reply []byte) ([][]any, bool) {
	var object map[string]json.RawMessage
	if json.Unmarshal(reply, &object) != nil {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(object["result"]))
	d.UseNumber()
	var list []any
	if d.Decode(&list) != nil || list == nil {
		return nil, false
	}
	_, refused := object["error"]
	ok := !refused && string(object["id"]) == "1" && bytes.Count(reply, []byte(`":`)) == len(object)
	var rows [][]any
	for _, element := range list {
		row, isList := element.([]any)
		ok = ok && isList
		for i, v := range row {
			var readable bool
			row[i], readable = jsonCell(v)
			ok = ok && readable
		}
		rows = append(rows, row)
	}
	return rows, ok
}

// jsonCell returns what the scanner must make of a value, if it must read it.
func jsonCell(v any) (cell any, readable bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case bool:
		if v {
			return int64(1), true
		}
		return int64(0), true
	case string:
		return v, true
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, true
		}
		f, err := v.Float64()
		if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return int64(f), err == nil
		}
		return v.String(), err == nil && math.Abs(f) < 1<<63 && strings.ContainsAny(v.String(), ".eE")
	}
	return nil, false
}

func sameRows(a, b [][]any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if len(a[i]) != len(b[i]) || len(a[i]) > 0 && !reflect.DeepEqual(a[i], b[i]) {
			return false
		}
	}
	return true
}

// FuzzRoundTrip writes a table of arbitrary text and numbers in each layout
// and reads it again.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("name\x00\x01\xffdirectory\xff\xff& <b> ]]> \"\\"), int64(1<<62), uint8(3))
	f.Add([]byte("é 😀\xff\r\n\xff\u2028"), int64(-1), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, n int64, width uint8) {
		var table, row []any
		for part := range bytes.SplitSeq(text, []byte{0xff}) {
			row = append(row, string(part), n)
			n = n*3 + 1
			if len(row) > int(width) {
				table, row = append(table, row), nil
			}
		}
		table = append(table, append([]any{}, row...))
		for _, l := range layouts() {
			if l.name == "json" && !utf8.Valid(bytes.ReplaceAll(text, []byte{0xff}, []byte{' '})) {
				continue // rTorrent answers with an error
			}
			rows, err := readRows(l.scanner(l.single(table)))
			if err != nil || len(rows) != len(table) {
				t.Fatalf("%s: %d rows, %v, want %d", l.name, len(rows), err, len(table))
			}
			for i := range table {
				if !reflect.DeepEqual(any(rows[i]), table[i]) {
					t.Errorf("%s: row = %q, want %q", l.name, rows[i], table[i])
				}
			}
		}
	})
}
