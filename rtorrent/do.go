package rtorrent

import (
	"context"
	"errors"
	"fmt"
)

// Do carries out the commands on one torrent in one request, saves the
// torrent's session files in it if there was a command, and returns the row as
// it is afterwards, nil if the last command removed the torrent. On a refusal
// it returns the row and the first refusal: the commands before it have
// happened. ErrChecking means that a guarded one was left out because a
// running hash check would hang this rTorrent; unguarded ones beside it have
// happened. Where trackers would be asked so often that this rTorrent ends, Do
// waits; past some seconds the error is ErrTooOften.
func (c *Client) Do(ctx context.Context, h Hash, commands ...Command) (*Torrent, error) {
	caps, err := c.Caps(ctx)
	if err != nil {
		return nil, err
	}
	q := c.torrents.query(caps.Has, Static, Tick, Slow)
	calls, ends := encodeCommands(caps, h, commands)
	first := len(calls) // of the getters
	if !ends {
		calls = append(calls, q.calls(string(h))...)
	}
	request, err := encodeMulticall(calls)
	if err != nil {
		return nil, err
	}
	if err := c.pace(ctx, caps, h, calls[:first]); err != nil {
		return nil, err
	}
	var pending *saved
	if len(commands) > 0 && !ends {
		pending = caps.beforeSave(h, ".torrent.rtorrent")
	}
	body, _, err := c.exchange(ctx, len(commands) > 0, typeXML, request)
	if err != nil {
		return nil, fmt.Errorf("torrent %s: %w", h, err)
	}
	s := newXMLScanner(body)
	refusal, err := readOutcomes(s, calls[:first])
	if err != nil {
		return nil, err
	}
	if errors.Is(refusal, ErrChecking) {
		c.pacer.giveBack(h, calls[:first])
	}
	if ends {
		return nil, joinOutcome(batchEnd(s), refusal)
	}
	if refusal == nil {
		pending.wait(ctx)
	}
	row, err := q.decodeOne(s)
	if row != nil {
		row = c.nameGroups(ctx, c.correctName(caps, row))[0]
	}
	return row, joinOutcome(err, refusal)
}

// joinOutcome returns what happened to a batch: the refusal of one of its
// commands rather than the error of reading the row behind it.
func joinOutcome(err, refusal error) error {
	if refusal != nil && (err == nil || errors.Is(err, ErrNotFound)) {
		return refusal
	}
	return err
}

// encodeCommands returns the calls for the commands on this rTorrent, and
// whether they remove the torrent.
func encodeCommands(caps *Caps, h Hash, commands []Command) (calls []call, ends bool) {
	for _, cmd := range commands {
		if cmd.guarded && caps.hangsOnStop() {
			// The texts are constants: no value ever becomes part of a command.
			cmd.call = call{"branch", []any{h, "d.hashing=", "cat=" + busy, cmd.method + "="}}
		}
		calls = append(calls, cmd.call)
		ends = ends || cmd.ends
	}
	if len(commands) > 0 && !ends {
		calls = append(calls, call{caps.saveCommand(h), []any{h}})
	}
	return calls, ends
}

// busy is what a guarded command answers when a hash check is under way.
const busy = "busy"

// readOutcomes reads the results of the calls and returns the first refusal
// among them.
func readOutcomes(s scanner, calls []call) (refusal, err error) {
	checking := -1
	refusals, err := batch(s, len(calls), func(i int) error {
		c, err := s.cell()
		// Other commands may well return this text: a setter its value.
		if err == nil && calls[i].method == "branch" && string(c.text) == busy && checking < 0 {
			checking = i
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, r := range refusals {
		if r != nil && (checking < 0 || i < checking) {
			return r, nil
		}
	}
	if checking >= 0 {
		return ErrChecking, nil
	}
	return nil, nil
}
