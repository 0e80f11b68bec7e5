package disk

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Verdict says what becomes of one file.
type Verdict uint8

// The verdicts. All but Goes stay.
const (
	Goes       Verdict = iota
	Absent             // it is not there
	Shared             // another torrent claims it
	Link               // it, or a directory on its way, is a symbolic link
	Special            // it is no regular file
	Outside            // its path leads out of the torrent's base
	Resized            // it has not the torrent's size
	Unverified         // no piece of it is verified, and it holds data
	Denied             // another user's, or in a place that rTorrent's user may not change
	Foreign            // not of this torrent
)

// An Item is one file of a plan.
type Item struct {
	Path    string // local
	Verdict Verdict
	Why     string // it stays, or a word about one that goes
	Frees   int64  // bytes
	Size    int64  // on disk

	file  int      // its index in the torrent
	parts []string // from the torrent's parent directory on
	dir   ident    // the directory it is in
	id    ident
	links uint64
	mtime unix.Timespec
	mode  uint32
	owner [2]int // user and group
}

func (i *Item) name() string { return i.parts[len(i.parts)-1] }

// A Plan says what a delete of a torrent's data would do, file by file.
type Plan struct {
	Torrent *Torrent
	Items   []Item
	// Denied is why nothing may be done at all, "" if something may.
	Denied string
	top    ident // the parent directory
	index  *Index
}

// AnyOwner stands for all users.
const AnyOwner = -1

