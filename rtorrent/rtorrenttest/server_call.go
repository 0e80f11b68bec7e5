package rtorrenttest

import (
	"strconv"
	"strings"

	"rtfs/rtorrent"
)

// A run is the carrying out of one request. The Server's mutex is held.
type run struct {
	*Server
	json   bool
	called []string
	later  []func() // to be done once the answer is sent
	dead   bool     // there will be no answer
}

// Results are string, int64, bool, []any, and these.
type (
	// An object is a struct, its members in order.
	object []member
	// nothing is the result of a command that has none.
	nothing struct{}
)

type member struct {
	name  string
	value any
}

// A target is what a call is about; the zero value is nothing.
type target struct {
	torrent *Torrent
	file    *File
	tracker *Announcer
	peer    *Peer
}

// A command carries out what its name says, on a target, with the parameters
// behind that.
type command func(r *run, on target, args []any) (any, error)

// call carries out a call of a client's. Its first parameter is the target.
func (r *run) call(method string, params []any) (any, error) {
	r.called = append(r.called, method)
	r.calls[method]++
	do, ok := r.methods[method]
	if !ok {
		return nil, noMethod(method)
	}
	if method == "system.methodExist" {
		return do(r, target{}, params)
	}
	var on target
	if len(params) > 0 {
		name, ok := params[0].(string)
		if !ok {
			return nil, errNoTarget
		}
		var err error
		if on, err = r.target(name); err != nil {
			return nil, err
		}
		params = params[1:]
	}
	return do(r, on, params)
}

// target finds what "H", "H:f0", "H:t0", "H:p<peer>" and "" stand for.
func (r *run) target(name string) (on target, err error) {
	if name == "" {
		return target{}, nil
	}
	digits, part, hasPart := strings.Cut(name, ":")
	h, err := rtorrent.ParseHash(digits)
	if err != nil || hasPart && part == "" {
		return target{}, errBadTarget
	}
	if on.torrent = r.byHash[h]; on.torrent == nil {
		return target{}, errNoTorrent
	}
	if !hasPart {
		return on, nil
	}
	index, notNumber := strconv.Atoi(part[1:])
	switch part[0] {
	case 'f':
		if notNumber != nil || index < 0 || index >= len(on.torrent.Files) {
			return target{}, errNoIndex
		}
		on.file = &on.torrent.Files[index]
	case 't':
		if notNumber != nil || index < 0 || index >= len(on.torrent.Trackers) {
			return target{}, errNoIndex
		}
		on.tracker = &on.torrent.Trackers[index]
	case 'p':
		for i := range on.torrent.Peers {
			if on.torrent.Peers[i].ID == part[1:] {
				on.peer = &on.torrent.Peers[i]
				return on, nil
			}
		}
		return target{}, errNoPeer
	default:
		return target{}, errBadTarget
	}
	return on, nil
}

// The forms of commands, by what they are about.

func ofTorrent(do func(r *run, t *Torrent, args []any) (any, error)) command {
	return func(r *run, on target, args []any) (any, error) {
		if on.torrent == nil || on.file != nil || on.tracker != nil || on.peer != nil {
			return nil, errWrongTarget
		}
		return do(r, on.torrent, args)
	}
}

func ofFile(do func(r *run, t *Torrent, f *File, args []any) (any, error)) command {
	return func(r *run, on target, args []any) (any, error) {
		if on.file == nil {
			if !r.dialect.modern {
				r.perish("a command for a file had another target")
			}
			return nil, errWrongTarget
		}
		return do(r, on.torrent, on.file, args)
	}
}

func ofTracker(do func(a *Announcer, args []any) (any, error)) command {
	return func(r *run, on target, args []any) (any, error) {
		if on.tracker == nil {
			return nil, errWrongTarget
		}
		return do(on.tracker, args)
	}
}

func ofPeer(do func(t *Torrent, p *Peer, args []any) (any, error)) command {
	return func(r *run, on target, args []any) (any, error) {
		if on.peer == nil {
			return nil, errWrongTarget
		}
		return do(on.torrent, on.peer, args)
	}
}

func plain(do func(r *run, args []any) (any, error)) command {
	return func(r *run, _ target, args []any) (any, error) { return do(r, args) }
}

// The parameters of commands.

func textArg(args []any, i int) (string, error) {
	if i >= len(args) {
		return "", errTooFew
	}
	switch v := args[i].(type) {
	case string:
		return v, nil
	case int64:
		return "", wrongType("string", "value")
	}
	return "", wrongType("string", "list")
}

// numberArg takes a number, also one in decimal text.
func numberArg(args []any, i int) (int64, error) {
	if i >= len(args) {
		return 0, errTooFew
	}
	switch v := args[i].(type) {
	case int64:
		return v, nil
	case string:
		n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		if err != nil {
			return 0, errNotValue
		}
		return n, nil
	}
	return 0, wrongType("value", "list")
}

// number is a truth as rTorrent tells it.
func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// perish plays an rTorrent that this call would have made exit or hang, which
// fails the test: it answers nothing any more.
func (r *run) perish(why string) {
	version, _, _ := r.dialect.versions()
	r.t.Errorf("this would end or hang rTorrent %s: %s", version, why)
	r.dead = true
	r.freeze()
}
