package rtorrent

import (
	"errors"
	"strings"
	"testing"
	"unsafe"
)

// hashOf is the info-hash of the n-th sample.
func hashOf(n int) string { return strings.Repeat(string(rune('A'+n)), 40) }

// sampleCells are the cells of a sampleRow as an rTorrent with d.name.hex
// sends them.
func sampleCells(n int, rate int64, label string) []any {
	return []any{hashOf(n), "6E616DE9", int64(1 << 40), rate, int64(1), int64(3), label, "1700000000\n"}
}

func sampleQuery(speeds ...Speed) *query[sampleRow] {
	return newTable[sampleRow]().query(has(append([]string{"d.name.hex"}, sampleCommands...)...), speeds...)
}

func decodeTable[T comparable](q *query[T], s scanner, prev func(key []byte) *T) (rows []*T, err error) {
	err = single(s, func() error {
		rows, err = q.decode(s, prev)
		return err
	})
	return rows, err
}

func TestDecodeFillsTheFields(t *testing.T) {
	for _, l := range layouts() {
		rows, err := decodeTable(sampleQuery(), l.scanner(l.single([]any{sampleCells(0, 7, "tv & film"), sampleCells(1, 0, "")})), nil)
		if err != nil || len(rows) != 2 {
			t.Fatalf("%s: %d rows, %v, want 2", l.name, len(rows), err)
		}
		want := sampleRow{
			Key: Hash(hashOf(0)), Name: "nam\xe9", Size: 1 << 40, Rate: 7, Open: true, Prio: 3,
			Label: "tv & film", Added: "1700000000\n",
		}
		if *rows[0] != want {
			t.Errorf("%s: row = %+v, want %+v", l.name, *rows[0], want)
		}
		if rows[1].Key != Hash(hashOf(1)) || rows[1].Label != "" {
			t.Errorf("%s: second row = %+v", l.name, *rows[1])
		}
	}
}

func TestDecodeOfAnEmptyTable(t *testing.T) {
	for _, l := range layouts() {
		rows, err := decodeTable(sampleQuery(), l.scanner(l.single([]any{})), nil)
		if err != nil || len(rows) != 0 {
			t.Errorf("%s: %d rows, %v, want none", l.name, len(rows), err)
		}
	}
}

// TestDecodeKeepsWhatDidNotChange follows two torrents through a tick.
func TestDecodeKeepsWhatDidNotChange(t *testing.T) {
	for _, l := range layouts() {
		before, err := decodeTable(sampleQuery(), l.scanner(l.single([]any{sampleCells(0, 7, "a"), sampleCells(1, 7, "b")})), nil)
		if err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		before[1].Silent = "the caller's"
		old := *before[1]
		prev := func(key []byte) *sampleRow {
			for _, r := range before {
				if string(r.Key) == string(key) {
					return r
				}
			}
			return nil
		}
		tick := []any{
			[]any{hashOf(1), int64(8), int64(1)},
			[]any{hashOf(2), int64(1), int64(0)},
			[]any{hashOf(0), int64(7), int64(1)},
		}
		after, err := decodeTable(sampleQuery(Tick), l.scanner(l.single(tick)), prev)
		if err != nil || len(after) != 3 {
			t.Fatalf("%s: %d rows, %v, want 3", l.name, len(after), err)
		}
		if want := (sampleRow{Key: Hash(hashOf(2)), Rate: 1}); *after[1] != want {
			t.Errorf("%s: a new row = %+v, want %+v", l.name, *after[1], want)
		}
		want := old
		want.Rate = 8
		if *after[0] != want {
			t.Errorf("%s: a changed row = %+v, want %+v", l.name, *after[0], want)
		}
		if *before[1] != old {
			t.Errorf("%s: the row of before became %+v, want %+v", l.name, *before[1], old)
		}
		if after[2] != before[0] {
			t.Errorf("%s: a row in which nothing changed is another one", l.name)
		}
	}
}

func TestDecodeSharesEqualText(t *testing.T) {
	at := func(s string) *byte { return unsafe.StringData(s) }
	for _, l := range layouts() {
		reply := l.single([]any{sampleCells(0, 1, "label"), sampleCells(1, 1, "label")})
		rows, err := decodeTable(sampleQuery(), l.scanner(reply), nil)
		if err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		if at(rows[0].Label) != at(rows[1].Label) {
			t.Errorf("%s: the label is there twice", l.name)
		}
		reply = l.single([]any{sampleCells(0, 2, "label")})
		later, err := decodeTable(sampleQuery(), l.scanner(reply), func([]byte) *sampleRow { return rows[0] })
		if err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		if at(later[0].Name) != at(rows[0].Name) || later[0].Rate != 2 {
			t.Errorf("%s: the name is there twice", l.name)
		}
		clear(reply)
		if later[0].Label != "label" || rows[0].Key != Hash(hashOf(0)) {
			t.Errorf("%s: a row holds bytes of its reply", l.name)
		}
	}
}

func TestDecodeConvertsCells(t *testing.T) {
	cells := []any{int64(12), int64(42), "-5", "9223372036854775807", "2", "3", int64(0), int64(-7)}
	q := newTable[sampleRow]().query(has(sampleCommands...)) // the name is not in hex
	want := sampleRow{Key: "12", Name: "42", Size: -5, Rate: 1<<63 - 1, Open: true, Prio: 3, Label: "0", Added: "-7"}
	for _, l := range layouts() {
		var keys []string
		rows, err := decodeTable(q, l.scanner(l.single([]any{cells})), func(key []byte) *sampleRow {
			keys = append(keys, string(key))
			return nil
		})
		if err != nil || len(rows) != 1 || *rows[0] != want {
			t.Errorf("%s: rows = %v, %v, want %+v", l.name, rows, err, want)
		}
		if len(keys) != 1 || keys[0] != "12" {
			t.Errorf("%s: keys = %q, want 12", l.name, keys)
		}
	}
}

