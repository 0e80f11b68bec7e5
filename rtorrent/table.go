package rtorrent

import (
	"context"
	"errors"
	"fmt"
)

const (
	// replyAtMost bounds a reply by splitting its query: one of over 100 MiB
	// ends the rTorrent that makes it (both versions), and what is big also
	// keeps its main loop busy and its memory for good.
	replyAtMost = 32 << 20
	// heavyRow is the bytes a row from which free text is asked by itself, and
	// for some torrents at a time: a hostile tracker's message can be long.
	heavyRow = 4 << 10
	// parseError is JSON's error for a reply with text that is not UTF-8.
	parseError = -32700
)

// A tableCall is a multicall without its getters.
type tableCall struct {
	method string
	args   []any
	name   string // of the query, for remembering what JSON fails on
	rows   int    // how many to expect, 0 few
}

// loadTable asks one table, in as many calls as keep each reply small.
func loadTable[T comparable](ctx context.Context, c *Client, caps *Caps, tc tableCall, q *query[T], prev func(key []byte) *T) ([]*T, error) {
	json := c.speaks(caps, tc.name, q.jsonSafe)
	if tc.rows*q.rowBytes(json) <= replyAtMost {
		return loadPart(ctx, c, tc, q, json, prev)
	}
	var rows []*T
	for i, part := range q.split(replyAtMost/tc.rows, json) {
		var err error
		if rows, err = loadPart(ctx, c, tc, part, json, prev); err != nil {
			return nil, fmt.Errorf("part %d: %w", i+1, err)
		}
		// The next part's columns join these rows; a torrent that came or
		// went in between is whole, or absent, at the next load.
		prev = q.table.byKey(rows)
	}
	return rows, nil
}

// loadPart asks one table in one call, and once more in XML if JSON failed on
// a text that is not UTF-8.
func loadPart[T comparable](ctx context.Context, c *Client, tc tableCall, q *query[T], json bool, prev func(key []byte) *T) ([]*T, error) {
	rows, err := loadWire(ctx, c, tc, q, json, prev)
	var f *Fault
	if json && errors.As(err, &f) && f.Code == parseError {
		c.log.Warn("rTorrent cannot answer this in JSON, using XML", "query", tc.name, "error", err)
		c.mu.Lock()
		c.xmlOnly[tc.name] = true
		c.mu.Unlock()
		rows, err = loadWire(ctx, c, tc, q, false, prev)
	}
	if json && errors.Is(err, ErrNoJSON) {
		c.log.Warn("JSON-RPC was switched off, using XML", "query", tc.name)
		c.withoutJSON()
		rows, err = loadWire(ctx, c, tc, q, false, prev)
	}
	return rows, named(err, tc.method)
}

func loadWire[T comparable](ctx context.Context, c *Client, tc tableCall, q *query[T], json bool, prev func(key []byte) *T) ([]*T, error) {
	request := call{method: tc.method, args: append([]any{}, tc.args...)}
	for _, getter := range q.getters {
		request.args = append(request.args, getter)
	}
	body, err := c.ask(ctx, json, request)
	if err != nil {
		return nil, err
	}
	c.stats.tables.Add(1)
	s := newXMLScanner(body)
	if json {
		s = newJSONScanner(body)
	}
	var rows []*T
	err = single(s, func() error {
		rows, err = q.decode(s, prev)
		return err
	})
	if err == nil && !json && len(rows) > 0 && len(body)/len(rows) > heavyRow {
		c.mu.Lock()
		c.heavy = true
		c.mu.Unlock()
	}
	return rows, err
}

// ask sends one read in the given wire and returns the reply's body.
func (c *Client) ask(ctx context.Context, json bool, request call) (body []byte, err error) {
	contentType := typeXML
	var encoded []byte
	if json {
		contentType = typeJSON
		encoded, err = encodeJSON([]call{request})
	} else {
		encoded, err = encodeXML(request)
	}
	if err != nil {
		return nil, err
	}
	body, _, err = c.exchange(ctx, false, contentType, encoded)
	return body, err
}

// speaks reports whether a query goes as JSON: rTorrent speaks it, all columns
// are safe in it, and it did not fail before.
func (c *Client) speaks(caps *Caps, name string, safe bool) bool {
	if !caps.JSON || !safe {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.xmlOnly[name]
}

// split cuts a query into ones whose rows have at most the given bytes each,
// or one column beside the key.
func (q *query[T]) split(rowAtMost int, json bool) []*query[T] {
	var parts []*query[T]
	part := q.of(nil)
	for _, a := range q.columns[1:] {
		next := q.of(append(part.columns[1:len(part.columns):len(part.columns)], a))
		if next.rowBytes(json) > rowAtMost && len(part.columns) > 1 {
			parts = append(parts, part)
			next = q.of([]asked{a})
		}
		part = next
	}
	return append(parts, part)
}

// of returns the query for the key and the given columns.
func (q *query[T]) of(columns []asked) *query[T] {
	part := &query[T]{table: q.table, jsonSafe: true}
	for _, a := range append([]asked{q.columns[0]}, columns...) {
		part.columns = append(part.columns, a)
		part.getters = append(part.getters, a.sent())
		part.jsonSafe = part.jsonSafe && a.jsonSafe()
	}
	return part
}

// withoutKey returns the query for one target, whose key is known.
func (q *query[T]) withoutKey() *query[T] {
	part := *q
	part.columns, part.getters = q.columns[1:], q.getters[1:]
	return &part
}

// text returns the query's columns of free text, and the rest of it.
func (q *query[T]) text() (text, rest *query[T]) {
	var texts, others []asked
	for _, a := range q.columns[1:] {
		if a.text {
			texts = append(texts, a)
		} else {
			others = append(others, a)
		}
	}
	return q.of(texts), q.of(others)
}

func (c *Client) isHeavy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heavy
}
