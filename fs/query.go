package fs

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"rtfs/rtorrent"
)

// A query is a conjunction of conditions on torrents, as where/ takes it.
type query struct {
	conditions []condition
	trackers   bool   // a condition is about the trackers
	from       string // the rTorrent commands behind the conditions' fields
}

// A condition compares one field with a value.
type condition struct {
	field string
	from  string                         // the rTorrent commands behind it
	value func(*rtorrent.Torrent) string // nil: the trackers' hosts
	kind  kind
	op    string
	text  string
	n     float64 // text as a number, for numbers
}

// operators are the comparisons; where two begin alike the longer is first.
var operators = []string{"!=", "<=", ">=", "=", "<", ">", "~"}

// trackerField is the field that is no column of a torrent.
const trackerField = "tracker"

// parseQuery reads `field op value` joined by commas. The fields are the files
// of a torrent that have one value, so a new file is a new field. A value that
// holds a comma is written with %2C.
func parseQuery(expr string, files []File[rtorrent.Torrent]) (*query, error) {
	q := &query{}
	for _, part := range strings.Split(expr, ",") {
		end := strings.IndexAny(part, "!=<>~")
		if end <= 0 {
			return nil, invalid("query %q: want field op value", part)
		}
		c := condition{field: part[:end]}
		for _, op := range operators {
			if rest, ok := strings.CutPrefix(part[end:], op); ok {
				c.op, c.text = op, rtorrent.PercentDecode(rest)
				break
			}
		}
		if c.op == "" {
			return nil, invalid("query %q: unknown operator", part)
		}
		if err := c.bind(files); err != nil {
			return nil, err
		}
		q.trackers = q.trackers || c.value == nil
		q.from += " " + c.from
		q.conditions = append(q.conditions, c)
	}
	return q, nil
}

// bind finds the field and checks that the value suits it.
func (c *condition) bind(files []File[rtorrent.Torrent]) error {
	if c.field == trackerField {
		c.kind = kindLines
	} else {
		at := slices.IndexFunc(files, func(f File[rtorrent.Torrent]) bool { return f.Name == c.field })
		if at < 0 {
			return invalid("query: no field %q", c.field)
		}
		c.value, c.kind, c.from = files[at].Value, files[at].Kind, files[at].From
		if err := c.checkWord(files[at].Among); err != nil {
			return err
		}
	}
	ordered := strings.ContainsAny(c.op, "<>")
	switch {
	case c.op == "~":
	case c.kind == kindNumber:
		n, err := parseQuantity(c.text)
		if err != nil && c.field == "priority" {
			var p int64
			p, err = parsePriority(c.text)
			n = float64(p)
		}
		if err != nil {
			return invalid("query: %s is a number, %q is none", c.field, c.text)
		}
		c.n = n
	case c.kind == kindFlag && !ordered:
		on, err := parseFlag(c.text)
		if err != nil {
			return invalid("query: %s: %v", c.field, err)
		}
		c.text = oneZero(on)
	case ordered:
		return invalid("query: %s has no order, use =, != or ~", c.field)
	}
	if _, err := path.Match(c.text, ""); err != nil {
		return invalid("query: %q is no pattern", c.text)
	}
	return nil
}

// checkWord refuses a word that the field never is: no torrent, or every one,
// would match a typo.
func (c *condition) checkWord(among []string) error {
	if among == nil || c.op == "~" || strings.ContainsAny(c.text, `*?[\`) {
		return nil
	}
	if slices.ContainsFunc(among, func(word string) bool { return strings.EqualFold(word, c.text) }) {
		return nil
	}
	return invalid("query: %s is never %q, but %s", c.field, c.text, strings.Join(among, ", "))
}

// match reports whether a torrent fulfils all conditions.
func (q *query) match(t *rtorrent.Torrent, hosts []string) bool {
	for i := range q.conditions {
		if !q.conditions[i].match(t, hosts) {
			return false
		}
	}
	return true
}

func (c *condition) match(t *rtorrent.Torrent, hosts []string) bool {
	lines := hosts
	if c.value != nil {
		value := c.value(t)
		if c.kind == kindNumber && c.op != "~" {
			return c.compare(value)
		}
		lines = []string{value}
		if c.kind == kindLines {
			lines = strings.Split(value, "\n")
		}
	}
	return slices.ContainsFunc(lines, c.matchText) == (c.op != "!=")
}

// matchText compares without regard to case. Patterns are those of a shell,
// but '*' spans slashes too: values are no paths.
func (c *condition) matchText(value string) bool {
	if strings.EqualFold(value, c.text) {
		return true
	}
	flat := strings.NewReplacer("/", "\x01")
	matched, _ := path.Match(flat.Replace(strings.ToLower(c.text)), flat.Replace(strings.ToLower(value)))
	return matched
}

func (c *condition) compare(value string) bool {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return false
	}
	switch c.op {
	case "=":
		return n == c.n
	case "!=":
		return n != c.n
	case "<":
		return n < c.n
	case ">":
		return n > c.n
	case "<=":
		return n <= c.n
	}
	return n >= c.n
}
