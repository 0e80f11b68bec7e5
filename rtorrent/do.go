package rtorrent

import (
	"context"
	"errors"
	"fmt"
)

// Do carries out the commands on one torrent in one request, saves the
// torrent's session files in it if there was a command, and returns the whole row
// as it is afterwards, nil if the last command removed the torrent. On a refusal
// it returns the row and the first refusal: the commands before it have
// happened. ErrChecking means that a guarded one was left out because a
// hash check is under way, that it would cancel or that would hang this
// rTorrent; unguarded ones beside it have happened. Where trackers would be asked so often that this rTorrent ends, Do
// waits; past some seconds the error is ErrTooOften.
func (c *Client) Do(ctx context.Context, h Hash, commands ...Command) (*Torrent, error) {
	_, row, err := c.DoSeeing(ctx, h, nil, 0, commands...)
	return row, err
}

// DoSeeing is Do for commands that were decided by some columns of a known row.
// What these are right before the commands is asked in the same request: seen is
// known itself if they are as they were, else a copy with what they are. Where
// the request failed as a whole, seen is nil. Each value costs rTorrent a search
// through all its torrents, so the row is known with what these columns and
// Changes of the commands are afterwards; where known is nil, it is whole.
func (c *Client) DoSeeing(ctx context.Context, h Hash, known *Torrent, columns Columns, commands ...Command) (seen, row *Torrent, err error) {
	caps, err := c.Caps(ctx)
	if err != nil {
		return nil, nil, err
	}
	return c.doApart(ctx, caps, h, known, columns, caps.apart(commands))
}

// doSeeing is DoSeeing of what can go in one request.
func (c *Client) doSeeing(ctx context.Context, caps *Caps, h Hash, known *Torrent, columns Columns, commands []Command) (seen, row *Torrent, err error) {
	before, after := &Torrent{Hash: h}, AllColumns
	if known != nil {
		before, after = known, columns|c.Changes(commands...)
	}
	q := c.torrents.pick(c.asks(caps), after).withoutKey()
	calls, ends := encodeCommands(caps, h, commands)
	look := c.torrents.pick(c.asks(caps), columns).withoutKey()
	var all []call
	if known != nil {
		all = look.calls(string(h))
	}
	all = append(all, calls...)
	if !ends {
		all = append(all, q.calls(string(h))...)
	}
	request, err := encodeMulticall(all)
	if err != nil {
		return nil, nil, err
	}
	if ends {
		if err := c.quieten(ctx, caps, h); err != nil {
			return nil, nil, err
		}
	}
	if err := c.pace(ctx, caps, h, calls); err != nil {
		return nil, nil, err
	}
	defer c.paced(caps, h, calls)
	var pending *saved
	if len(commands) > 0 && !ends {
		pending = caps.beforeSave(h, ".torrent.rtorrent")
	}
	body, _, err := c.exchange(ctx, len(commands) > 0, typeXML, request)
	if err != nil {
		return nil, nil, fmt.Errorf("torrent %s: %w", h, err)
	}
	s := newXMLScanner(body)
	var unseen error
	if known != nil {
		if seen, unseen, err = look.decodeCalls(s, known); err != nil {
			return nil, nil, outcomeOf(err, commands)
		}
	}
	refusal, err := readOutcomes(s, calls)
	if err != nil {
		return nil, nil, outcomeOf(err, commands)
	}
	if refusal == nil {
		refusal = unseen
	}
	if errors.Is(refusal, ErrChecking) {
		c.pacer.giveBack(h, calls)
	}
	if ends {
		return seen, nil, joinOutcome(outcome(batchEnd(s)), refusal)
	}
	if refusal == nil {
		pending.wait(ctx)
	}
	row, err = q.decodeOne(s, before)
	if c.dropRefused(err) {
		// The commands have happened; what the row is without the column is
		// asked by itself.
		row, err = c.Torrent(ctx, h)
	}
	if row != nil {
		row = c.nameGroups(ctx, c.correctName(caps, row))[0]
	}
	return seen, row, joinOutcome(outcomeOf(err, commands), refusal)
}

// outcomeOf is outcome where there were commands; without them it was a read.
func outcomeOf(err error, commands []Command) error {
	if len(commands) == 0 || errors.Is(err, ErrNotFound) {
		return err
	}
	return outcome(err)
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
		// The texts are constants: no value ever becomes part of a command.
		branch := []any{h}
		for _, flag := range cmd.unless {
			branch = append(branch, flag+"=", "cat=")
		}
		if cmd.waits || cmd.guarded && caps.hangsOnStop() {
			branch = append(branch, "d.hashing=", "cat="+busy)
		}
		if len(branch) > 1 {
			cmd.call = call{"branch", append(branch, cmd.method+"=")}
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
