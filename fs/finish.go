package fs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rtfs/rtorrent"
)

const (
	// finishWithin bounds what one drop may take.
	finishWithin = 2 * time.Minute
	// finishGrace is how long a drop is waited for whose program was
	// interrupted: any signal counts, also that a child has ended.
	finishGrace = time.Second
)

// finishDrop loads a drop if it has a new content that is due, and returns what
// became of it. A missing end may yet come, so that has its line in the logs
// only when the last writer has closed.
func (d *driver) finishDrop(ctx context.Context, drop *drop, last bool) error {
	content, outcome, due := drop.take()
	if due {
		outcome = d.untilDone(ctx, func(ctx context.Context) error {
			err := d.addDrop(ctx, drop, content)
			drop.settle(err)
			return err
		})
	}
	if last && isIncomplete(outcome) && drop.untold() {
		dir, name := drop.place()
		d.reportDrop(ctx, dir, "", name, outcome)
	}
	return outcome
}

// addDrop adds the content of a drop: links, or a torrent.
func (d *driver) addDrop(ctx context.Context, drop *drop, content []byte) error {
	dir, name := drop.place()
	if strings.HasSuffix(strings.ToLower(name), ".magnet") {
		return d.addLinks(ctx, dir, name, splitLinks(string(content)))
	}
	a, err := dir.adding()
	var h rtorrent.Hash
	if err == nil {
		h, err = d.load(ctx, content, a)
	}
	if !isIncomplete(err) {
		d.reportDrop(ctx, dir, h, name, err)
	}
	return err
}

// adding is what is dropped in the directory gets.
func (a *dropDir) adding() (adding, error) {
	a = a.now()
	values, err := a.d.defaultsOf(a.tag)
	into := adding{start: a.tree.start, defaults: values}
	if a.tag != "" {
		into.tags = []string{a.tag}
	}
	return into, err
}

// untilDone does the work to its end, also when the caller's program is
// interrupted: the program is told the outcome if that is known soon, else
// that it is not.
func (d *driver) untilDone(ctx context.Context, work func(context.Context) error) error {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	stop := context.AfterFunc(d.life, cancel)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		defer stop()
		done <- work(detached)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace := time.NewTimer(finishGrace)
	defer grace.Stop()
	select {
	case err := <-done:
		return err
	case <-grace.C:
		return fmt.Errorf("%w: it goes on, and the log in add/ will say how it ended", rtorrent.ErrInterrupted)
	}
}

// reportDrop logs what became of a drop, there and in the log of all writes.
func (d *driver) reportDrop(ctx context.Context, dir *dropDir, h rtorrent.Hash, name string, err error) {
	dir.tree.report(h, dir.below+name, err)
	d.record(ctx, dir.path+name, "", string(h), err)
}

func isIncomplete(err error) bool { return errors.Is(err, rtorrent.ErrIncomplete) }
