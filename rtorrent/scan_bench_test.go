package rtorrent

import (
	"encoding/json"
	"testing"

	"github.com/kolo/xmlrpc"
)

// BenchmarkTable decodes a table of 10,000 rows × 36 columns: fresh, as at the
// first load, and steady, where nothing changed since. kolo and encoding/json
// decode the same bytes into []any.
func BenchmarkTable(b *testing.B) {
	const count = 10_000
	replies := wideReplies(count)
	measure := func(b *testing.B, reply []byte, decode func() error) {
		b.ReportAllocs()
		b.SetBytes(int64(len(reply)))
		for b.Loop() {
			if err := decode(); err != nil {
				b.Fatal(err)
			}
		}
		rows := float64(b.N) * count
		b.ReportMetric(float64(b.Elapsed().Microseconds())/rows, "µs/row")
		b.ReportMetric(float64(len(reply))/count, "B/row")
	}
	for _, l := range layouts() {
		reply := replies[l.name]
		b.Run(l.name+"/fresh", func(b *testing.B) {
			measure(b, reply, func() error {
				_, err := decodeWide(l.scanner(reply), nil)
				return err
			})
		})
		b.Run(l.name+"/steady", func(b *testing.B) {
			before, err := decodeWide(l.scanner(reply), nil)
			if err != nil {
				b.Fatal(err)
			}
			prev := byHash(before)
			measure(b, reply, func() error {
				_, err := decodeWide(l.scanner(reply), prev)
				return err
			})
		})
	}
	b.Run("kolo", func(b *testing.B) {
		reply := replies["xmlrpc-c"]
		measure(b, reply, func() error {
			var rows []any
			return xmlrpc.Response(reply).Unmarshal(&rows)
		})
	})
	b.Run("encoding-json", func(b *testing.B) {
		reply := replies["json"]
		measure(b, reply, func() error {
			var r struct{ Result [][]any }
			return json.Unmarshal(reply, &r)
		})
	})
}

// wideReplies returns the replies of n rows by the name of their layout. The
// values they were made of are garbage then, or marking them would be in the
// figures.
func wideReplies(n int) map[string][]byte {
	table, replies := wideTable(n), map[string][]byte{}
	for _, l := range layouts() {
		replies[l.name] = l.single(table)
	}
	return replies
}

// decodeWide reads the reply to a query for all columns of wideRow.
func decodeWide(s scanner, prev func(key []byte) *wideRow) (rows []*wideRow, err error) {
	q := newTable[wideRow]().query(allCommands)
	err = single(s, func() error {
		rows, err = q.decode(s, prev)
		return err
	})
	return rows, err
}

// byHash returns the prev of rows.
func byHash(rows []*wideRow) func(key []byte) *wideRow {
	index := make(map[string]*wideRow, len(rows))
	for _, r := range rows {
		index[r.Hash] = r
	}
	return func(key []byte) *wideRow { return index[string(key)] }
}
