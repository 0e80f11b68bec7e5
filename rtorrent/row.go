package rtorrent

import (
	"fmt"
	"reflect"
	"strings"
)

// A Speed says how soon a column can change.
type Speed uint8

// The speeds of columns.
const (
	Static Speed = iota // as long as the torrent is loaded
	Tick                // while the torrent transfers
	Moving              // as Tick, and 0 of a torrent that is in none of the views that Client.Moving asks
	Slow                // when a user changes it
	Rare                // when somebody puts right what was set at the load
)

// A Table is what the rt tags of a row type T say: which command fills which
// field. A tag is the command, then a speed (tick if there is none) and an
// encoding, in any order:
//
//	rt:"d.name,static,hex"
//
// The command of a column with an argument contains it: "d.custom=addtime".
// The encoding hex asks for the command's .hex form where this rTorrent has
// it, since JSON and XML cannot carry every name; text says that there is no
// such form, and keeps the column out of JSON, where one string that is not
// UTF-8 fails the whole reply. The word few says that many rows have one of few
// values, each of which is then kept once. A field is a string, bool, int or int64; the
// first tagged one is the key of the rows. Fields without a tag are the
// caller's.
//
// A Table is never changed after newTable, and safe for concurrent use.
type Table[T comparable] struct {
	columns []column
	err     error // what is wrong with the tags
}

// A column is one tagged field.
type column struct {
	field   int    // index in T
	name    string // of the field
	command string // without an argument
	getter  string // as in the tag
	kind    reflect.Kind
	speed   Speed
	hex     bool
	text    bool
	few     bool
}

// newTable returns the Table of T. What is wrong with T's tags is an error of
// every decode; check tells it to a test.
func newTable[T comparable]() *Table[T] {
	t := &Table[T]{}
	row := reflect.TypeFor[T]()
	if row.Kind() != reflect.Struct {
		t.err = fmt.Errorf("%s is no struct", row)
		return t
	}
	for i := range row.NumField() {
		tag, ok := row.Field(i).Tag.Lookup("rt")
		if !ok {
			continue
		}
		c, err := parseColumn(i, row.Field(i), tag)
		if err != nil {
			t.err = fmt.Errorf("%s.%s: tag %q: %w", row, row.Field(i).Name, tag, err)
			return t
		}
		t.columns = append(t.columns, c)
	}
	if n := len(t.columns); n == 0 || n > ColumnsMost {
		t.err = fmt.Errorf("%s has %d rt tags", row, n)
	}
	return t
}

func parseColumn(index int, f reflect.StructField, tag string) (column, error) {
	getter, words, _ := strings.Cut(tag, ",")
	c := column{field: index, name: f.Name, getter: getter, kind: f.Type.Kind(), speed: Tick}
	c.command, _, _ = strings.Cut(getter, "=")
	switch {
	case c.command == "":
		return c, fmt.Errorf("no command")
	case !f.IsExported():
		return c, fmt.Errorf("the field is not exported")
	}
	switch c.kind {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
	default:
		return c, fmt.Errorf("no column has the type %s", f.Type)
	}
	for word := range strings.SplitSeq(words, ",") {
		switch word {
		case "":
		case "static":
			c.speed = Static
		case "tick":
			c.speed = Tick
		case "moving":
			c.speed = Moving
		case "slow":
			c.speed = Slow
		case "rare":
			c.speed = Rare
		case "hex":
			c.hex = true
		case "text":
			c.text = true
		case "few":
			c.few = true
		default:
			return c, fmt.Errorf("%q is no word of a tag", word)
		}
	}
	switch {
	case c.hex && c.text:
		return c, fmt.Errorf("two encodings")
	case c.hex && c.kind != reflect.String:
		return c, fmt.Errorf("only a string can be hex")
	case c.few && c.kind != reflect.String:
		return c, fmt.Errorf("only strings can be few")
	}
	return c, nil
}

// check returns what is wrong with T's tags.
func (t *Table[T]) check() error { return t.err }

// commands returns the command, with its argument, that fills each field.
func (t *Table[T]) commands() map[string]string {
	commands := make(map[string]string, len(t.columns))
	for _, c := range t.columns {
		commands[c.name] = c.getter
	}
	return commands
}

// missing returns the commands of columns that has does not know, in their
// order: the fields they fill stay zero on this rTorrent.
func (t *Table[T]) missing(has func(command string) bool) []string {
	var missing []string
	for _, c := range t.columns {
		if !has(c.command) {
			missing = append(missing, c.command)
		}
	}
	return missing
}
