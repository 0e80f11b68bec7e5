package cache

import (
	"sync"
	"time"

	"rtfs/rtorrent"
)

// rTorrent does nothing else while it answers, so what takes long is asked in
// parts: a table costs it so much a row and as much again for each column. The
// search for a torrent by its info-hash goes through all of them.
const (
	// partAtMost is how long one call may take rTorrent where splitting it can
	// avoid more.
	partAtMost = 100 * time.Millisecond
	// partAmidWrites is that while somebody writes.
	partAmidWrites = 70 * time.Millisecond
	// keyCells is what a row costs without its columns, in columns.
	keyCells = 1.5
	// firstCell is the time of one value until it is measured: 1.4 µs of 0.9.8
	// and 1.2 µs of 0.16 in XML, 0.5 µs in JSON.
	firstCell = 1400 * time.Nanosecond
	// step is the time to pass by one torrent in search of another.
	stepTime = 24 * time.Nanosecond
)

// A costing measures what a value of a table takes. It is safe for concurrent
// use.
type costing struct {
	mu   sync.Mutex       // guards cell
	cell [2]time.Duration // in XML and in JSON; 0: not measured yet
}

func wire(json bool) int {
	if json {
		return 1
	}
	return 0
}

// value is the time of one value.
func (c *costing) value(json bool) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if measured := c.cell[wire(json)]; measured > 0 {
		return measured
	}
	return firstCell
}

// learn takes note of how long a table took. What counts is the shortest lately:
// that others keep the machine busy makes nothing dearer for rTorrent.
func (c *costing) learn(rows int, columns rtorrent.Columns, json bool, took time.Duration) {
	const few = 200 // rows, whose time says little
	if rows < few {
		return
	}
	cell := took / time.Duration(float64(rows)*(keyCells+float64(columns.Len())))
	cell = max(firstCell/4, min(cell, 2*firstCell))
	c.mu.Lock()
	defer c.mu.Unlock()
	last := &c.cell[wire(json)]
	if *last == 0 {
		*last = firstCell
	}
	*last = min(cell, *last+*last/16)
}

// fit returns how many columns of a table of so many rows take no longer than
// that, but three at least: else most of the time is for the rows themselves.
func (c *costing) fit(rows int, json bool, atMost time.Duration) int {
	if rows == 0 {
		return rtorrent.ColumnsMost
	}
	return max(3, int(float64(atMost)/float64(c.value(json))/float64(rows)-keyCells))
}

// whole reports whether one call can ask so many columns of a table.
func (c *costing) whole(rows int, columns rtorrent.Columns) bool {
	return float64(rows)*(keyCells+float64(columns.Len()))*float64(c.value(false)) <= float64(partAtMost)
}

// alone reports whether some torrents are better asked by their info-hashes than
// by a table.
func (c *costing) alone(torrents, rows, columns int) bool {
	search := time.Duration(torrents*columns*rows/2) * stepTime
	table := time.Duration(float64(rows)*(keyCells+float64(columns))) * c.value(false)
	return search <= table
}
