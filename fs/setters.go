package fs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rtfs/rtorrent"
)

// setTags plans a write to tags. The bytes in rTorrent stay as they are when
// the tags do not change, and tags that stay keep their order: the first is
// what other tools take for the category.
func setTags(t *rtorrent.Torrent, value string, add bool) (action, error) {
	given, err := parseTags(value)
	if err != nil {
		return nil, err
	}
	old := rtorrent.DecodeTags(t.Custom1)
	var next []string
	if add {
		next = slices.Clone(old)
	} else {
		for _, tag := range old {
			if slices.Contains(given, tag) {
				next = append(next, tag)
			}
		}
	}
	for _, tag := range given {
		if !slices.Contains(next, tag) {
			next = append(next, tag)
		}
	}
	if len(rtorrent.EncodeTags(next)) > tagsMax {
		return nil, invalid("tags of %d bytes, at most %d", len(rtorrent.EncodeTags(next)), tagsMax)
	}
	if slices.Equal(old, next) {
		return nil, nil
	}
	return apply(t.Hash, rtorrent.SetCustom1(t.Hash, rtorrent.EncodeTags(next))), nil
}

// setComment plans a write to comment. Percent escapes carry any bytes.
func setComment(t *rtorrent.Torrent, value string, _ bool) (action, error) {
	if value == rtorrent.DecodeComment(t.Custom2) {
		return nil, nil
	}
	return func(ctx context.Context, d *driver) error {
		encoded := rtorrent.EncodeComment(value)
		if d.opts.NoRuTorrent {
			if !rtorrent.XMLSafe(value) {
				return errEncoding
			}
			encoded = value
		}
		if len(encoded) > tagsMax {
			return invalid("comment of %d bytes, at most %d", len(encoded), tagsMax)
		}
		return apply(t.Hash, rtorrent.SetCustom2(t.Hash, encoded))(ctx, d)
	}, nil
}

// setPriority plans a write to priority.
func setPriority(t *rtorrent.Torrent, value string, _ bool) (action, error) {
	p, err := parsePriority(value)
	if err != nil || p == t.Priority {
		return nil, err
	}
	return apply(t.Hash, rtorrent.SetPriority(t.Hash, p), rtorrent.UpdatePriorities(t.Hash)), nil
}

// setDirectory plans a write to directory. rTorrent closes an open torrent
// silently when its directory is set, so it is stopped first, by itself: on
// 0.9.8 the setter must not follow a stop that met a running check.
func setDirectory(t *rtorrent.Torrent, value string, _ bool) (action, error) {
	dir, err := parseDirectory(value)
	if err != nil || dir == t.Directory {
		return nil, err
	}
	if t.IsMeta {
		return nil, fmt.Errorf("directory: %w: the metadata is not there yet", errBusy)
	}
	h := t.Hash
	return func(ctx context.Context, d *driver) error {
		if t.State || t.IsOpen || t.Hashing != 0 {
			if _, err := d.cache.Apply(ctx, h, moveStop.commands(h)...); err != nil {
				return err
			}
		}
		now, err := d.cache.Apply(ctx, h, rtorrent.SetDirectory(h, dir))
		if err == nil && now.Directory != dir {
			err = fmt.Errorf("directory: rTorrent kept %q", now.Directory)
		}
		if t.State {
			if restart := d.restart(ctx, t); err == nil {
				err = restart
			}
		}
		return err
	}, nil
}

// restart starts a torrent that was stopped for a change, and pauses it if it
// was paused before.
func (d *driver) restart(ctx context.Context, was *rtorrent.Torrent) error {
	err := d.carry(ctx, was.Hash, moveStart)
	if err == nil && stateOf(was) == statePaused {
		_, err = d.cache.Apply(ctx, was.Hash, rtorrent.Pause(was.Hash))
	}
	return err
}

// ctlWords are the words that ctl takes.
var ctlWords = []struct {
	word    string
	command func(rtorrent.Hash) rtorrent.Command
}{
	{"announce", rtorrent.Announce},
	{"scrape", rtorrent.Scrape},
	{"save", rtorrent.Save},
	{"erase", nil}, // not one command: driver.erase
}

func ctlWordList() []string {
	words := make([]string, len(ctlWords))
	for i, w := range ctlWords {
		words[i] = w.word
	}
	return words
}

func renderCtl(context.Context, *driver, *rtorrent.Torrent) ([]byte, error) {
	return line(strings.Join(ctlWordList(), "\n")), nil
}

// control plans a write to ctl.
func control(t *rtorrent.Torrent, word string, _ bool) (action, error) {
	for _, w := range ctlWords {
		switch {
		case w.word != word:
		case w.command == nil:
			return func(ctx context.Context, d *driver) error { return d.erase(ctx, t.Hash) }, nil
		default:
			return apply(t.Hash, w.command(t.Hash)), nil
		}
	}
	return nil, invalid("ctl %q, want one of %s", word, strings.Join(ctlWordList(), ", "))
}
