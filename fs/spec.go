package fs

import (
	"context"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// A Node is one declaration about a T: a File, a Dir or a List.
type Node[T any] interface {
	// reference returns the lines that describe it and what is below it.
	reference(prefix string) []Line
	// bind makes it an entry of the directory about one T; false leaves it
	// out, because this rTorrent lacks what it shows.
	bind(d *driver, s subject[T], at int) (entry, bool)
}

// A subject says which T the entries of one directory are about.
type subject[T any] struct {
	path string        // of the directory, for logs
	hash rtorrent.Hash // of the torrent, "" elsewhere
	ino  uint64        // first of the inode numbers of its rows
	// find returns the T in the present snapshot. It is called by each
	// operation anew.
	find func(context.Context) (*T, error)
	// want is find for what follows from some rTorrent commands, "" for the T's
	// being there, and alone the same for a write to this T: it asks no others.
	// nil: find is as cheap.
	want, alone func(ctx context.Context, from string) (*T, error)
	// at is want with the time that the T is of; nil where that is not of the
	// snapshot of all torrents.
	at func(ctx context.Context, from string) (*T, cache.Span, error)
	// mtime returns the T's time in Unix seconds, which follows from dated; nil
	// means the mount's.
	mtime func(*T) int64
	dated string
}

// with returns the T as far as it follows from some rTorrent commands.
func (s *subject[T]) with(ctx context.Context, from string) (*T, error) {
	if s.want == nil {
		return s.find(ctx)
	}
	return s.want(ctx, from)
}

// A File declares one virtual file about a T. Its mode follows from what is
// set: 0444, or 0644 with Set; without group and others' bits if Secret.
type File[T any] struct {
	Name string
	Doc  string // completes its line in the reference
	From string // the rTorrent commands behind it, separated by spaces
	// Value is one value, from memory. Files that have it are the columns of
	// list.tsv and the lines of info.
	Value func(*T) string
	Kind  kind // of the value: how JSON shows it
	// Among is what the value is one of, nil where that is not told: where/
	// refuses another word.
	Among []string
	// Read renders whole files, which are no single value.
	Read func(context.Context, *driver, *T) ([]byte, error)
	// Size tells how long that is where finding out by Read would cost a call
	// or a file for each of many torrents.
	Size func(*driver, *T) int64
	// Seen is told of the text when somebody has read it to its end.
	Seen func(d *driver, h rtorrent.Hash, content []byte)
	// Told is what the log has as the value before a write, where there is no
	// Value.
	Told func(*driver, *T) string
	// Set is what a write does, nil if the file is read-only.
	Set *setter[T]
	// Secret files are readable by the owner alone.
	Secret bool
}

// A kind is how a value is shown in JSON.
type kind uint8

const (
	kindText kind = iota
	kindNumber
	kindFlag
	kindLines
)

// A setter is what a write to a file does.
type setter[T any] struct {
	shape shape
	// words are what the file takes, when they can be listed. The beginning
	// of one is not yet wrong (dd bs=1 writes a byte at a time).
	words []string
	// plan checks a value and returns what carries it out. It makes no call:
	// a bad value is errInvalid and changes nothing. With add the value joins
	// what is there.
	plan func(t *T, value string, add bool) (action, error)
	// needs are the rTorrent commands that plan looks at besides the file's From.
	needs string
}

// An action carries out a write that was checked.
type action func(context.Context, *driver) error

// A shape says how the bytes of write(2) become values.
type shape uint8

const (
	shapeLine  shape = iota // each line is one value
	shapeText               // all that was written is one value
	shapeNote               // the same, and >> adds to the text that is there
	shapeLines              // all lines together are one value; >> adds to it
)

// A Dir declares a directory whose entries are about the same T.
type Dir[T any] struct {
	Name, Doc string
	Nodes     []Node[T]
}

// A List declares a directory made by the state of rTorrent: its entries are
// found by a directory of its own kind.
type List[T any] struct {
	Name, Doc string
	// Below describes the entries for the reference.
	Below func(prefix string) []Line
	// Open returns the directory.
	Open func(d *driver, s subject[T]) directory
}

// A Growing declares a file that only grows.
type Growing[T any] struct {
	Name, Doc string
	Log       func(*driver) *logFile
}

// A Link declares a symbolic link.
type Link[T any] struct {
	Name, Doc, From string
	Target          func(*driver, *T) string
}

// A Line is one line of the reference.
type Line struct {
	Path string // below the root
	Mode string // as ls prints it
	Doc  string
	From string // the rTorrent commands behind it
}

func (f File[T]) reference(prefix string) []Line {
	return []Line{{Path: prefix + f.Name, Mode: modeString(f.mode()), Doc: f.Doc, From: f.From}}
}

func (f Dir[T]) reference(prefix string) []Line {
	lines := []Line{{Path: prefix + f.Name + "/", Mode: modeString(modeDir), Doc: f.Doc}}
	for _, n := range f.Nodes {
		lines = append(lines, n.reference(prefix+f.Name+"/")...)
	}
	return lines
}

func (f List[T]) reference(prefix string) []Line {
	lines := []Line{{Path: prefix + f.Name + "/", Mode: modeString(modeDir), Doc: f.Doc}}
	if f.Below != nil {
		lines = append(lines, f.Below(prefix+f.Name+"/")...)
	}
	return lines
}

func (f Growing[T]) reference(prefix string) []Line {
	return []Line{{Path: prefix + f.Name, Mode: modeString(modeFile), Doc: f.Doc}}
}

func (f Link[T]) reference(prefix string) []Line {
	return []Line{{Path: prefix + f.Name, Mode: modeString(modeLink), Doc: f.Doc, From: f.From}}
}
