package rtorrenttest

import (
	"strconv"

	"rtfs/rtorrent"
)

// limits are those of rates, in bytes/s; 0 is none. rTorrent forgets them when
// it ends.
type limits struct {
	up, down         int64 // of all torrents
	upNamed, dnNamed map[string]int64
}

// A group is a choke group.
type group struct {
	name           string
	upMax, downMax int64
	up, down, mode string
}

func newGroup(name string) group {
	return group{name: name, upMax: -1, downMax: -1, up: "upload_leech", down: "download_leech", mode: "normal"}
}

func (s *Server) forgetLimits() {
	s.limits = limits{upNamed: map[string]int64{}, dnNamed: map[string]int64{}}
	s.groups = []group{newGroup("default")}
	s.settings = defaultSettings()
}

func limitCommands() map[string]command {
	get := func(value func(r *run) int64) command {
		return plain(func(r *run, _ []any) (any, error) { return value(r), nil })
	}
	set := func(field func(r *run) *int64) command {
		return plain(func(r *run, args []any) (any, error) {
			n, err := numberArg(args, 0)
			if err == nil && n < 0 {
				err = errInvalid
			}
			if err == nil {
				*field(r) = n &^ 1023
			}
			return nothing{}, err
		})
	}
	up := func(r *run) map[string]int64 { return r.limits.upNamed }
	down := func(r *run) map[string]int64 { return r.limits.dnNamed }
	return map[string]command{
		"throttle.global_up.rate":           get(func(r *run) int64 { return r.sum(func(t *Torrent) int64 { return t.UpRate }) }),
		"throttle.global_down.rate":         get(func(r *run) int64 { return r.sum(func(t *Torrent) int64 { return t.DownRate }) }),
		"throttle.global_up.total":          get(func(r *run) int64 { return r.sum(func(t *Torrent) int64 { return t.UpTotal }) }),
		"throttle.global_down.total":        get(func(r *run) int64 { return r.sum(func(t *Torrent) int64 { return t.DownTotal }) }),
		"throttle.global_up.max_rate":       get(func(r *run) int64 { return r.limits.up }),
		"throttle.global_down.max_rate":     get(func(r *run) int64 { return r.limits.down }),
		"throttle.global_up.max_rate.set":   set(func(r *run) *int64 { return &r.limits.up }),
		"throttle.global_down.max_rate.set": set(func(r *run) *int64 { return &r.limits.down }),
		"throttle.up":                       defineThrottle(up),
		"throttle.down":                     defineThrottle(down),
		"throttle.up.max":                   namedLimit(up, func(r *run) int64 { return r.limits.up }),
		"throttle.down.max":                 namedLimit(down, func(r *run) int64 { return r.limits.down }),
		"throttle.up.rate":                  get(func(*run) int64 { return 0 }),
		"throttle.down.rate":                get(func(*run) int64 { return 0 }),
		"session.save":                      plain(func(*run, []any) (any, error) { return nothing{}, nil }),
	}
}

func (s *Server) sum(of func(t *Torrent) int64) (n int64) {
	for _, t := range s.torrents {
		n += of(t)
	}
	return n
}

// defineThrottle takes the limit as text, in KiB/s. No limit defines nothing
// that was not defined.
func defineThrottle(limits func(r *run) map[string]int64) command {
	return plain(func(r *run, args []any) (any, error) {
		name, err := textArg(args, 0)
		if err != nil {
			return nil, err
		}
		if name == "" || name == rtorrent.NoThrottle {
			return nil, same("Invalid throttle name '" + name + "'.")
		}
		text, err := textArg(args, 1)
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, errInvalid
		}
		if _, defined := limits(r)[name]; defined || n > 0 {
			limits(r)[name] = int64(n) << 10
		}
		return nothing{}, nil
	})
}

