package rtorrent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A SettingKind is the type of a setting's value.
type SettingKind uint8

// The kinds of settings.
const (
	SettingText SettingKind = iota
	SettingNumber
	SettingList // of texts
)

// A Setting is a command of rTorrent's that has a setter beside it: a value
// of the whole process. It is never changed once it has been returned.
type Setting struct {
	Name   string // of the command
	Kind   SettingKind
	Text   string
	Number int64
	List   []string
	// Refusal is what rTorrent said instead of the value, nil mostly.
	Refusal error
}

// Settings are all settings of one rTorrent at one moment.
type Settings struct {
	byName map[string]*Setting
	// numbers of this rTorrent that bound some values
	limitMax int64
}

// Setting returns a setting by its name, nil if this rTorrent lacks it.
func (s *Settings) Setting(name string) *Setting { return s.byName[name] }

// String returns the value as text, the elements of a list on lines.
func (s *Setting) String() string {
	switch s.Kind {
	case SettingNumber:
		return strconv.FormatInt(s.Number, 10)
	case SettingList:
		return strings.Join(s.List, "\n")
	}
	return s.Text
}

func (s *Setting) equal(o *Setting) bool {
	return s.Kind == o.Kind && s.Text == o.Text && s.Number == o.Number && slices.Equal(s.List, o.List)
}

// settingsChunk is how many settings are asked in one request.
const settingsChunk = 100

// SettingNames returns the names of the settings of this rTorrent, sorted.
func (c *Caps) SettingNames() []string {
	var names []string
	for _, name := range c.Commands {
		if c.known[name+setForm] && isSetting(name) {
			names = append(names, name)
		}
	}
	return names
}

// setForm is appended to a command that has a setter.
const setForm = ".set"

// Settings asks for the values of all settings.
func (c *Client) Settings(ctx context.Context) (*Settings, error) {
	caps, err := c.Caps(ctx)
	if err != nil {
		return nil, err
	}
	all := &Settings{byName: map[string]*Setting{}, limitMax: caps.limitMax()}
	for names := range slices.Chunk(caps.SettingNames(), settingsChunk) {
		calls := make([]call, len(names))
		for i, name := range names {
			calls[i] = call{name, []any{""}}
		}
		results, err := c.multicall(ctx, false, calls)
		if err != nil {
			return nil, fmt.Errorf("settings: %w", err)
		}
		for i, name := range names {
			all.byName[name] = results[i].setting(name)
		}
	}
	return all, nil
}

// ErrKept says that rTorrent took a value and kept another one. The setting is
// then as it was before.
var ErrKept = errors.New("rTorrent keeps another value")

// Set changes a setting and returns what rTorrent kept: numbers may be rounded
// down to KiB, texts made uniform. When it refuses, or keeps another number,
// what it had before is put back. One that has the value already is left alone:
// some refuse even that.
func (c *Client) Set(ctx context.Context, to *Setting) (*Setting, error) {
	caps, err := c.Caps(ctx)
	if err != nil {
		return nil, err
	}
	get := call{to.Name, []any{""}}
	now, err := c.multicall(ctx, true, []call{get})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", to.Name, err)
	}
	if is := now[0].setting(to.Name); is.Refusal == nil && is.equal(to) {
		return is, nil
	}
	results, err := c.multicall(ctx, true, []call{get, caps.setter(to), get})
	if err != nil {
		return nil, fmt.Errorf("%s%s: %w", to.Name, setForm, err)
	}
	before, kept := results[0].setting(to.Name), results[2].setting(to.Name)
	err = results[1].refusal
	if err == nil && to.Kind == SettingNumber && kept.Number != to.Number && kept.Number != to.Number/1024*1024 {
		err = fmt.Errorf("%w: %s", ErrKept, kept)
	}
	if err == nil {
		return kept, nil
	}
	if before.Refusal == nil && !kept.equal(before) {
		if _, restored := c.multicall(ctx, true, []call{caps.setter(before)}); restored != nil {
			return nil, fmt.Errorf("%w, and putting %s back: %w", err, before, Afterwards(restored))
		}
	}
	return nil, named(err, to.Name+setForm)
}

// setter returns the call that gives a setting its value.
func (c *Caps) setter(s *Setting) call {
	set := call{s.Name + setForm, nil}
	if !isGroupSetting(s.Name) || !c.libraryBefore16() {
		set.args = []any{""}
	}
	switch s.Kind {
	case SettingNumber:
		set.args = append(set.args, s.Number)
	case SettingText:
		if s.Text == "" && matchesAny(s.Name, addressSettings) && c.libraryBefore16() {
			set.args = append(set.args, anyAddress) // else it is refused
			break
		}
		set.args = append(set.args, s.Text)
	case SettingList:
		for _, text := range s.List {
			set.args = append(set.args, text)
		}
	}
	return set
}

// isGroupSetting tells the settings of ratio groups. Their setters take the
// value as the first parameter before 0.16.
func isGroupSetting(name string) bool {
	namespace, _, _ := strings.Cut(name, ".")
	return namespace == "group" || namespace == "ratio"
}

// A result is what one call of a small batch returned.
type result struct {
	value   any
	refusal error
}

// setting returns the result of a setting's getter.
func (r result) setting(name string) *Setting {
	s := &Setting{Name: name, Refusal: r.refusal}
	switch v := r.value.(type) {
	case int64:
		s.Kind, s.Number = SettingNumber, v
	case []any:
		s.Kind = SettingList
		for _, element := range v {
			s.List = append(s.List, asText(element))
		}
	default:
		s.Text = asText(v)
	}
	return s
}

// multicall makes a small batch of calls whose results have any type.
func (c *Client) multicall(ctx context.Context, write bool, calls []call) ([]result, error) {
	request, err := encodeMulticall(calls)
	if err != nil {
		return nil, err
	}
	body, _, err := c.exchange(ctx, write, typeXML, request)
	if err != nil {
		return nil, err
	}
	var replies []any
	err = decodeSmall(body, &replies)
	if err == nil && len(replies) != len(calls) {
		err = fmt.Errorf("%w: %d results, want %d", ErrProtocol, len(replies), len(calls))
	}
	if err != nil && write {
		err = outcome(err)
	}
	if err != nil {
		return nil, err
	}
	results := make([]result, len(calls))
	for i, reply := range replies {
		switch reply := reply.(type) {
		case []any:
			if len(reply) != 1 {
				return nil, fmt.Errorf("%w: %s has %d results", ErrProtocol, calls[i].method, len(reply))
			}
			results[i].value = reply[0]
		case map[string]any:
			code, _ := reply["faultCode"].(int64)
			results[i].refusal = &Fault{Method: calls[i].method, Code: code, Message: asText(reply["faultString"])}
		default:
			return nil, fmt.Errorf("%w: result of %s", ErrProtocol, calls[i].method)
		}
	}
	return results, nil
}
