package rtorrent

import (
	"reflect"
	"strconv"
)

// byKey returns a lookup of rows by the text of their key column. It expects to
// be asked in the order of the rows, as the next reply to the same table does,
// so that rows with equal keys (two files of one path) are told apart; out of
// that order it returns any row with the key. It is for one goroutine.
func (t *Table[T]) byKey(rows []*T) func(key []byte) *T {
	var places map[string]int
	next := 0
	return func(key []byte) *T {
		if next >= len(rows) || t.key(rows[next]) != string(key) {
			if places == nil {
				places = make(map[string]int, len(rows))
				for i, row := range rows {
					places[t.key(row)] = i
				}
			}
			place, ok := places[string(key)]
			if !ok {
				return nil
			}
			next = place
		}
		next++
		return rows[next-1]
	}
}

// key returns the text of a row's key.
func (t *Table[T]) key(row *T) string {
	v := reflect.ValueOf(row).Elem().Field(t.columns[0].field)
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		if v.Bool() {
			return "1"
		}
		return "0"
	default:
		return strconv.FormatInt(v.Int(), 10)
	}
}