// namedLimit is -1 for a name that is not defined, and 0 while there is no
// limit for all torrents.
func namedLimit(limits func(r *run) map[string]int64, all func(r *run) int64) command {
	return plain(func(r *run, args []any) (any, error) {
		name, err := textArg(args, 0)
		if err != nil {
			return nil, err
		}
		n, defined := limits(r)[name]
		switch {
		case !defined:
			n = -1
		case all(r) == 0:
			n = 0
		}
		return n, nil
	})
}

func groupCommands() map[string]command {
	count := func(field func(g *group) *int64) (get, set command) {
		return ofGroup(func(g *group, _ []any) (any, error) { return *field(g), nil }),
			ofGroup(func(g *group, args []any) (any, error) {
				text, err := textArg(args, 0)
				if err != nil {
					return nil, err
				}
				n, err := strconv.ParseInt(text, 10, 64)
				if err != nil {
					return nil, same("Could not convert string to value.")
				}
				*field(g) = int64(int32(n))
				return nothing{}, nil
			})
	}
	word := func(field func(g *group) *string) (get, set command) {
		return ofGroup(func(g *group, _ []any) (any, error) { return *field(g), nil }),
			ofGroup(func(g *group, args []any) (any, error) {
				v, err := textArg(args, 0)
				if err == nil {
					*field(g) = v
				}
				return nothing{}, err
			})
	}
	zero := ofGroup(func(*group, []any) (any, error) { return int64(0), nil })
	all := map[string]command{
		"choke_group.list":          plain(chokeGroupList),
		"choke_group.insert":        plain(chokeGroupInsert),
		"choke_group.size":          plain(func(r *run, _ []any) (any, error) { return int64(len(r.groups)), nil }),
		"choke_group.up.rate":       zero,
		"choke_group.down.rate":     zero,
		"choke_group.up.unchoked":   zero,
		"choke_group.down.unchoked": zero,
		"choke_group.up.queued":     zero,
		"choke_group.down.queued":   zero,
	}
	all["choke_group.up.max"], all["choke_group.up.max.set"] = count(func(g *group) *int64 { return &g.upMax })
	all["choke_group.down.max"], all["choke_group.down.max.set"] = count(func(g *group) *int64 { return &g.downMax })
	all["choke_group.up.heuristics"], all["choke_group.up.heuristics.set"] = word(func(g *group) *string { return &g.up })
	all["choke_group.down.heuristics"], all["choke_group.down.heuristics.set"] = word(func(g *group) *string { return &g.down })
	all["choke_group.tracker.mode"], all["choke_group.tracker.mode.set"] = word(func(g *group) *string { return &g.mode })
	return all
}

// ofGroup takes the group's index or name as the first parameter.
func ofGroup(do func(g *group, args []any) (any, error)) command {
	return plain(func(r *run, args []any) (any, error) {
		i, err := r.groupIndex(args)
		if err != nil {
			return nil, err
		}
		return do(&r.groups[i], args[1:])
	})
}

func (s *Server) groupIndex(args []any) (int, error) {
	if len(args) == 0 {
		return 0, errTooFew
	}
	for i := range s.groups {
		if args[0] == s.groups[i].name || args[0] == int64(i) || args[0] == strconv.Itoa(i) {
			return i, nil
		}
	}
	return 0, same("Choke group not found.")
}

func chokeGroupList(r *run, _ []any) (any, error) {
	names := []any{}
	for _, g := range r.groups {
		names = append(names, g.name)
	}
	return names, nil
}

func chokeGroupInsert(r *run, args []any) (any, error) {
	name, err := textArg(args, 0)
	if err != nil {
		return nil, err
	}
	if _, err := strconv.ParseInt(name, 0, 64); err == nil {
		return nil, same("Cannot use a value string as choke group name.")
	}
	if _, err := r.groupIndex(args); err == nil {
		return nil, same("Duplicate name for choke group.")
	}
	r.groups = append(r.groups, newGroup(name))
	return nothing{}, nil
}

func dGroupSet(r *run, t *Torrent, args []any) (any, error) {
	i, err := r.groupIndex(args)
	if err == nil {
		t.Group = int64(i)
	}
	return nothing{}, err
}
