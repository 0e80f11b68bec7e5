package rtorrent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Customs are what tools keep with a torrent. They are never changed once
// they have been returned.
type Customs struct {
	// Fields are d.custom1 to d.custom5.
	Fields [5]string
	// Keys are the named ones in the order of their names. Those with names
	// that no connection carries are left out: rTorrent shows them as '??'
	// (0.9.8) or percent escapes (0.16), under which they cannot be asked.
	Keys []Custom
}

// A Custom is one named custom value.
type Custom struct{ Key, Value string }

// Value returns the value of a key, "" for one that is not there.
func (c *Customs) Value(key string) string {
	for _, k := range c.Keys {
		if k.Key == key {
			return k.Value
		}
	}
	return ""
}

// Customs returns all custom values of a torrent. (d.custom.items would do so
// in one call, and ends rTorrent 0.9.8 when a key is not valid UTF-8.)
func (c *Client) Customs(ctx context.Context, h Hash) (*Customs, error) {
	var keys []string
	err := c.Call(ctx, &keys, "d.custom.keys", h)
	if err != nil && !errors.Is(err, errNoElement) { // what it says when there are none
		return nil, err
	}
	slices.Sort(keys)
	all := &Customs{}
	var calls []call
	for i := range all.Fields {
		calls = append(calls, call{"d.custom" + strconv.Itoa(i+1), []any{h}})
	}
	for _, key := range keys {
		calls = append(calls, call{"d.custom_throw", []any{h, key}}) // d.custom cannot tell none from empty
	}
	s, err := c.askBatch(ctx, false, calls)
	if err != nil {
		return nil, fmt.Errorf("custom values of %s: %w", h, err)
	}
	values := make([]string, len(calls))
	refusals, err := whole(s, len(calls), func(i int) error {
		value, err := s.cell()
		values[i] = string(value.text)
		if err == nil && value.isInt() {
			values[i] = strconv.FormatInt(value.n, 10)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if refusals != nil && refusals[0] != nil {
		return nil, named(refusals[0], calls[0].method)
	}
	copy(all.Fields[:], values)
	for i, key := range keys {
		at := len(all.Fields) + i
		if refusals == nil || refusals[at] == nil {
			all.Keys = append(all.Keys, Custom{key, values[at]})
		}
	}
	return all, nil
}
