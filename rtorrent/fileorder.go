package rtorrent

import (
	"context"
	"strconv"
)

// A FileOrder is what rTorrent knows of which pieces of a file to get before
// others: it has no downloading from front to back.
type FileOrder struct {
	Priority int64 `json:"priority"` // 0 off, 1 normal, 2 high
	// First and Last say that the file's first and last piece are got like
	// those of a file of high priority. They have no effect on one that is.
	First bool `json:"first"`
	Last  bool `json:"last"`
}

// FileOrder asks for the order of one file's pieces.
func (c *Client) FileOrder(ctx context.Context, h Hash, index int) (FileOrder, error) {
	var n [3]int64
	for i, method := range []string{"f.priority", "f.prioritize_first", "f.prioritize_last"} {
		if err := c.Call(ctx, &n[i], method, string(h)+":f"+strconv.Itoa(index)); err != nil {
			return FileOrder{}, err
		}
	}
	return FileOrder{n[0], n[1] != 0, n[2] != 0}, nil
}

// SetFileOrder returns what makes a file's order to, where it differs from
// now. UpdatePriorities must follow.
func SetFileOrder(h Hash, index int, now, to FileOrder) []Command {
	var commands []Command
	if now.Priority != to.Priority {
		commands = append(commands, SetFilePriority(h, index, to.Priority))
	}
	toggle := func(now, to bool, what string) {
		verb := ".disable"
		if to {
			verb = ".enable"
		}
		if now != to {
			commands = append(commands, fileCommand(h, index, what+verb))
		}
	}
	toggle(now.First, to.First, "f.prioritize_first")
	toggle(now.Last, to.Last, "f.prioritize_last")
	return commands
}
