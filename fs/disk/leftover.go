package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Leftover is what an interrupted job has left.
type Leftover struct {
	Hash string
	Text string // one line: what was left, and how to finish or undo it
	json string
}

// Gone reports whether somebody has seen to it.
func (l *Leftover) Gone() bool {
	_, err := os.Lstat(l.json)
	return missing(err)
}

// Leftovers returns what jobs on a server's torrents have left that are not
// under way any more, with scripts beside their records that undo or finish
// them. Records of which nothing is left are removed.
func Leftovers(dir, server string) ([]*Leftover, error) {
	records, err := filepath.Glob(filepath.Join(dir, "*-*.json"))
	var all []*Leftover
	for _, name := range records {
		j, running := lockJournal(strings.TrimSuffix(name, ".json"), nil)
		if running != nil {
			continue
		}
		r, failed := j.read()
		switch {
		case failed != nil:
			err = failed
		case r.Server != server:
		default:
			l := r.leftover(j.path)
			if l == nil {
				err = j.Remove()
				break
			}
			all = append(all, l)
			err = r.writeScripts(j.path)
		}
		j.Close()
	}
	return all, err
}

// leftover tells what is left, nil for nothing.
func (r *Record) leftover(journal string) *Leftover {
	before, after := 0, 0
	for _, f := range r.Files {
		before += there(f.From)
		after += there(f.To)
	}
	l := &Leftover{Hash: r.Hash, json: journal + ".json"}
	scripts := fmt.Sprintf("; undo: sh %s; finish: sh %s", quote(journal+".undo.sh"), quote(journal+".finish.sh"))
	name := escape(string(r.Name)) + " (" + r.Hash + ")"
	switch r.Kind {
	case KindDelete:
		if after == 0 {
			return nil
		}
		what := "was interrupted"
		if r.Stage == StageKept {
			what = "was kept back"
		}
		l.Text = fmt.Sprintf("the delete of %s %s: %d files are in %s%s beside where they were%s", name, what, after, boxPrefix, r.Hash, scripts)
	case KindMove:
		if after == 0 && r.Stage == StageBegun {
			return nil
		}
		l.Text = fmt.Sprintf("the move of %s was interrupted: %d files are where they were and %d at the new place%s", name, before, after, scripts)
	default:
		for _, f := range r.Probe {
			after += there(f.To)
		}
		if after == 0 && there(r.Staging) == 0 {
			return nil
		}
		l.Text = fmt.Sprintf("the move of %s to another file system was interrupted: %d files are where they were, %d copies at the new place%s", name, before, after, scripts)
	}
	return l
}

func there(p path) int {
	if len(p) == 0 {
		return 0
	}
	if _, err := os.Lstat(string(p)); err != nil {
		return 0
	}
	return 1
}

// quote makes a word for sh.
func quote[S ~string | ~[]byte](s S) string {
	return "'" + strings.ReplaceAll(string(s), "'", `'\''`) + "'"
}

// shellParts are what the scripts call. They replace nothing, and remove a
// file only if the same bytes are at the other place.
const shellParts = `failed=0
put() { # put FROM TO
	[ -e "$1" ] || [ -L "$1" ] || return 0
	if [ -e "$2" ] || [ -L "$2" ]; then echo "not replaced: $2" >&2; failed=1
	else mkdir -p -- "$(dirname -- "$2")" && mv -n -- "$1" "$2" || failed=1; fi
}
drop() { # drop COPY ORIGINAL
	[ -e "$1" ] || return 0
	if [ ! "$1" -ef "$2" ] && cmp -s -- "$1" "$2"; then rm -- "$1" || failed=1
	else echo "not the same, so both stay: $1 $2" >&2; failed=1; fi
}
`

// writeScripts writes how to undo and how to finish.
func (r *Record) writeScripts(journal string) error {
	var undo, finish strings.Builder
	each := func(b *strings.Builder, format string, swap bool) {
		for _, f := range r.Files {
			from, to := quote(f.From), quote(f.To)
			if swap {
				from, to = to, from
			}
			fmt.Fprintf(b, format+"\n", from, to)
		}
	}
	switch r.Kind {
	case KindDelete:
		each(&undo, "put %s %s", true)
		for _, f := range r.Files {
			fmt.Fprintf(&finish, "rm -f -- %s || failed=1\n", quote(f.To))
		}
		boxes := map[string]bool{}
		for _, f := range r.Files {
			if box := filepath.Dir(string(f.To)); !boxes[box] {
				boxes[box] = true
				for _, b := range []*strings.Builder{&undo, &finish} {
					fmt.Fprintf(b, "[ ! -d %s ] || rmdir -- %[1]s || failed=1\n", quote(box))
				}
			}
		}
		fmt.Fprintf(&undo, "echo 'If rTorrent still has the torrent, it is stopped: write start to its state. If not, add it again.'\n")
		fmt.Fprintf(&finish, "echo 'If rTorrent still has the torrent: write erase to its ctl.'\n")
	case KindMove:
		each(&undo, "put %s %s", true)
		each(&finish, "put %s %s", false)
		r.tellDirectory(&undo, r.OldDirectory)
		r.tellDirectory(&finish, r.NewDirectory)
	default:
		for _, b := range []*strings.Builder{&undo, &finish} {
			for _, f := range r.Probe {
				fmt.Fprintf(b, "put %s %s\n[ ! -d %s ] || rmdir -- %[3]s || failed=1\n", quote(f.To), quote(f.From), quote(filepath.Dir(string(f.To))))
			}
		}
		each(&undo, "drop %s %s", true)
		fmt.Fprintf(&undo, "[ ! -d %s ] || rm -r -- %[1]s || failed=1\n", quote(r.Staging))
		r.tellDirectory(&undo, r.OldDirectory)
		if r.Stage == StageSwitched {
			each(&finish, "drop %s %s", false)
			r.tellDirectory(&finish, r.NewDirectory)
		} else {
			finish.WriteString("echo 'Nothing was moved yet: undo it, and write to move again.'\nfailed=1\n")
		}
	}
	for ending, body := range map[string]string{".undo.sh": undo.String(), ".finish.sh": finish.String()} {
		script := shellParts + body + "[ $failed = 0 ] && rm -f -- " + quote(journal+".json") + "\n"
		if err := writeSynced(journal+ending, []byte(script), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (r *Record) tellDirectory(b *strings.Builder, dir path) {
	fmt.Fprintf(b, "echo 'Then write to the directory of torrents/%s, and start to its state:' %s\n", r.Hash, quote(dir))
}
