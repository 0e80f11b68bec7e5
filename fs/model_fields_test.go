package fs

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"rtfs/rtorrent"
)

// A modelField is a writable file of a torrent.
type modelField struct {
	name string
	// value makes a value that the file takes.
	value func(m *model) string
	// set is what another program does to the same end.
	set func(h rtorrent.Hash, value string) rtorrent.Command
	// truth is the value as rTorrent tells it.
	truth func(t *rtorrent.Torrent, c *rtorrent.Customs, f []*rtorrent.File) string
}

func modelFields() []modelField {
	unique := func(m *model) string { m.made++; return fmt.Sprintf("value-%d", m.made) }
	return []modelField{
		{"tags", unique,
			func(h rtorrent.Hash, v string) rtorrent.Command {
				return rtorrent.SetCustom1(h, rtorrent.EncodeTags([]string{v}))
			},
			func(t *rtorrent.Torrent, _ *rtorrent.Customs, _ []*rtorrent.File) string {
				return strings.Join(rtorrent.DecodeTags(t.Custom1), "\n")
			}},
		{"comment", func(m *model) string { return unique(m) + ` ;,"$ {}` },
			func(h rtorrent.Hash, v string) rtorrent.Command {
				return rtorrent.SetCustom2(h, rtorrent.EncodeComment(v))
			},
			func(t *rtorrent.Torrent, _ *rtorrent.Customs, _ []*rtorrent.File) string {
				return rtorrent.DecodeComment(t.Custom2)
			}},
		{"priority", func(m *model) string { return fmt.Sprint(m.rnd.IntN(4)) },
			func(h rtorrent.Hash, v string) rtorrent.Command { return rtorrent.SetPriority(h, int64(v[0]-'0')) },
			func(t *rtorrent.Torrent, _ *rtorrent.Customs, _ []*rtorrent.File) string {
				return fmt.Sprint(t.Priority)
			}},
		{"peers_max", func(m *model) string { m.made++; return fmt.Sprint(100 + m.made) }, nil,
			func(t *rtorrent.Torrent, _ *rtorrent.Customs, _ []*rtorrent.File) string {
				return fmt.Sprint(t.PeersMax)
			}},
		{"custom/key", unique,
			func(h rtorrent.Hash, v string) rtorrent.Command { return rtorrent.SetCustom(h, "key", v) },
			func(_ *rtorrent.Torrent, c *rtorrent.Customs, _ []*rtorrent.File) string { return c.Value("key") }},
		{"file_priority/sub/b", func(m *model) string { return fmt.Sprint(m.rnd.IntN(3)) }, nil,
			func(_ *rtorrent.Torrent, _ *rtorrent.Customs, f []*rtorrent.File) string {
				return fmt.Sprint(f[1].Priority)
			}},
		{"state", func(m *model) string { return []string{"start", "stop"}[m.rnd.IntN(2)] }, nil,
			func(t *rtorrent.Torrent, _ *rtorrent.Customs, _ []*rtorrent.File) string {
				return map[bool]string{true: "start", false: "stop"}[t.State]
			}},
	}
}

// fieldOf is the name under which the history has a field.
func fieldOf(h rtorrent.Hash, name string) string { return string(h) + "/" + name }

// shownAs turns what a file shows into what the history calls it: of state
// whether the torrent is started, which every state but one says.
func shownAs(field, text string) (value string, says bool) {
	value = strings.TrimSuffix(text, "\n")
	if field != "state" {
		return value, true
	}
	switch value {
	case stateStopped:
		return "stop", true
	case stateSeeding, stateDownloading, statePaused, stateError:
		return "start", true
	}
	return "", false // a check tells nothing of it
}

// truths asks rTorrent, past the mount, for all fields of a torrent. It is nil
// if the torrent is not there.
func (m *model) truths(h rtorrent.Hash) (map[string]string, error) {
	t, err := m.direct.Torrent(m.t.Context(), h)
	if err != nil {
		return nil, err
	}
	c, err := m.direct.Customs(m.t.Context(), h)
	if err != nil {
		return nil, err
	}
	f, err := m.direct.Files(m.t.Context(), h)
	if err != nil {
		return nil, err
	}
	truths := map[string]string{}
	for _, field := range modelFields() {
		truths[field.name] = field.truth(t, c, f)
	}
	return truths, nil
}

// settleAll asks rTorrent for a torrent, and takes what it says as true since
// at.
func (m *model) settleAll(p *payload, at time.Time, lag time.Duration) {
	m.t.Helper()
	truths, err := m.truths(p.hash)
	switch {
	case isNotFound(err):
		m.absent[p.hash] = true
		m.hist.settle(fieldOf(p.hash, ""), "absent", at, lag)
		return
	case err != nil:
		m.t.Fatalf("rTorrent itself: %v", err)
	}
	m.absent[p.hash] = false
	m.hist.settle(fieldOf(p.hash, ""), "present", at, lag)
	for name, value := range truths {
		m.hist.settle(fieldOf(p.hash, name), value, at, lag)
	}
}

func pick[T any](rnd *rand.Rand, of []T) T { return of[rnd.IntN(len(of))] }
