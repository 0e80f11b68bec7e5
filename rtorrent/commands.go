package rtorrent

import "strconv"

// A Command is one call that changes a torrent. Its target is built from a
// Hash and an index by the functions of this file alone: on 0.9.8 a file
// command with the target of a torrent corrupts memory.
type Command struct {
	call
	// changes are the columns that it can change, named by their commands. What
	// time and peers change besides is none of it.
	changes string
	// guarded commands hang 0.9.8 when they meet a running hash check, and
	// are sent there inside a branch that tests for it in the same call.
	guarded bool
	// waits is guarded on every rTorrent: the command would cancel a check.
	waits bool
	// unless are flags of the torrent: if any is set when the command's turn
	// comes, rTorrent leaves it out.
	unless []string
	// ends says that the torrent is gone after it.
	ends bool
}

// running are the columns that change when a torrent is opened, started,
// paused, checked, stopped or closed.
const running = "d.state d.is_open d.is_active d.complete d.hashing d.is_hash_checking d.is_hash_checked d.hashing_failed " +
	"d.completed_bytes d.completed_chunks d.chunks_hashed d.wanted_chunks d.bytes_done d.left_bytes " +
	"d.up.rate d.down.rate d.up.total d.down.total d.peers_connected d.peers_complete " +
	"d.timestamp.started d.timestamp.finished d.base_path d.message d.connection_seed d.connection_current"

// connections are the columns that change when a peer comes or goes.
const connections = "d.peers_connected d.peers_complete"

// command is a call with a torrent for its target, that changes some columns.
func command(h Hash, changes, method string, args ...any) Command {
	return Command{call: call{method, append([]any{h}, args...)}, changes: changes}
}

// fileCommand is a call with a file for its target. The columns of the torrent
// follow at UpdatePriorities.
func fileCommand(h Hash, index int, method string, args ...any) Command {
	return Command{call: call{method, append([]any{string(h) + ":f" + strconv.Itoa(index)}, args...)}}
}

// Changes returns the columns that commands can change, d.is_meta among them:
// where that is another than it was, the torrent has become another one.
func (c *Client) Changes(commands ...Command) Columns {
	set := c.Columns("d.is_meta")
	for _, cmd := range commands {
		set |= c.Columns(cmd.changes)
	}
	return set
}

// Open opens a torrent's files without starting it.
func Open(h Hash) Command { return command(h, running, "d.open") }

// Start marks a torrent as started and checks what was not checked.
func Start(h Hash) Command { return command(h, running, "d.start") }

// Resume makes a started torrent active.
func Resume(h Hash) Command { return command(h, running, "d.resume") }

// Pause makes a torrent inactive and leaves it started. It would cancel a
// running check, so that it waits for its end.
func Pause(h Hash) Command {
	c := guard(command(h, running, "d.pause"))
	c.waits = true
	return c
}

// CheckHash starts a hash check.
func CheckHash(h Hash) Command { return command(h, running, "d.check_hash") }

// Stop marks a torrent as stopped; its files stay open.
func Stop(h Hash) Command { return guard(command(h, running, "d.stop")) }

// Close closes a torrent's files.
func Close(h Hash) Command { return guard(command(h, running, "d.close")) }

// Settle is Stop and Close of a torrent that does nothing, and leaves any other
// one alone: some that are closed, or were found damaged, d.start does not
// start before.
func Settle(h Hash) []Command {
	settle := []Command{Stop(h), Close(h)}
	for i := range settle {
		settle[i].unless = []string{"d.is_active", "d.hashing"}
	}
	return settle
}

// Erase removes a torrent from rTorrent; its data stays.
func Erase(h Hash) Command {
	c := guard(command(h, running, "d.erase"))
	c.ends = true
	return c
}

func guard(c Command) Command {
	c.guarded = true
	return c
}

// Announce asks the trackers for peers now.
func Announce(h Hash) Command { return command(h, "d.message", "d.tracker_announce") }

// Scrape asks the trackers for their counts of seeds and leeches, at once.
func Scrape(h Hash) Command { return command(h, "d.message", "d.tracker.send_scrape", 0) }

