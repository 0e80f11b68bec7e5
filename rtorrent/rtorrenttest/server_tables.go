package rtorrenttest

import (
	"errors"
	"fmt"
	"slices"
)

func tableCommands() map[string]command {
	return map[string]command{
		"d.multicall2":         plain(dMulticall),
		"d.multicall.filtered": plain(dMulticallFiltered),
		"f.multicall":          ofTorrent(fMulticall),
		"t.multicall":          ofTorrent(tMulticall),
		"p.multicall":          ofTorrent(pMulticall),
		"view.list":            plain(viewList),
		"view.size":            plain(viewSize),
		"download_list":        plain(downloadList),
	}
}

// A view is a named part of the torrents.
type view struct {
	name string
	has  func(t *Torrent) bool
}

func views() []view {
	all := func(*Torrent) bool { return true }
	return []view{
		{"main", all},
		{"default", all},
		{"name", all},
		{"active", func(t *Torrent) bool { return t.Active }},
		{"started", func(t *Torrent) bool { return t.State || t.among }},
		{"stopped", func(t *Torrent) bool { return !t.State }},
		{"complete", func(t *Torrent) bool { return t.Complete }},
		{"incomplete", func(t *Torrent) bool { return !t.Complete }},
		{"hashing", func(t *Torrent) bool { return t.Hashing != 0 }},
		{"seeding", func(t *Torrent) bool { return t.State && t.Complete }},
		{"leeching", func(t *Torrent) bool { return t.State && !t.Complete }},
	}
}

// inView returns the torrents of the view that the first parameter names, and
// the parameters behind it.
func (r *run) inView(args []any) (torrents []*Torrent, rest []any, err error) {
	name := "main"
	if len(args) > 0 {
		if name, err = textArg(args, 0); err != nil {
			return nil, nil, err
		}
		rest = args[1:]
	}
	if name == "" {
		name = "default"
	}
	i := slices.IndexFunc(views(), func(v view) bool { return v.name == name })
	if i < 0 {
		return nil, nil, errNoView
	}
	if r.hideOnce {
		r.hideOnce = false
		return nil, rest, nil
	}
	has := views()[i].has
	for _, t := range r.torrents {
		if has(t) {
			torrents = append(torrents, t)
		}
	}
	return torrents, rest, nil
}

func dMulticall(r *run, args []any) (any, error) {
	torrents, getters, err := r.inView(args)
	if err != nil {
		return nil, err
	}
	return r.rows(len(torrents), func(i int) target { return target{torrent: torrents[i]} }, getters)
}

// dMulticallFiltered has no rows where the filter is not understood.
func dMulticallFiltered(r *run, args []any) (any, error) {
	torrents, rest, err := r.inView(args)
	if err != nil {
		return nil, err
	}
	text, err := textArg(rest, 0)
	if err != nil {
		return nil, err
	}
	filter, unknown := r.parse(text)
	torrents = slices.DeleteFunc(torrents, func(t *Torrent) bool {
		if unknown != nil {
			return true
		}
		v, err := filter.run(r, target{torrent: t})
		return err != nil || !isTrue(v)
	})
	return r.rows(len(torrents), func(i int) target { return target{torrent: torrents[i]} }, rest[1:])
}

func fMulticall(r *run, t *Torrent, args []any) (any, error) {
	if len(args) == 0 || args[0] != "" {
		return []any{}, nil // a pattern for paths, which nobody uses
	}
	return r.rows(len(t.Files), func(i int) target { return target{torrent: t, file: &t.Files[i]} }, args[1:])
}

func tMulticall(r *run, t *Torrent, args []any) (any, error) {
	if len(args) == 0 {
		return nil, errTooFew
	}
	return r.rows(len(t.Trackers), func(i int) target { return target{torrent: t, tracker: &t.Trackers[i]} }, args[1:])
}

func pMulticall(r *run, t *Torrent, args []any) (any, error) {
	if len(args) == 0 {
		return nil, errTooFew
	}
	return r.rows(len(t.Peers), func(i int) target { return target{torrent: t, peer: &t.Peers[i]} }, args[1:])
}

// rows asks n targets for the same things. One refusal is that of the table.
func (r *run) rows(n int, on func(i int) target, getters []any) (any, error) {
	columns := make([]sentence, len(getters))
	for i := range getters {
		text, err := textArg(getters, i)
		if err != nil {
			return nil, err
		}
		if columns[i], err = r.parse(text); err != nil {
			return nil, err
		}
	}
	rows := make([]any, n)
	for i := range rows {
		row := make([]any, len(columns))
		for j := range columns {
			v, err := columns[j].run(r, on(i))
			if err != nil {
				return nil, err
			}
			row[j] = v
		}
		rows[i] = row
	}
	return rows, nil
}

func viewList(*run, []any) (any, error) {
	names := []any{}
	for _, v := range views() {
		names = append(names, v.name)
	}
	return names, nil
}

func viewSize(r *run, args []any) (any, error) {
	torrents, _, err := r.inView(args)
	if errors.Is(err, errNoView) {
		err = same(fmt.Sprint("Could not find view: ", args[0]))
	}
	return int64(len(torrents)), err
}

func downloadList(r *run, args []any) (any, error) {
	torrents, _, err := r.inView(args)
	hashes := []any{}
	for _, t := range torrents {
		hashes = append(hashes, string(t.Hash))
	}
	return hashes, err
}
