package fs

import (
	"context"
	"slices"
	"strings"

	"rtfs/cache"
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
	if same := mergeTags(rtorrent.DecodeTags(t.Custom1), given, add); len(rtorrent.EncodeTags(same)) > tagsMax {
		return nil, tooManyTags(same)
	}
	return changeTags(t.Hash, func(old []string) []string {
		return mergeTags(old, given, add)
	}), nil
}

// changeTags is the action that gives a torrent the tags that follow from
// those it has then. The bytes in rTorrent stay as they are if that are the
// same.
func changeTags(h rtorrent.Hash, next func(old []string) []string) action {
	return func(ctx context.Context, d *driver) error {
		_, err := d.cache.Execute(ctx, h, cache.Plan{
			Columns: d.columns("d.custom1"),
			Commands: func(was, now *rtorrent.Torrent) ([]rtorrent.Command, error) {
				old := rtorrent.DecodeTags(was.Custom1)
				tags, want := next(old), was.Custom1
				var err error
				switch encoded := rtorrent.EncodeTags(tags); {
				case slices.Equal(old, tags):
				case len(encoded) > tagsMax:
					err = tooManyTags(tags)
				default:
					want = encoded
				}
				if want == now.Custom1 {
					return nil, err
				}
				if err := needMetadata(now); err != nil {
					return nil, err
				}
				return []rtorrent.Command{rtorrent.SetCustom1(h, want)}, err
			},
		})
		return err
	}
}

func tooManyTags(tags []string) error {
	return invalid("tags of %d bytes, at most %d", len(rtorrent.EncodeTags(tags)), tagsMax)
}

// mergeTags returns the tags after a write of given: they replace the old
// ones, or join them. Those that stay keep their order.
func mergeTags(old, given []string, add bool) []string {
	var next []string
	for _, tag := range old {
		if add || slices.Contains(given, tag) {
			next = append(next, tag)
		}
	}
	for _, tag := range given {
		if !slices.Contains(next, tag) {
			next = append(next, tag)
		}
	}
	return next
}

// setComment plans a write to comment. Percent escapes carry any bytes; what
// others wrote stays as it is when the comment does not change.
func setComment(t *rtorrent.Torrent, value string, _ bool) (action, error) {
	return func(ctx context.Context, d *driver) error {
		_, err := d.cache.Execute(ctx, t.Hash, cache.Plan{
			Columns: d.columns("d.custom2"),
			Commands: func(was, now *rtorrent.Torrent) ([]rtorrent.Command, error) {
				want, err := d.encodeComment(was.Custom2, value)
				if err != nil || want == now.Custom2 {
					return nil, err
				}
				return []rtorrent.Command{rtorrent.SetCustom2(t.Hash, want)}, nil
			},
		})
		return err
	}, nil
}

// encodeComment returns what custom2 holds for a comment, after it held old.
func (d *driver) encodeComment(old, comment string) (string, error) {
	if comment == rtorrent.DecodeComment(old) {
		return old, nil
	}
	encoded := rtorrent.EncodeComment(comment)
	if d.opts.NoRuTorrent {
		if !rtorrent.XMLSafe(comment) {
			return "", errEncoding
		}
		encoded = comment
	}
	if len(encoded) > tagsMax {
		return "", invalid("comment of %d bytes, at most %d", len(encoded), tagsMax)
	}
	return encoded, nil
}

// setPriority plans a write to priority.
func setPriority(t *rtorrent.Torrent, value string, _ bool) (action, error) {
	p, err := parsePriority(value)
	if err != nil {
		return nil, err
	}
	return apply(t.Hash, rtorrent.SetPriority(t.Hash, p), rtorrent.UpdatePriorities(t.Hash)), nil
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