// NewPlan looks at the files of one torrent. Files of other users than owner,
// and those in directories that are not owner's to change, are denied. The
// index is of all torrents; it may have the torrent itself.
func NewPlan(t *Torrent, x *Index, owner int64) (*Plan, error) {
	p := &Plan{Torrent: t, index: x}
	top, err := openTop(t.parent(), nil)
	if missing(err) {
		for i := range t.Files {
			p.Items = append(p.Items, Item{Path: t.local(&t.Files[i]), Verdict: Absent, Why: "not there"})
		}
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	defer top.Close()
	p.top = top.id
	l := &looker{plan: p, index: x, owner: owner, top: top, links: map[ident]uint64{}}
	defer l.leave()
	taken := map[string]bool{}
	for i := range t.Files {
		f := &t.Files[i]
		if path := t.local(f); !taken[path] {
			taken[path] = true
			item := l.look(f)
			item.file = i
			p.Items = append(p.Items, item)
		}
	}
	l.weigh()
	l.foreign(taken)
	return p, nil
}

// Digest tells the plan from another one: what goes, what stays and why, and
// which inodes these are. How much it frees is no part of it.
func (p *Plan) Digest() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %q %v %q\n", p.Torrent.Hash, p.Torrent.Base, p.top, p.Denied)
	for i := range p.Items {
		item := &p.Items[i]
		fmt.Fprintf(h, "%d %q %q %v %v %d\n", item.Verdict, item.Path, item.Why, item.dir, item.id, item.Size)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// Frees is how many bytes the plan frees.
func (p *Plan) Frees() int64 {
	var sum int64
	for i := range p.Items {
		sum += p.Items[i].Frees
	}
	return sum
}

// Going are the paths that go, in the order of the torrent's files.
func (p *Plan) Going() []string {
	var paths []string
	for i := range p.Items {
		if p.Items[i].Verdict == Goes {
			paths = append(paths, p.Items[i].Path)
		}
	}
	return paths
}

// String returns the plan for people.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "frees: %d bytes\n", p.Frees())
	for i := range p.Items {
		if item := &p.Items[i]; item.Verdict == Goes {
			fmt.Fprintf(&b, "goes: %s (%d bytes)%s\n", escape(item.Path), item.Size, colon(item.Why))
		}
	}
	for i := range p.Items {
		if item := &p.Items[i]; item.Verdict != Goes {
			fmt.Fprintf(&b, "stays: %s%s\n", escape(item.Path), colon(item.Why))
		}
	}
	if p.Denied != "" {
		fmt.Fprintf(&b, "refused: %s\n", escape(p.Denied))
	} else {
		b.WriteString("to delete: write the last line of this to this file; with `keep ` before it, nothing is unlinked\n")
	}
	fmt.Fprintf(&b, "%s\n", p.Order())
	return b.String()
}

// Order is what is written to have the plan carried out, and the last line of
// its text: the torrent and the plan. The text of another line is no order, so
// that a plan which nobody looked at is not carried out.
func (p *Plan) Order() string { return p.Torrent.Hash + " " + p.Digest() }

func colon(why string) string {
	if why == "" {
		return ""
	}
	return ": " + escape(why)
}

// escape keeps a path on one line.
func escape(s string) string {
	return strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\r", "\\r", "\t", "\\t").Replace(s)
}

// A looker looks at one file after the other, and keeps the directory of the
// last one open.
type looker struct {
	plan  *Plan
	index *Index
	owner int64
	top   *Dir
	at    *Dir // the directory of the last file, nil at first
	where string
	links map[ident]uint64 // how often each inode goes
	own   []*ownFolder
}

func (l *looker) leave() {
	if l.at != nil {
		l.at.Close()
	}
	for _, o := range l.own {
		o.dir.Close()
	}
}

// look decides about one file.
func (l *looker) look(f *File) Item {
	t := l.plan.Torrent
	item := Item{Path: t.local(f)}
	stays := func(v Verdict, why string) Item {
		item.Verdict, item.Why = v, why
		return item
	}
	parts, ok := t.components(f)
	if !ok {
		return stays(Outside, "outside the base "+t.Base)
	}
	item.parts = parts
	if err := l.enter(parts[:len(parts)-1]); err != nil {
		switch {
		case errors.Is(err, errLink):
			return stays(Link, "a symbolic link on its way")
		case missing(err):
			return stays(Absent, "not there")
		}
		return stays(Denied, err.Error())
	}
	st, err := l.at.stat(item.name())
	if errors.Is(err, fs.ErrNotExist) {
		return stays(Absent, "not there")
	}
	if err != nil {
		return stays(Denied, err.Error())
	}
	item.dir, item.id, item.links = l.at.id, identOf(st), uint64(st.Nlink)
	item.Size, item.mtime = st.Size, st.Mtim
	item.mode, item.owner = st.Mode&0o7777, [2]int{int(st.Uid), int(st.Gid)}
	switch {
	case st.Mode&unix.S_IFMT == unix.S_IFLNK:
		return stays(Link, "a symbolic link")
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return stays(Special, "not a regular file")
	}
	if s, shared := l.index.sharing(t.Hash, item.dir, item.name(), item.id, item.Size); shared {
		return stays(Shared, "shared with "+s.hash+" "+s.how)
	}
	if why := l.denied(st); why != "" {
		l.plan.Denied = item.Path + ": " + why
		return stays(Denied, why)
	}
	switch {
	case st.Size != f.Size:
		return stays(Resized, fmt.Sprintf("%d bytes where the torrent has %d", st.Size, f.Size))
	case !f.Touched.IsZero() && time.Unix(st.Mtim.Unix()).After(f.Touched):
		return stays(Unverified, "written by another program since rTorrent looked at it")
	case !f.Verified && !l.at.empty(item.name(), st):
		return stays(Unverified, "no verified piece, and it holds data")
	}
	item.Frees = min(st.Size, st.Blocks*512)
	l.links[item.id]++
	return item
}

// weigh counts what stays on the disk by other names as not freed, and what
// goes by several names once.
func (l *looker) weigh() {
	counted := map[ident]bool{}
	for i := range l.plan.Items {
		item := &l.plan.Items[i]
		switch {
		case item.Verdict != Goes:
		case item.links > l.links[item.id]:
			item.Why = fmt.Sprintf("kept elsewhere by %d other hard links, frees 0", item.links-l.links[item.id])
			item.Frees = 0
		case counted[item.id]:
			item.Frees = 0
		default:
			counted[item.id] = true
		}
	}
}

var errLink = errors.New("a symbolic link")

// enter opens the directory at the components.
func (l *looker) enter(parts []string) error {
	where := filepath.Join(parts...)
	if l.at != nil && l.where == where {
		return nil
	}
	l.leaveLast()
	at, err := l.top.descend(parts, func(i int, at *Dir, name string) (*Dir, error) {
		st, err := at.stat(name)
		if err != nil {
			return nil, err
		}
		if st.Mode&unix.S_IFMT == unix.S_IFLNK {
			return nil, errLink
		}
		next, err := at.at(name)
		if err != nil {
			return nil, err
		}
		if err := l.note(parts[:i+1], next); err != nil {
			next.Close()
			return nil, err
		}
		return next, nil
	})
	if err != nil {
		return err
	}
	l.at, l.where = at, where
	return nil
}

func (l *looker) leaveLast() {
	if l.at != nil {
		l.at.Close()
		l.at = nil
	}
}
