package fs

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// readSomething reads one thing, and notes it for the judge.
func (m *model) readSomething(rnd *rand.Rand) {
	p := pick(rnd, m.torrents)
	begun := time.Now()
	var err error
	switch rnd.IntN(10) {
	case 0:
		err = m.readTable(begun)
	case 1:
		err = m.readListing(begun)
	case 2:
		err = m.readContent(p, begun)
	case 3:
		err = m.readFixed(p)
	default:
		err = m.readField(p, pick(rnd, modelFields()), begun)
	}
	m.reads.Add(1)
	switch {
	case err == nil:
	case errors.Is(err, syscall.ENOENT):
		// A key of custom/ is there only while it has a value.
	case expected(err), errors.Is(err, syscall.ESTALE):
		// ESTALE: its directory is being moved into erase/ at this moment.
		m.refusedReads.Add(1)
	default:
		m.t.Errorf("a read failed with %v", err)
	}
}

func (m *model) readField(p *payload, f modelField, begun time.Time) error {
	text, err := m.readFile(m.m.torrent(p.hash, f.name))
	if errors.Is(err, syscall.ENOENT) && !strings.HasPrefix(f.name, "custom/") {
		m.hist.saw(fieldOf(p.hash, ""), "absent", begun)
	}
	if err != nil {
		return err
	}
	m.hist.saw(fieldOf(p.hash, ""), "present", begun)
	if value, says := shownAs(f.name, text); says {
		m.hist.saw(fieldOf(p.hash, f.name), value, begun)
	}
	return nil
}

// readFixed reads what never changes.
func (m *model) readFixed(p *payload) error {
	for name, want := range map[string]string{"name": p.name, "file_count": "2", "size": fmt.Sprint(len(p.files[0].data) + len(p.files[1].data))} {
		text, err := m.readFile(m.m.torrent(p.hash, name))
		if err != nil {
			return err
		}
		if text != want+"\n" {
			m.t.Errorf("false: %s of %s is %q, want %q", name, p.hash, text, want)
		}
	}
	for _, name := range []string{"health", "README", "log"} {
		if _, err := m.readFile(m.m.path(name)); err != nil {
			m.t.Errorf("%s: %v", name, err)
		}
	}
	return nil
}

// readContent reads a file of the content: its bytes or an error.
func (m *model) readContent(p *payload, begun time.Time) error {
	text, err := m.readFile(m.m.torrent(p.hash, "files", "sub", "b"))
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENODATA) || errors.Is(err, syscall.EREMOTE) {
		err = nil // not verified yet
	} else if err == nil && !bytes.Equal([]byte(text), p.files[1].data) {
		m.t.Errorf("false: content of %d bytes, want %d others", len(text), len(p.files[1].data))
	}
	return err
}

// readListing lists torrents/ or by-name/, which have all torrents and no other.
func (m *model) readListing(begun time.Time) error {
	var entries []os.DirEntry
	err := m.timed("listing", func() (err error) {
		entries, err = os.ReadDir(m.m.path("torrents"))
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range m.torrents {
		there := slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == string(p.hash) })
		m.hist.saw(fieldOf(p.hash, ""), map[bool]string{true: "present", false: "absent"}[there], begun)
	}
	if len(entries) > len(m.torrents) {
		m.t.Errorf("false: %d torrents, there never were more than %d", len(entries), len(m.torrents))
	}
	return nil
}

// readTable reads list.tsv, in which each row is judged.
func (m *model) readTable(begun time.Time) error {
	text, err := m.readFile(m.m.path("list.tsv"))
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	head := strings.Split(lines[0], "\t")
	rows := map[string][]string{}
	for _, l := range lines[1:] {
		cells := strings.Split(l, "\t")
		if len(cells) != len(head) {
			m.t.Errorf("false: a row of %d cells under a head of %d", len(cells), len(head))
			return nil
		}
		rows[cells[0]] = cells
	}
	for _, p := range m.torrents {
		cells := rows[string(p.hash)]
		m.hist.saw(fieldOf(p.hash, ""), map[bool]string{true: "present", false: "absent"}[cells != nil], begun)
		for _, name := range []string{"tags", "comment", "priority", "state", "peers_max"} {
			at := slices.Index(head, name)
			if at < 0 || cells == nil {
				continue
			}
			if value, says := shownAs(name, cells[at]); says {
				m.hist.saw(fieldOf(p.hash, name), value, begun)
			}
		}
	}
	return nil
}
