package fs

import (
	"context"
	"errors"
	"strings"

	"golang.org/x/sync/errgroup"

	"rtfs/rtorrent"
)

// linksAtOnce is how many links of one write are followed at a time.
const linksAtOnce = 4

// splitLinks returns the links on the lines of text.
func splitLinks(text string) []string {
	var links []string
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "#") {
			links = append(links, l)
		}
	}
	return links
}

// checkLinks returns the first link that is none, and why.
func checkLinks(texts []string) (bad string, err error) {
	for _, text := range texts {
		if _, err := parseLink(text); err != nil {
			return text, err
		}
	}
	return "", nil
}

// addLinks adds what links lead to; name is the file they stand in. Nothing is
// added if one of them is no link. Else each is tried, and the error is that
// of the first that failed.
func (d *driver) addLinks(ctx context.Context, dir *dropDir, name string, texts []string) error {
	_, err := checkLinks(texts)
	if err == nil && len(texts) == 0 {
		err = invalid("no link in it")
	}
	if err != nil {
		d.reportDrop(ctx, dir, "", name, err)
		return err
	}
	a, err := dir.adding()
	if err != nil {
		d.reportDrop(ctx, dir, "", name, err)
		return err
	}
	outcomes := make([]error, len(texts))
	var group errgroup.Group
	group.SetLimit(linksAtOnce)
	for i, text := range texts {
		group.Go(func() error {
			h, err := d.addLink(ctx, text, a)
			outcomes[i] = err
			from := name
			if h == "" || !strings.HasPrefix(strings.ToLower(text), "magnet:") {
				from += " " + redact(text)
			}
			d.reportDrop(ctx, dir, h, from, err)
			return nil
		})
	}
	_ = group.Wait() // it has none
	for _, err := range outcomes {
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *driver) addLink(ctx context.Context, text string, a adding) (rtorrent.Hash, error) {
	l, err := parseLink(text)
	if err != nil {
		return "", err
	}
	magnet := l.magnet
	if magnet == nil {
		var content []byte
		content, magnet, err = fetch(ctx, l.url)
		if err != nil {
			return "", err
		}
		if magnet == nil {
			h, err := d.load(ctx, content, a)
			if errors.Is(err, rtorrent.ErrIncomplete) {
				err = invalid("what it leads to is cut off")
			}
			return h, err
		}
	}
	return magnet.Hash, d.loadMagnet(ctx, *magnet, a)
}
