package rtorrenttest

import "strings"

func torrentSetters() map[string]command {
	return map[string]command{
		"d.custom1.set":        setCustom(0),
		"d.custom2.set":        setCustom(1),
		"d.custom3.set":        setCustom(2),
		"d.custom4.set":        setCustom(3),
		"d.custom5.set":        setCustom(4),
		"d.custom.set":         ofTorrent(dCustomSet),
		"d.priority.set":       ofTorrent(dPrioritySet),
		"d.directory.set":      ofTorrent(dDirectorySet),
		"d.directory_base.set": ofTorrent(dDirectoryBaseSet),
		"d.tied_to_file.set":   ofTorrent(dTiedSet),
		"d.throttle_name.set":  ofTorrent(dThrottleSet),
		"d.group.set":          ofTorrent(dGroupSet),
		"d.peers_max.set":      setPeers(1<<32-1, func(t *Torrent) *int64 { return &t.PeersMax }),
		"d.peers_min.set":      setPeers(0, func(t *Torrent) *int64 { return &t.PeersMin }),
		"d.uploads_max.set":    setPeers(0, func(t *Torrent) *int64 { return &t.UploadsMax }),
	}
}

// setCustom returns the value that it stores.
func setCustom(i int) command {
	return ofTorrent(func(_ *run, t *Torrent, args []any) (any, error) {
		v, err := textArg(args, 0)
		if err == nil {
			t.Custom[i] = v
		}
		return v, err
	})
}

func dCustomSet(_ *run, t *Torrent, args []any) (any, error) {
	key, err := textArg(args, 0)
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		return nil, same("Missing value argument.")
	}
	v, err := textArg(args, 1)
	if err == nil {
		t.Customs[key] = v
	}
	return nothing{}, err
}

// dPrioritySet keeps two bits of any number.
func dPrioritySet(_ *run, t *Torrent, args []any) (any, error) {
	n, err := numberArg(args, 0)
	if err == nil {
		t.Priority = n & 3
	}
	return nothing{}, err
}

// dDirectorySet appends the name where there is more than one file.
func dDirectorySet(r *run, t *Torrent, args []any) (any, error) {
	dir, err := textArg(args, 0)
	if err != nil {
		return nil, err
	}
	if t.Multi {
		dir = strings.TrimSuffix(dir, "/") + "/" + t.Name
	}
	return dDirectoryBaseSet(r, t, []any{dir})
}

// dDirectoryBaseSet takes any path, and closes the torrent without a word.
func dDirectoryBaseSet(r *run, t *Torrent, args []any) (any, error) {
	dir, err := textArg(args, 0)
	if err != nil {
		return nil, err
	}
	r.meetCheck(t, "d.directory_base.set")
	if t.Open || t.Hashing != 0 {
		r.cancelCheck(t)
		t.shut()
	}
	t.Directory = dir
	return nothing{}, nil
}

func dTiedSet(_ *run, t *Torrent, args []any) (any, error) {
	v, err := textArg(args, 0)
	if err == nil {
		t.Tied = v
	}
	return v, err
}

func dThrottleSet(_ *run, t *Torrent, args []any) (any, error) {
	v, err := textArg(args, 0)
	if err != nil {
		return nil, err
	}
	if t.Active {
		return nil, same("Cannot set throttle on active download.")
	}
	t.Throttle = v
	return nothing{}, nil
}

// setPeers stores zero for 0.
func setPeers(zero int64, field func(t *Torrent) *int64) command {
	return ofTorrent(func(_ *run, t *Torrent, args []any) (any, error) {
		n, err := numberArg(args, 0)
		if err != nil {
			return nil, err
		}
		if n < 0 || n > 1<<16 {
			return nil, same("Max peer connections must be between 0 and 2^16.")
		}
		if *field(t) = n; n == 0 {
			*field(t) = zero
		}
		return nothing{}, nil
	})
}

// privateCommands are those that no client can call, but that commands in text
// can.
func privateCommands() map[string]command {
	return map[string]command{
		"d.connection_seed.set": ofTorrent(func(_ *run, t *Torrent, args []any) (any, error) {
			v, err := textArg(args, 0)
			if err == nil {
				t.SeedType = v
			}
			return nothing{}, err
		}),
	}
}
