package rtorrent

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// Refused returns the command that rTorrent did not carry out for a connection
// that it does not trust, "" if err is nothing of the kind.
func Refused(err error) string {
	var f *Fault
	if !errors.As(err, &f) || !f.Is(ErrUntrusted) {
		return ""
	}
	return f.command()
}

// Refuses reports whether one of some commands, in one string as the tree names
// them, was refused for lack of trust, so that what follows from it is not
// known.
func (c *Client) Refuses(commands string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.refused) == 0 {
		return false
	}
	for _, command := range strings.Fields(commands) {
		if c.refused[command] {
			return true
		}
	}
	return false
}

// RefusedColumns returns the commands for which Refuses is true.
func (c *Client) RefusedColumns() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.refused))
}

// asks returns which columns can be asked: one that is refused fails a table as
// a whole.
func (c *Client) asks(caps *Caps) func(command string) bool {
	return func(command string) bool { return caps.Has(command) && !c.Refuses(command) }
}

// dropRefused notes the column whose refusal err is, and reports whether that is
// news: then the rest can be asked.
func (c *Client) dropRefused(err error) bool {
	command := strings.TrimSuffix(Refused(err), hexForm)
	c.mu.Lock()
	defer c.mu.Unlock()
	if command == "" || c.refused[command] {
		return false
	}
	c.refused[command] = true
	return true
}
