package rtorrent

import (
	"errors"
	"os"
	"reflect"
	"testing"
)

// The files of testdata/replies are what rTorrent 0.9.8 and 0.16.17 sent, byte
// for byte, with four torrents loaded: one plain with two files and tags, one
// with control bytes in its name, one with an emoji, one in latin-1.

// recorded returns a scanner of a recorded reply.
func recorded(t *testing.T, name string) scanner {
	t.Helper()
	reply, err := os.ReadFile("testdata/replies/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if reply[0] == '<' {
		return newXMLScanner(reply)
	}
	return newJSONScanner(reply)
}

func TestRecordedTables(t *testing.T) {
	for name, want := range map[string][]any{
		"0.9.8-table.xml":   {"plain name", "ctl\x01\x07\x1b <&> end", "emoji ???? ??", "latin ?t?"},
		"0.16.17-table.xml": {"plain name", "ctl\x01\x07\x1b <&> end", "emoji %F0%9F%98%80 %C3%A9", "latin %E9t%E9"},
	} {
		rows, err := readRows(recorded(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var names []any
		for _, row := range rows {
			if len(row) != 37 || row[2] != int64(150) {
				t.Errorf("%s: a row of %d cells, size %v, want 37 and 150", name, len(row), row[2])
			}
			names = append(names, row[1])
		}
		if !reflect.DeepEqual(names, want) {
			t.Errorf("%s: names = %q, want %q", name, names, want)
		}
	}
	for _, name := range []string{"0.9.8-empty.xml", "0.16.17-empty.xml"} {
		if rows, err := readRows(recorded(t, name)); err != nil || len(rows) != 0 {
			t.Errorf("%s: %v, %v, want no rows", name, rows, err)
		}
	}
}

func TestRecordedHexNames(t *testing.T) {
	type named struct {
		Hash Hash   `rt:"d.hash"`
		Name string `rt:"d.name,hex"`
	}
	q := newTable[named]().query(has("d.hash", "d.name", "d.name.hex"))
	rows, err := decodeTable(q, recorded(t, "0.16.17-hex-names.xml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"plain name", "ctl\x01\x07\x1b <&> end", "emoji 😀 é", "latin \xe9t\xe9"}
	for i, r := range rows {
		if r.Name != want[i] {
			t.Errorf("name = %q, want %q", r.Name, want[i])
		}
	}
	table, err := readRows(recorded(t, "0.16.17-table.json"))
	if err != nil || len(table) != len(want) || len(rows) != len(want) {
		t.Fatalf("%d rows in JSON, %d in XML, %v, want %d", len(table), len(rows), err, len(want))
	}
	for i, row := range table {
		if row[0] != string(rows[i].Hash) || row[len(row)-1] != []string{
			"706C61696E206E616D65", "63746C01071B203C263E20656E64", "656D6F6A6920F09F988020C3A9", "6C6174696E20E974E9",
		}[i] {
			t.Errorf("row %d in JSON = %v", i, row)
		}
	}
}

func TestRecordedRefusals(t *testing.T) {
	for name, want := range map[string]error{
		"0.9.8-fault.xml":     ErrNotFound,
		"0.16.17-fault.xml":   ErrNotFound,
		"0.16.17-fault.json":  ErrNotFound,
		"0.9.8-unknown.xml":   ErrUnsupported,
		"0.16.17-unknown.xml": ErrUnsupported,
		"0.9.8-hex-names.xml": ErrUnsupported,
	} {
		if _, err := readSingle(recorded(t, name)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	for name, code := range map[string]int64{"0.9.8-answer-to-json.xml": -503, "0.16.17-unreadable.json": -32700} {
		var fault *Fault
		if _, err := readSingle(recorded(t, name)); !errors.As(err, &fault) || fault.Code != code {
			t.Errorf("%s: %v, want fault %d", name, err, code)
		}
	}
}

func TestRecordedBatches(t *testing.T) {
	for name, want := range map[string][]any{
		"0.9.8-multicall.xml":   {"plain name", int64(150), "x"},
		"0.16.17-multicall.xml": {"plain name", int64(150), "x"},
		"0.16.17-batch.json":    {"ctl\x01\x07\x1b <&> end", int64(150)},
	} {
		results, refusals, err := readBatch(recorded(t, name), 4)
		if err != nil || !reflect.DeepEqual(results, want) {
			t.Errorf("%s: results = %q, %v, want %q", name, results, err, want)
		}
		if len(refusals) != 4 || refusals[0] != nil || !errors.Is(refusals[1], ErrNotFound) {
			t.Errorf("%s: refusals = %v, want one of the second call", name, refusals)
		}
	}
	var fault *Fault
	_, _, err := readBatch(recorded(t, "0.16.17-unreadable-batch.json"), 2)
	if !errors.As(err, &fault) || fault.Code != -32700 {
		t.Errorf("unreadable batch: %v, want fault -32700", err)
	}
}

func TestRecordedRepliesAreXMLWhenRepaired(t *testing.T) {
	for _, name := range []string{"0.9.8-table.xml", "0.16.17-table.xml"} {
		reply, err := os.ReadFile("testdata/replies/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := charData(reply); err == nil {
			t.Errorf("%s needs no repair", name)
		}
		if _, err := charData(sanitizeXML(reply)); err != nil {
			t.Errorf("%s repaired: %v", name, err)
		}
	}
}
