package fs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rtfs/cache"
	"rtfs/rtorrent"
)

// noPeersMax is what d.peers_max answers for no limit.
const noPeersMax = 1<<32 - 1

func peersMax(t *rtorrent.Torrent) int64 {
	if t.PeersMax == noPeersMax {
		return 0
	}
	return t.PeersMax
}

func peersMin(t *rtorrent.Torrent) int64   { return t.PeersMin }
func uploadsMax(t *rtorrent.Torrent) int64 { return t.UploadsMax }

// setCount returns the plan of a write to a number of peers.
func setCount(command func(rtorrent.Hash, int64) rtorrent.Command) func(*rtorrent.Torrent, string, bool) (action, error) {
	return func(t *rtorrent.Torrent, value string, _ bool) (action, error) {
		n, err := parseCount(value, rtorrent.PeersAtMost)
		if err != nil {
			return nil, err
		}
		return apply(t.Hash, command(t.Hash, n)), nil
	}
}

// superSeedingColumns are the rTorrent commands that superSeeding follows from.
const superSeedingColumns = "d.connection_seed d.connection_current d.is_active d.complete"

// superSeeding tells what a complete torrent does, or is to do when it is
// started: rTorrent ends it by itself when every piece was sent.
func superSeeding(t *rtorrent.Torrent) bool {
	if t.IsActive && t.IsComplete {
		return t.ConnectionCurrent == rtorrent.InitialSeed
	}
	return t.ConnectionSeed == rtorrent.InitialSeed
}

// setSuperSeeding plans a write to super_seeding. It takes effect when a
// torrent is made active. A torrent that is not complete could end rTorrent
// with it (see rtorrent.SetSuperSeeding).
func setSuperSeeding(t *rtorrent.Torrent, value string, _ bool) (action, error) {
	on, err := parseFlag(value)
	if err != nil {
		return nil, err
	}
	if on && !t.IsComplete {
		return nil, fmt.Errorf("super_seeding: %w: the torrent is not complete", errBusy)
	}
	return func(ctx context.Context, d *driver) error {
		is := func(now *rtorrent.Torrent) bool { return superSeeding(now) == on }
		return d.whileInactive(ctx, t, superSeedingColumns, is, rtorrent.SetSuperSeeding(t.Hash, on))
	}, nil
}

// setThrottle plans a write to throttle. rTorrent takes any name, and ignores
// those that it does not know.
func setThrottle(t *rtorrent.Torrent, name string, _ bool) (action, error) {
	if name != t.ThrottleName && !rtorrent.XMLSafe(name) {
		return nil, errEncoding // behind a NUL rTorrent reads nothing, and the throttle of no name is known
	}
	return func(ctx context.Context, d *driver) error {
		if name != "" && name != rtorrent.NoThrottle && name != t.ThrottleName {
			known, err := d.knowsThrottle(ctx, name)
			if err != nil {
				return err
			}
			if !known {
				names, err := d.throttleNames(ctx)
				if err != nil {
					return err
				}
				return unknownName("throttle", name, append(names, rtorrent.NoThrottle))
			}
		}
		is := func(now *rtorrent.Torrent) bool { return now.ThrottleName == name }
		return d.whileInactive(ctx, t, "d.throttle_name", is, rtorrent.SetThrottle(t.Hash, name))
	}, nil
}

// whileInactive carries out a command that has no effect, or is refused, while
// a torrent is active: such a one is paused around it. Where done holds
// already, which follows from the commands named, nothing happens.
func (d *driver) whileInactive(ctx context.Context, t *rtorrent.Torrent, from string, done func(now *rtorrent.Torrent) bool, command rtorrent.Command) error {
	h := t.Hash
	var resumed *rtorrent.Torrent
	err := d.cache.Update(ctx, h, d.columns(from+" d.is_active"), func(now *rtorrent.Torrent, do cache.Do) error {
		if done(now) {
			return nil
		}
		if !now.IsActive {
			_, err := do(command)
			return err
		}
		var err error
		resumed, err = do(rtorrent.Pause(h), command, rtorrent.Resume(h))
		return err
	})
	if err != nil || resumed == nil || resumed.IsActive {
		return err
	}
	return d.awaitStart(ctx, resumed)
}

// setChokeGroup plans a write to choke_group.
func setChokeGroup(t *rtorrent.Torrent, name string, _ bool) (action, error) {
	return func(ctx context.Context, d *driver) error {
		groups, err := d.cache.ChokeGroups(ctx)
		if err != nil {
			return err
		}
		var names []string
		for _, g := range groups {
			names = append(names, g.Name)
		}
		if !slices.Contains(names, name) {
			return unknownName("choke_group", name, names)
		}
		_, err = d.cache.Apply(ctx, t.Hash, rtorrent.SetChokeGroup(t.Hash, name))
		return err
	}, nil
}

// unknownName is the error for a name that is not among those known; it is
// errPartial where one of them begins so.
func unknownName(file, name string, known []string) error {
	kind := errInvalid
	if slices.ContainsFunc(known, func(k string) bool { return name != "" && strings.HasPrefix(k, name) }) {
		kind = errPartial
	}
	return fmt.Errorf("%w: %s %q: there is none in rtorrent/%ss; mkdir makes one", kind, file, name, file)
}
