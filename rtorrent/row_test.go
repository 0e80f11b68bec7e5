package rtorrent

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A sampleRow has a column of each kind, speed and encoding.
type sampleRow struct {
	Key    Hash   `rt:"d.hash,static"`
	Name   string `rt:"d.name,static,hex"`
	Size   int64  `rt:"d.size_bytes,static"`
	Rate   int64  `rt:"d.up.rate"`
	Open   bool   `rt:"d.is_open,tick"`
	Prio   int    `rt:"d.priority,slow"`
	Label  string `rt:"d.custom1,slow,text"`
	Added  string `rt:"d.custom=addtime,slow,text"`
	Silent string // no column
}

// has returns the has of an rTorrent that lists these commands.
func has(commands ...string) func(string) bool {
	return func(command string) bool { return slices.Contains(commands, command) }
}

// sampleCommands are those of sampleRow.
var sampleCommands = []string{"d.hash", "d.name", "d.size_bytes", "d.up.rate", "d.is_open", "d.priority", "d.custom1", "d.custom"}

func TestTableKnowsItsCommands(t *testing.T) {
	table := newTable[sampleRow]()
	if err := table.check(); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Key": "d.hash", "Name": "d.name", "Size": "d.size_bytes", "Rate": "d.up.rate", "Open": "d.is_open",
		"Prio": "d.priority", "Label": "d.custom1", "Added": "d.custom=addtime",
	}
	if got := table.commands(); !maps.Equal(got, want) {
		t.Errorf("commands = %v, want %v", got, want)
	}
	got := table.missing(has("d.hash", "d.name", "d.size_bytes", "d.up.rate", "d.custom1"))
	if want := []string{"d.is_open", "d.priority", "d.custom"}; !slices.Equal(got, want) {
		t.Errorf("missing = %v, want %v", got, want)
	}
}

func TestQueryAsksForWhatIsThere(t *testing.T) {
	withHex := has(append([]string{"d.name.hex", "d.custom1.hex"}, sampleCommands...)...)
	plain := has(sampleCommands...)
	for _, tc := range []struct {
		name    string
		has     func(string) bool
		speeds  []Speed
		getters string
		json    bool
	}{
		{"all", withHex, nil, "d.hash= d.name.hex= d.size_bytes= d.up.rate= d.is_open= d.priority= d.custom1= d.custom=addtime", false},
		{"static", withHex, []Speed{Static}, "d.hash= d.name.hex= d.size_bytes=", true},
		{"static without hex", plain, []Speed{Static}, "d.hash= d.name= d.size_bytes=", false},
		{"tick", plain, []Speed{Tick}, "d.hash= d.up.rate= d.is_open=", true},
		{"slow", plain, []Speed{Slow}, "d.hash= d.priority= d.custom1= d.custom=addtime", false},
		{"static and tick", withHex, []Speed{Static, Tick}, "d.hash= d.name.hex= d.size_bytes= d.up.rate= d.is_open=", true},
		{"an old one", has("d.hash", "d.up.rate"), nil, "d.hash= d.up.rate=", true},
		{"none known", has(), nil, "d.hash=", true},
	} {
		q := newTable[sampleRow]().query(tc.has, tc.speeds...)
		if got := strings.Join(q.getters, " "); got != tc.getters {
			t.Errorf("%s: getters = %s, want %s", tc.name, got, tc.getters)
		}
		if q.jsonSafe != tc.json {
			t.Errorf("%s: jsonSafe = %v, want %v", tc.name, q.jsonSafe, tc.json)
		}
	}
}

func TestQueryCallsCarryTheArgument(t *testing.T) {
	q := newTable[sampleRow]().query(has("d.hash", "d.name", "d.name.hex", "d.custom"))
	got := q.calls("ABC")
	want := []call{
		{"d.hash", []any{"ABC"}}, {"d.name.hex", []any{"ABC"}}, {"d.custom", []any{"ABC", "addtime"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("calls = %v, want %v", got, want)
	}
}

func TestRowBytesAreNotUnderestimated(t *testing.T) {
	const rows = 1000
	q := newTable[wideRow]().query(allCommands)
	for _, l := range layouts() {
		sent := len(l.single(wideTable(rows))) / rows
		if got := q.rowBytes(l.name == "json"); got < sent || got > 2*sent {
			t.Errorf("%s: rowBytes = %d, want %d to %d", l.name, got, sent, 2*sent)
		}
	}
}

func TestRowBytesOfHexAreTwice(t *testing.T) {
	hexed := newTable[sampleRow]().query(has("d.name", "d.name.hex"))
	plain := newTable[sampleRow]().query(has("d.name"))
	if got, than := hexed.rowBytes(true), plain.rowBytes(true); got <= than {
		t.Errorf("rowBytes = %d with a name in hex, %d without", got, than)
	}
}

func TestBadTagsAreErrors(t *testing.T) {
	for name, err := range map[string]error{
		"no tags":   newTable[struct{ A string }]().check(),
		"no struct": newTable[string]().check(),
		"no command": newTable[struct {
			A string `rt:",static"`
		}]().check(),
		"only a value": newTable[struct {
			A string `rt:"=x"`
		}]().check(),
		"a word": newTable[struct {
			A string `rt:"d.name,fast"`
		}]().check(),
		"both": newTable[struct {
			A string `rt:"d.name,hex,text"`
		}]().check(),
		"hex number": newTable[struct {
			A int64 `rt:"d.name,hex"`
		}]().check(),
		"a type": newTable[struct {
			A uint64 `rt:"d.name"`
		}]().check(),
		"unexported": newTable[struct {
			a string `rt:"d.name"`
		}]().check(),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	q := newTable[struct {
		A string `rt:"d.name,fast"`
	}]().query(allCommands)
	if _, err := q.decode(newJSONScanner(jsonReply("[]")), nil); err == nil {
		t.Error("decode with a bad tag: no error")
	}
	if _, err := q.decodeOne(newJSONScanner(jsonBatch()), nil); err == nil {
		t.Error("decodeOne with a bad tag: no error")
	}
}

// TestTablesOfThePackage holds for every row type: one command fills one
// field, and the key is the same in all queries.
func TestTablesOfThePackage(t *testing.T) {
	for name, table := range map[string]interface {
		check() error
		commands() map[string]string
	}{
		"Torrent": newTable[Torrent](), "File": newTable[File](), "sampleRow": newTable[sampleRow](), "wideRow": newTable[wideRow](),
	} {
		if err := table.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		seen := map[string]string{}
		for field, command := range table.commands() {
			if other, twice := seen[command]; twice {
				t.Errorf("%s: %s fills %s and %s", name, command, field, other)
			}
			seen[command] = field
		}
	}
}
