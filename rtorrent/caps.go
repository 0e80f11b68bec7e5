package rtorrent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Caps is what one rTorrent process can do, asked of it once. It is never
// changed after it is published.
type Caps struct {
	Version  string // of the client, such as "0.9.8"
	Library  string // of libtorrent
	API      string // of the commands
	PID      int64
	Hostname string
	Session  string // the session directory with a trailing slash, "" none
	// LocalSession is the session directory as seen from here.
	LocalSession string
	Directory    string // where new torrents' data goes by default
	JSON         bool   // it speaks JSON-RPC
	Commands     []string
	multicall    string // d.multicall2, or d.multicall where only that is left

	known map[string]bool
}

// Has reports whether this rTorrent lists the command. The argument of a
// getter ("d.custom=addtime") does not count.
func (c *Caps) Has(command string) bool {
	name, _, _ := strings.Cut(command, "=")
	return c.known[name]
}

// hangsOnStop tells the libtorrent (0.13 and before) in which a stop, close
// or erase that meets a running hash check spins for ever in hash_stop(), with
// the global lock held. 0.14 and later survived 129 of 129.
func (c *Caps) hangsOnStop() bool {
	var major, minor int
	if _, err := fmt.Sscanf(c.Library, "%d.%d", &major, &minor); err != nil {
		return true
	}
	return major == 0 && minor < 14
}

// Caps returns what this rTorrent can do, asking it if that is not known.
func (c *Client) Caps(ctx context.Context) (*Caps, error) {
	c.mu.Lock()
	known := c.caps
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	// The probe belongs to nobody: one caller that leaves must not fail the others.
	result := c.probes.DoChan("caps", func() (any, error) {
		caps, err := c.probe(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		c.caps = caps
		c.mu.Unlock()
		return caps, nil
	})
	select {
	case r := <-result:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*Caps), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// KnownCaps returns what was asked before, nil if nothing was yet.
func (c *Client) KnownCaps() *Caps {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.caps
}

// Forget drops what is known of this rTorrent, for when its pid changed.
func (c *Client) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.caps = nil
	clear(c.xmlOnly)
	clear(c.refused)
	c.heavy = false
	c.sizes = sizes{}
	c.names.forget()
	c.groups.forget()
}

// withoutJSON takes note that this rTorrent speaks JSON no more.
func (c *Client) withoutJSON() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.caps != nil {
		caps := *c.caps
		caps.JSON = false
		c.caps = &caps
	}
}

// probe asks in three calls, since each waits for what else rTorrent does.
func (c *Client) probe(ctx context.Context) (*Caps, error) {
	caps := &Caps{known: map[string]bool{}}
	if err := c.Call(ctx, &caps.Commands, "system.listMethods"); err != nil {
		return nil, err
	}
	for _, name := range caps.Commands {
		caps.known[name] = true
	}
	slices.Sort(caps.Commands)
	if err := c.probeValues(ctx, caps); err != nil {
		return nil, err
	}
	caps.LocalSession = c.local(caps.Session)
	caps.multicall = "d.multicall2"
	if !caps.Has(caps.multicall) {
		caps.multicall = "d.multicall"
	}
	caps.JSON = !c.noJSON && c.speaksJSON(ctx)
	return caps, nil
}

// probeValues asks what the process is, and how many torrents it has: the first
// table needs to know, too.
func (c *Client) probeValues(ctx context.Context, caps *Caps) error {
	var count int64
	calls := []call{{"view.size", []any{"", mainView}}, {"system.pid", []any{""}}}
	texts := []*string{nil, nil}
	for _, text := range []struct {
		to      *string
		command string
	}{
		{&caps.Version, "system.client_version"},
		{&caps.Library, "system.library_version"},
		{&caps.API, "system.api_version"},
		{&caps.Hostname, "system.hostname"},
		{&caps.Session, "session.path"},
		{&caps.Directory, "directory.default"},
	} {
		if caps.Has(text.command) {
			calls, texts = append(calls, call{text.command, []any{""}}), append(texts, text.to)
		}
	}
	s, err := c.askBatch(ctx, false, calls)
	if err != nil {
		return err
	}
	refusals, err := batch(s, len(calls), func(i int) error {
		v, err := s.cell()
		switch {
		case err != nil:
			return err
		case i < 2:
			*[]*int64{&count, &caps.PID}[i] = v.n
		case v.isInt(): // api_version is a number on some versions
			*texts[i] = strconv.FormatInt(v.n, 10)
		default:
			*texts[i] = string(v.text)
		}
		return nil
	})
	if err == nil {
		err = batchEnd(s)
	}
	if err != nil {
		return fmt.Errorf("what rTorrent is: %w", err)
	}
	for i, refusal := range refusals {
		if refusal != nil && i > 0 { // strangers may not ask for sizes
			return named(refusal, calls[i].method)
		}
	}
	c.lastRows.Store(count)
	return nil
}

// speaksJSON asks for the version in JSON. 0.9.8 answers that with an XML
// fault, a 0.16 with JSON switched off with error -32601, and a web server
// that knows only XML with a page.
func (c *Client) speaksJSON(ctx context.Context) bool {
	request, err := encodeJSON([]call{{method: "system.client_version"}})
	if err != nil {
		return false
	}
	body, _, err := c.exchange(ctx, false, typeJSON, request)
	if err != nil {
		return false
	}
	var reply struct{ Result *string }
	return json.Unmarshal(body, &reply) == nil && reply.Result != nil
}

// asText formats a decoded scalar; api_version is a number on some versions.
func asText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}
