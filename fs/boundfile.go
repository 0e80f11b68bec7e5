package fs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rtfs/rtorrent"
)

// A boundFile is a File about one subject.
type boundFile[T any] struct {
	file    File[T]
	subject subject[T]
	d       *driver
}

var _ source = (*boundFile[struct{}])(nil)

func (b *boundFile[T]) render(ctx context.Context) ([]byte, int64, error) {
	t, err := b.now(ctx)
	if err != nil {
		return nil, 0, err
	}
	return b.of(ctx, t)
}

// of renders the file about one T.
func (b *boundFile[T]) of(ctx context.Context, t *T) ([]byte, int64, error) {
	if b.d.cache.Client().Refuses(b.file.From) {
		return nil, 0, fmt.Errorf("%s: %w", b.file.From, rtorrent.ErrUntrusted)
	}
	var mtime int64
	if b.subject.mtime != nil {
		mtime = b.subject.mtime(t)
	}
	switch {
	case b.file.Read != nil:
		content, err := b.file.Read(ctx, b.d, t)
		return content, mtime, err
	case b.file.Value != nil:
		return line(b.file.Value(t)), mtime, nil
	}
	return nil, mtime, nil
}

// now returns the subject with what the file shows; whole files show anything.
func (b *boundFile[T]) now(ctx context.Context) (*T, error) {
	if b.file.Value == nil {
		return b.subject.find(ctx)
	}
	return b.subject.with(ctx, b.shows())
}

// shows are the rTorrent commands that a value and its time follow from.
func (b *boundFile[T]) shows() string { return b.file.From + " " + b.subject.dated }

// moment returns the value now, where it is from the snapshot of all torrents.
func (b *boundFile[T]) moment(ctx context.Context) (m moment, err error) {
	t, span, err := b.subject.at(ctx, b.shows())
	if err != nil {
		return moment{}, err
	}
	m.span = span
	m.content, m.mtime, err = b.of(ctx, t)
	return m, err
}

func (b *boundFile[T]) stat(ctx context.Context) (size, mtime int64, err error) {
	if b.file.Size == nil {
		content, mtime, err := b.render(ctx)
		return int64(len(content)), mtime, err
	}
	t, err := b.now(ctx)
	if err != nil {
		return 0, 0, err
	}
	if b.subject.mtime != nil {
		mtime = b.subject.mtime(t)
	}
	return b.file.Size(b.d, t), mtime, nil
}

func (b *boundFile[T]) seen(content []byte) {
	if b.file.Seen != nil {
		b.file.Seen(b.d, b.subject.hash, content)
	}
}

// line ends a value with a newline; the value of no lines is an empty file.
func line(value string) []byte {
	return append([]byte(value), '\n')
}

func (b *boundFile[T]) shape() (shape, bool) {
	if b.file.Set == nil {
		return 0, false
	}
	return b.file.Set.shape, true
}

func (b *boundFile[T]) plan(ctx context.Context, value string, add bool) (action, error) {
	t, err := b.before(ctx)
	if err != nil {
		return nil, err
	}
	value = strings.TrimSuffix(value, "\n")
	if b.file.Set.shape == shapeLine {
		value = strings.TrimSpace(value)
	}
	act, err := b.file.Set.plan(t, value, add)
	if errors.Is(err, errInvalid) && b.file.Set.begins(value) {
		return nil, errPartial
	}
	if err != nil || act == nil {
		return nil, err
	}
	return func(ctx context.Context, d *driver) error {
		err := act(ctx, d)
		d.arrivals.forget(b.subject.hash)
		return err
	}, nil
}

// before returns the subject with what its writes are planned on.
func (b *boundFile[T]) before(ctx context.Context) (*T, error) {
	if b.subject.alone == nil {
		return b.subject.find(ctx)
	}
	return b.subject.alone(ctx, b.file.From+" "+b.file.Set.needs)
}

// begins reports whether a value is the beginning of a word and none itself.
func (s *setter[T]) begins(value string) bool {
	begins := false
	for _, w := range s.words {
		if w == value {
			return false
		}
		begins = begins || value != "" && strings.HasPrefix(w, value)
	}
	return begins
}

func (b *boundFile[T]) shown(ctx context.Context) string {
	if b.file.Secret || b.file.Value == nil && b.file.Told == nil {
		return ""
	}
	t, err := b.before(ctx)
	switch {
	case err != nil:
		return ""
	case b.file.Told != nil:
		return b.file.Told(b.d, t)
	}
	return b.file.Value(t)
}
