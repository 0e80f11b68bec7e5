package rtorrent

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"
	"unique"
)

// decode reads a table, an array of rows, at the scanner's position. A row
// begins with its key; prev, which may be nil, returns the row of before with
// that key, or nil. What the query does not ask keeps the value it had there,
// equal text is shared with it, and a row in which nothing changed is that
// very row, so that a table at rest allocates nothing a row. A row without
// cells (a tracker that 0.16 found invalid) is left out, or nil if the query
// asks for places; another number of cells than the query's is ErrProtocol.
func (q *query[T]) decode(s scanner, prev func(key []byte) *T) ([]*T, error) {
	if q.table.err != nil {
		return nil, q.table.err
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	d := q.decoder()
	var rows []*T
	var cells []cell
	for number := 0; ; number++ {
		more, err := s.more()
		if err != nil || !more {
			return rows, err
		}
		if cells, err = s.row(cells[:0]); err != nil {
			return nil, err
		}
		if len(cells) == 0 {
			if q.places {
				rows = append(rows, nil)
			}
			continue
		}
		row, err := d.row(cells, prev)
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", number, err)
		}
		rows = append(rows, row)
	}
}

// decodeCalls reads the results of q's calls, the next ones of a batch, into a
// row. What the query does not ask is taken from old, which may be nil, and
// old is what it returns when nothing changed. A refusal of one of the calls
// is its *Fault, and then there is no row.
func (q *query[T]) decodeCalls(s scanner, old *T) (row *T, refusal, err error) {
	if q.table.err != nil {
		return nil, nil, q.table.err
	}
	d := q.decoder()
	if old != nil {
		d.old, d.current = old, *old
	}
	refusals, err := batch(s, len(d.fields), func(i int) error {
		c, err := s.cell()
		if err != nil {
			return err
		}
		return d.set(i, c)
	})
	if err != nil {
		return nil, nil, err
	}
	for i, refusal := range refusals {
		if refusal != nil {
			return nil, fmt.Errorf("%s: %w", q.columns[i].method(), refusal), nil
		}
	}
	return d.finish(), nil, nil
}

// decodeOne is decodeCalls of the last calls of a batch. A refusal of one of them
// is its *Fault and no row.
func (q *query[T]) decodeOne(s scanner, old *T) (*T, error) {
	row, refusal, err := q.decodeCalls(s, old)
	if err == nil {
		err = batchEnd(s)
	}
	switch {
	case err != nil:
		return nil, err
	case refusal != nil:
		return nil, refusal
	}
	return row, nil
}

// A compacter is a row whose texts can share memory.
type compacter interface{ compact() }

// A decoder fills the rows of one reply. It is used by one goroutine.
type decoder[T comparable] struct {
	query   *query[T]
	fields  []field
	current T  // the row being filled
	old     *T // the row of before with its key, or nil
	buf     []byte
}

// A field is where a column's cells go: one of the pointers, into the
// decoder's row.
type field struct {
	text    *string
	flag    *bool
	int64   *int64
	int     *int
	fromHex bool
	few     bool
	last    string // stored last; often the next row's too (directory, label)
}

func (q *query[T]) decoder() *decoder[T] {
	d := &decoder[T]{query: q, fields: make([]field, len(q.columns))}
	row := reflect.ValueOf(&d.current).Elem()
	for i, a := range q.columns {
		f := &d.fields[i]
		f.fromHex, f.few = a.asHex, a.few
		switch to := row.Field(a.field).Addr(); a.kind {
		case reflect.String:
			f.text = pointer[string](to)
		case reflect.Bool:
			f.flag = pointer[bool](to)
		case reflect.Int64:
			f.int64 = pointer[int64](to)
		case reflect.Int:
			f.int = pointer[int](to)
		}
	}
	return d
}

// pointer returns p, a pointer to a V or to a type made of it (type Hash
// string), as a *V.
func pointer[V any](p reflect.Value) *V {
	v, _ := p.Convert(reflect.TypeFor[*V]()).Interface().(*V)
	return v
}

// row returns the row of the cells: the old one if it is the same.
func (d *decoder[T]) row(cells []cell, prev func(key []byte) *T) (*T, error) {
	if len(cells) != len(d.fields) {
		return nil, fmt.Errorf("%w: %d cells, want %d", ErrProtocol, len(cells), len(d.fields))
	}
	d.old = nil
	if prev != nil {
		key, err := d.bytes(0, cells[0])
		if err != nil {
			return nil, err
		}
		d.old = prev(key)
	}
	if d.old != nil {
		d.current = *d.old
	} else {
		var zero T
		d.current = zero
	}
	for i, c := range cells {
		if to := d.fields[i].int64; to != nil && c.isInt() { // most cells
			*to = c.n
			continue
		}
		if err := d.set(i, c); err != nil {
			return nil, err
		}
	}
	return d.finish(), nil
}

func (d *decoder[T]) finish() *T {
	if d.old != nil && *d.old == d.current {
		return d.old
	}
	row := d.current
	if c, ok := any(&row).(compacter); ok {
		c.compact()
	}
	return &row
}

// set stores a cell in its field.
func (d *decoder[T]) set(i int, c cell) error {
	f := &d.fields[i]
	if f.text != nil {
		text := c.text
		if f.fromHex || c.isInt() {
			var err error
			if text, err = d.bytes(i, c); err != nil {
				return err
			}
		}
		if string(text) != *f.text { // a comparison does not allocate
			if string(text) != f.last {
				if f.last = string(text); f.few {
					f.last = unique.Make(f.last).Value()
				}
			}
			*f.text = f.last
		}
		return nil
	}
	n, ok := c.n, true
	if !c.isInt() { // some numbers of 0.16 are strings
		n, ok = atoi(c.text)
	}
	switch {
	case !ok:
		return d.wrong(i, "an integer")
	case f.int64 != nil:
		*f.int64 = n
	case f.flag != nil:
		*f.flag = n != 0
	case int64(int(n)) != n:
		return d.wrong(i, "a small integer")
	default:
		*f.int = int(n)
	}
	return nil
}

// bytes returns the text of a cell, valid until d or the scanner is used.
func (d *decoder[T]) bytes(i int, c cell) ([]byte, error) {
	if c.isInt() {
		d.buf = strconv.AppendInt(d.buf[:0], c.n, 10)
		return d.buf, nil
	}
	if !d.fields[i].fromHex {
		return c.text, nil
	}
	decoded, err := hex.AppendDecode(d.buf[:0], c.text)
	if err != nil {
		return nil, d.wrong(i, "hexadecimal digits")
	}
	d.buf = decoded
	return decoded, nil
}

func (d *decoder[T]) wrong(i int, want string) error {
	return fmt.Errorf("%w: %s: want %s", ErrProtocol, d.query.columns[i].method(), want)
}