func TestDecodeRefusesWrongCells(t *testing.T) {
	for _, l := range layouts() {
		for column, wrong := range map[int]any{
			1: "6E616DE", 2: "", 3: "fast", 4: "yes", 5: "1.5", 6: []any{}, 0: []any{"x"},
		} {
			row := sampleCells(0, 1, "a")
			row[column] = wrong
			reply := l.single([]any{sampleCells(0, 1, "a"), row})
			if rows, err := decodeTable(sampleQuery(), l.scanner(reply), nil); !errors.Is(err, ErrProtocol) {
				t.Errorf("%s: %q in column %d: %v, %v, want ErrProtocol", l.name, wrong, column, rows, err)
			}
		}
	}
}

func TestDecodeCountsCells(t *testing.T) {
	full := sampleCells(0, 1, "a")
	for _, l := range layouts() {
		for _, row := range []any{full[:1], full[:len(full)-1], append(full[:len(full):len(full)], "x"), "no row", int64(0)} {
			reply := l.single([]any{full, row})
			if _, err := decodeTable(sampleQuery(), l.scanner(reply), nil); !errors.Is(err, ErrProtocol) {
				t.Errorf("%s: row %v: %v, want ErrProtocol", l.name, row, err)
			}
		}
		if _, err := decodeTable(sampleQuery(), l.scanner(l.single(int64(0))), nil); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: no table: %v, want ErrProtocol", l.name, err)
		}
		rows, err := decodeTable(sampleQuery(), l.scanner(l.single([]any{[]any{}, full, []any{}})), nil)
		if err != nil || len(rows) != 1 {
			t.Errorf("%s: %d rows between empty ones, %v, want 1", l.name, len(rows), err)
		}
	}
}

func TestDecodeOne(t *testing.T) {
	for _, l := range layouts() {
		refusal := &Fault{Code: -501, Message: "Could not find info-hash."}
		cells := sampleCells(0, 7, "a")
		setters := []any{int64(0), refusal}
		s := l.scanner(l.batch(append(setters, cells...)...))
		refusals, err := batch(s, len(setters), func(int) error { return s.skip() })
		if err != nil || refusals[0] != nil || refusals[1] == nil {
			t.Fatalf("%s: refusals = %v, %v", l.name, refusals, err)
		}
		row, err := sampleQuery().decodeOne(s, nil)
		if err != nil || row.Name != "nam\xe9" || row.Rate != 7 || row.Key != Hash(hashOf(0)) {
			t.Errorf("%s: row = %+v, %v", l.name, row, err)
		}

		cells[3] = refusal
		row, err = sampleQuery().decodeOne(l.scanner(l.batch(cells...)), nil)
		if row != nil || !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "d.up.rate") {
			t.Errorf("%s: refused: %+v, %v, want ErrNotFound of d.up.rate", l.name, row, err)
		}
		for _, wrong := range [][]any{cells[:len(cells)-1], append(cells, "x"), nil} {
			row, err = sampleQuery().decodeOne(l.scanner(l.batch(wrong...)), nil)
			if row != nil || !errors.Is(err, ErrProtocol) {
				t.Errorf("%s: %d results: %+v, %v, want ErrProtocol", l.name, len(wrong), row, err)
			}
		}
	}
}

func TestDecodeCallsPatchesARow(t *testing.T) {
	old := &sampleRow{Key: Hash(hashOf(0)), Rate: 7, Open: true, Label: "kept"}
	for _, l := range layouts() {
		s := l.scanner(l.batch(hashOf(0), int64(7), int64(1), hashOf(0), int64(8), int64(1)))
		same, refusal, err := sampleQuery(Tick).decodeCalls(s, old)
		if err != nil || refusal != nil || same != old {
			t.Errorf("%s: unchanged: %+v, %v, %v, want the old row", l.name, same, refusal, err)
		}
		row, refusal, err := sampleQuery(Tick).decodeCalls(s, old)
		want := *old
		want.Rate = 8
		if err != nil || refusal != nil || *row != want || old.Rate != 7 {
			t.Errorf("%s: changed: %+v, %v, %v, want %+v", l.name, row, refusal, err, want)
		}
	}
}

// TestSteadyTableAllocatesNothingPerRow compares tables of two sizes: what a
// decode allocates is for the reply, not for its rows.
func TestSteadyTableAllocatesNothingPerRow(t *testing.T) {
	allocations := func(l layout, rows int) float64 {
		reply := l.single(wideTable(rows))
		before, err := decodeWide(l.scanner(reply), nil)
		if err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		prev := byHash(before)
		q := newTable[wideRow]().query(allCommands)
		return testing.AllocsPerRun(5, func() {
			after, err := decodeTable(q, l.scanner(reply), prev)
			if err != nil || len(after) != rows || after[rows-1] != before[rows-1] {
				t.Errorf("%s: %d rows, %v", l.name, len(after), err)
			}
		})
	}
	const some, growth = 32, 16 // for the decoder, and for the list of rows as it grows
	for _, l := range layouts() {
		small, large := allocations(l, 10), allocations(l, 2000)
		if small > some {
			t.Errorf("%s: %v allocations for a table, want at most %d", l.name, small, some)
		}
		if large > small+growth {
			t.Errorf("%s: %v allocations for 10 rows, %v for 2,000", l.name, small, large)
		}
	}
}
