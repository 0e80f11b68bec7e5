package rtorrent

import (
	"math/bits"
	"reflect"
	"slices"
	"strings"
)

// Columns is a set of columns of the table of all torrents: bit i stands for
// the tagged field i of Torrent. The key, d.hash, is in every query.
type Columns uint64

// AllColumns are all of them.
const AllColumns = ^Columns(0)

// ColumnsMost is how many columns a table can have.
const ColumnsMost = 64

// Columns returns the columns that some commands fill, in one string as the
// tree names them ("d.custom d.load_date"). Commands of other tables are none.
func (c *Client) Columns(commands string) Columns {
	if known, ok := c.sets.Load(commands); ok {
		return known.(Columns)
	}
	set := c.torrents.columnsOf(strings.Fields(commands))
	c.sets.Store(commands, set)
	return set
}

// ColumnsOf returns the columns of some speeds.
func (c *Client) ColumnsOf(speeds ...Speed) Columns { return c.torrents.columnsOfSpeed(speeds) }

// JSONColumns returns the columns that JSON can carry from this rTorrent, as far
// as it is known; others make it answer in XML, which takes it twice as long.
func (c *Client) JSONColumns() Columns {
	caps := c.KnownCaps()
	if caps == nil || !caps.JSON {
		return 0
	}
	var set Columns
	for i, column := range c.torrents.columns {
		a := asked{column: column, asHex: column.hex && caps.Has(column.command+hexForm)}
		if a.jsonSafe() {
			set |= 1 << i
		}
	}
	return set
}

// Len returns how many columns a set has.
func (s Columns) Len() int { return bits.OnesCount64(uint64(s)) }

// Has reports whether all of some columns are in the set.
func (s Columns) Has(all Columns) bool { return s&all == all }

// Each calls f with the number of each column, the lowest first.
func (s Columns) Each(f func(i int)) {
	for ; s != 0; s &= s - 1 {
		f(bits.TrailingZeros64(uint64(s)))
	}
}

// columnsOf returns the columns that commands fill, in a Table whose tags are
// right.
func (t *Table[T]) columnsOf(commands []string) Columns {
	var set Columns
	for i, c := range t.columns {
		if slices.Contains(commands, c.command) {
			set |= 1 << i
		}
	}
	return set
}

// columnsOfSpeed returns the columns of some speeds.
func (t *Table[T]) columnsOfSpeed(speeds []Speed) Columns {
	var set Columns
	for i, c := range t.columns {
		if slices.Contains(speeds, c.speed) {
			set |= 1 << i
		}
	}
	return set
}

// all are the columns that the table has.
func (t *Table[T]) all() Columns { return 1<<len(t.columns) - 1 }

// Merge returns a row that has some columns of another one of the same torrent,
// and all else of old: old itself if these are equal.
func (c *Client) Merge(old, other *Torrent, columns Columns) *Torrent {
	merged := *old
	to, from := reflect.ValueOf(&merged).Elem(), reflect.ValueOf(other).Elem()
	(columns & c.torrents.all()).Each(func(i int) {
		at := c.torrents.columns[i].field
		to.Field(at).Set(from.Field(at))
	})
	if columns.Has(c.Columns("d.group")) {
		merged.ChokeGroup = other.ChokeGroup
	}
	if merged == *old {
		return old
	}
	return &merged
}

// Differ reports whether two rows differ in some columns.
func (c *Client) Differ(one, other *Torrent, columns Columns) (differ bool) {
	a, b := reflect.ValueOf(one).Elem(), reflect.ValueOf(other).Elem()
	(columns & c.torrents.all()).Each(func(i int) {
		at := c.torrents.columns[i].field
		differ = differ || !a.Field(at).Equal(b.Field(at))
	})
	return differ
}
