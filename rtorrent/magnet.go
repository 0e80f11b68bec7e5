package rtorrent

import (
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// maxMagnet bounds a magnet link, in bytes, as it is read and as it is written.
const maxMagnet = 64 << 10

// A Magnet is a checked magnet link.
type Magnet struct {
	Hash     Hash
	Name     string   // what dn suggests, raw bytes; "" without one
	Trackers []string // those that rTorrent can announce to, in their order
}

// ParseMagnet reads a magnet link of a version 1 torrent. rTorrent reads past
// the end of a link that is cut off (magnet:?xt, dn=x%), so what is malformed
// is refused, and what is not named here is dropped: give rTorrent the
// Magnet's String. The errors say what is wrong; none has a kind.
func ParseMagnet(s string) (Magnet, error) {
	errLong := fmt.Errorf("magnet link is over %d bytes", maxMagnet)
	if len(s) > maxMagnet {
		return Magnet{}, errLong
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }); i >= 0 {
		return Magnet{}, fmt.Errorf("magnet link has %q in it", s[i])
	}
	scheme, query, _ := strings.Cut(s, "?")
	if !strings.EqualFold(scheme, "magnet:") {
		return Magnet{}, errors.New("it is no magnet link")
	}
	var m Magnet
	for _, parameter := range strings.Split(query, "&") {
		if err := m.add(parameter); err != nil {
			return Magnet{}, fmt.Errorf("magnet link: %w", err)
		}
	}
	if m.Hash == "" {
		return Magnet{}, errors.New("magnet link has no xt=urn:btih:, the info-hash of a version 1 torrent")
	}
	if len(m.String()) > maxMagnet {
		return Magnet{}, errLong
	}
	return m, nil
}

// String returns the link with nothing but the hash, the name and the
// trackers, their bytes percent-encoded.
func (m Magnet) String() string {
	s := "magnet:?xt=urn:btih:" + string(m.Hash)
	if m.Name != "" {
		s += "&dn=" + percentEncode(m.Name)
	}
	for _, t := range m.Trackers {
		s += "&tr=" + percentEncode(t)
	}
	return s
}

// add reads one parameter of the query. A key may be numbered, as in tr.1.
func (m *Magnet) add(parameter string) error {
	key, value, found := strings.Cut(parameter, "=")
	if !found {
		return fmt.Errorf("parameter %.40q has no value", parameter)
	}
	key, _, _ = strings.Cut(key, ".")
	if key == "dn" {
		value = strings.ReplaceAll(value, "+", " ")
	}
	value, err := url.PathUnescape(value)
	if err != nil {
		return fmt.Errorf("parameter %.40q: %w", key, err)
	}
	switch key {
	case "xt":
		return m.addTopic(value)
	case "dn":
		m.Name = value
	case "tr":
		return m.addTracker(value)
	}
	return nil
}

// addTopic takes the info-hash, in hexadecimal or base32. Topics of other
// kinds, as a hybrid torrent has beside it, are no use to rTorrent.
func (m *Magnet) addTopic(urn string) error {
	const prefix = "urn:btih:"
	if len(urn) < len(prefix) || !strings.EqualFold(urn[:len(prefix)], prefix) {
		return nil
	}
	digits := urn[len(prefix):]
	if len(digits) == 32 {
		raw, err := base32.StdEncoding.DecodeString(strings.ToUpper(digits))
		if err != nil {
			return fmt.Errorf("info-hash %q is not base32", digits)
		}
		digits = fmt.Sprintf("%X", raw)
	}
	hash, err := ParseHash(digits)
	if err != nil {
		return err
	}
	if m.Hash != "" && m.Hash != hash {
		return errors.New("it names two torrents")
	}
	m.Hash = hash
	return nil
}

// trackerSchemes are those that rTorrent announces to. It drops others, such
// as the wss of browsers.
var trackerSchemes = map[string]bool{"http": true, "https": true, "udp": true}

func (m *Magnet) addTracker(announce string) error {
	u, err := url.Parse(announce)
	switch {
	case err != nil:
		return fmt.Errorf("tracker %.80q is not a URL", announce)
	case u.Scheme == "" || u.Host == "":
		return fmt.Errorf("tracker %.80q is not an absolute URL", announce)
	case !trackerSchemes[u.Scheme]:
		return nil
	case len(m.Trackers) == maxTrackers:
		return fmt.Errorf("it has over %d trackers", maxTrackers)
	}
	m.Trackers = append(m.Trackers, announce)
	return nil
}