// Save writes a torrent's session files.
func Save(h Hash) Command { return command(h, "", "d.save_full_session") }

// SetPriority sets a torrent's priority: 0 off, 1 low, 2 normal, 3 high. The
// caller has checked it: rTorrent stores any number modulo 4.
func SetPriority(h Hash, p int64) Command { return command(h, "d.priority", "d.priority.set", p) }

// UpdatePriorities puts priorities that were set in force in an open torrent:
// in a closed one that is done when it is opened, and d.update_priorities was
// seen to end 0.16.17 there.
func UpdatePriorities(h Hash) Command {
	return command(h, "d.wanted_chunks d.left_bytes", "branch", "d.is_open=", "d.update_priorities=")
}

// SetFilePriority sets a file's priority: 0 off, 1 normal, 2 high.
// UpdatePriorities must follow.
func SetFilePriority(h Hash, index int, p int64) Command {
	return fileCommand(h, index, "f.priority.set", p)
}

// SetDirectory sets where the data is, the torrent's own folder included; no
// data is moved. It closes an open torrent silently, so stop it first.
func SetDirectory(h Hash, dir string) Command {
	return command(h, running+" d.directory_base", "d.directory_base.set", dir)
}

// SetParentDirectory sets the directory in which the data is; rTorrent
// appends the name of a torrent that has more than one file.
func SetParentDirectory(h Hash, dir string) Command {
	return command(h, running+" d.directory_base", "d.directory.set", dir)
}

// SetCustom1 sets the field that holds the tags.
func SetCustom1(h Hash, v string) Command { return command(h, "d.custom1", "d.custom1.set", v) }

// SetCustom2 sets the field that holds the comment.
func SetCustom2(h Hash, v string) Command { return command(h, "d.custom2", "d.custom2.set", v) }

// SetCustom sets a named custom key. Keys cannot be removed.
func SetCustom(h Hash, key, v string) Command { return command(h, "d.custom", "d.custom.set", key, v) }

// Untie makes rTorrent forget the file it loaded the torrent from, which
// d.erase would delete otherwise.
func Untie(h Hash) Command { return command(h, "", "d.tied_to_file.set", "") }

// SetThrottle gives a torrent that is not active a throttle: its name, "" for
// none or NoThrottle. A name that is not defined has no effect.
func SetThrottle(h Hash, name string) Command {
	return command(h, "d.throttle_name", "d.throttle_name.set", name)
}

// SetChokeGroup puts a torrent into the choke group of that name.
func SetChokeGroup(h Hash, name string) Command { return command(h, "d.group", "d.group.set", name) }

// SetPeersMax sets how many peers a torrent connects to at most: 0 for no
// limit, up to PeersAtMost.
func SetPeersMax(h Hash, n int64) Command { return command(h, "d.peers_max", "d.peers_max.set", n) }

// SetPeersMin sets below how many peers a torrent asks for more, up to
// PeersAtMost.
func SetPeersMin(h Hash, n int64) Command { return command(h, "d.peers_min", "d.peers_min.set", n) }

// SetUploadsMax sets how many peers a torrent uploads to at most: 0 for no
// limit, up to PeersAtMost.
func SetUploadsMax(h Hash, n int64) Command {
	return command(h, "d.uploads_max", "d.uploads_max.set", n)
}

// PeersAtMost is the highest number of peers that rTorrent takes.
const PeersAtMost = 1 << 16

// InitialSeed is the connection type of a torrent that is super-seeded.
const InitialSeed = "initial_seed"

// SetSuperSeeding sets whether a torrent is super-seeded from its next start
// on. The setter is no public command, so it goes in a branch; its text is
// constant. Give it to complete torrents only: one that completes with it
// while pieces.hash.on_completion is 0 ends rTorrent (both versions: "Can't
// switch to initial seeding").
func SetSuperSeeding(h Hash, on bool) Command {
	set := "d.connection_seed.set=seed"
	if on {
		set = "d.connection_seed.set=" + InitialSeed
	}
	return command(h, "d.connection_seed d.connection_current", "branch", "cat=1", set)
}
