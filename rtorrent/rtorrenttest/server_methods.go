package rtorrenttest

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// commandsOf returns the commands that a dialect has. Each is written out here
// or in the tables that this joins: a name that the client misspells finds
// nothing.
func commandsOf(d dialect) map[string]command {
	all := map[string]command{}
	for _, table := range []map[string]command{
		torrentNumbers(), torrentTexts(), torrentSetters(), torrentVerbs(),
		fileCommands(), trackerCommands(), peerCommands(), limitCommands(), groupCommands(), settingCommands(),
		systemCommands(), tableCommands(), loadCommands(), logicCommands(),
	} {
		maps.Copy(all, table)
	}
	if d.modern {
		maps.Copy(all, modernCommands())
	}
	return all
}

func torrentNumbers() map[string]command {
	get := func(value func(t *Torrent) int64) command {
		return ofTorrent(func(_ *run, t *Torrent, _ []any) (any, error) { return value(t), nil })
	}
	is := func(value func(t *Torrent) bool) command {
		return get(func(t *Torrent) int64 { return number(value(t)) })
	}
	return map[string]command{
		"d.size_bytes":         get(func(t *Torrent) int64 { return t.Size }),
		"d.size_files":         get(func(t *Torrent) int64 { return int64(len(t.Files)) }),
		"d.chunk_size":         get(func(t *Torrent) int64 { return t.PieceLength }),
		"d.size_chunks":        get((*Torrent).pieces),
		"d.creation_date":      get(func(t *Torrent) int64 { return t.Created }),
		"d.load_date":          get(func(t *Torrent) int64 { return t.Loaded }),
		"d.timestamp.started":  get(func(t *Torrent) int64 { return t.Started }),
		"d.timestamp.finished": get(func(t *Torrent) int64 { return t.Finished }),
		"d.state_changed":      get(func(t *Torrent) int64 { return t.Changed }),
		"d.state_counter":      get(func(t *Torrent) int64 { return t.Counter }),
		"d.is_private":         is(func(t *Torrent) bool { return t.Private }),
		"d.is_multi_file":      is(func(t *Torrent) bool { return t.Multi }),
		"d.is_meta":            is(func(t *Torrent) bool { return t.Meta }),
		"d.state":              is(func(t *Torrent) bool { return t.State }),
		"d.is_open":            is(func(t *Torrent) bool { return t.Open }),
		"d.is_active":          is(func(t *Torrent) bool { return t.Active }),
		"d.complete":           is(func(t *Torrent) bool { return t.Complete }),
		"d.incomplete":         is(func(t *Torrent) bool { return !t.Complete }),
		"d.hashing":            get(func(t *Torrent) int64 { return t.Hashing }),
		"d.is_hash_checking":   is(func(t *Torrent) bool { return t.Checking }),
		"d.is_hash_checked":    is(func(t *Torrent) bool { return t.Checked }),
		"d.hashing_failed":     is(func(t *Torrent) bool { return t.HashingFailed }),
		"d.chunks_hashed":      get(func(t *Torrent) int64 { return t.Hashed }),
		"d.completed_chunks":   get((*Torrent).completedPieces),
		"d.completed_bytes":    get((*Torrent).completedBytes),
		"d.bytes_done":         get((*Torrent).completedBytes),
		"d.left_bytes":         get(func(t *Torrent) int64 { return t.Size - t.completedBytes() }),
		"d.wanted_chunks":      get((*Torrent).wantedPieces),
		"d.up.rate":            get(func(t *Torrent) int64 { return t.UpRate }),
		"d.down.rate":          get(func(t *Torrent) int64 { return t.DownRate }),
		"d.up.total":           get(func(t *Torrent) int64 { return t.UpTotal }),
		"d.down.total":         get(func(t *Torrent) int64 { return t.DownTotal }),
		"d.priority":           get(func(t *Torrent) int64 { return t.Priority }),
		"d.tracker_size":       get(func(t *Torrent) int64 { return int64(len(t.Trackers)) }),
		"d.peers_connected":    get(func(t *Torrent) int64 { return int64(len(t.Peers)) }),
		"d.peers_complete":     get((*Torrent).completePeers),
		"d.peers_max":          get(func(t *Torrent) int64 { return t.PeersMax }),
		"d.peers_min":          get(func(t *Torrent) int64 { return t.PeersMin }),
		"d.uploads_max":        get(func(t *Torrent) int64 { return t.UploadsMax }),
		"d.group":              get(func(t *Torrent) int64 { return t.Group }),
	}
}

func torrentTexts() map[string]command {
	get := func(value func(t *Torrent) string) command {
		return ofTorrent(func(_ *run, t *Torrent, _ []any) (any, error) { return value(t), nil })
	}
	return map[string]command{
		"d.hash":            get(func(t *Torrent) string { return string(t.Hash) }),
		"d.name":            get(func(t *Torrent) string { return t.Name }),
		"d.directory":       get(func(t *Torrent) string { return t.Directory }),
		"d.directory_base":  get(func(t *Torrent) string { return t.Directory }),
		"d.base_path":       get(func(t *Torrent) string { return t.BasePath }),
		"d.base_filename":   get(baseName),
		"d.message":         get(func(t *Torrent) string { return t.Message }),
		"d.bitfield":        get((*Torrent).bitfield),
		"d.custom1":         get(func(t *Torrent) string { return t.Custom[0] }),
		"d.custom2":         get(func(t *Torrent) string { return t.Custom[1] }),
		"d.custom3":         get(func(t *Torrent) string { return t.Custom[2] }),
		"d.custom4":         get(func(t *Torrent) string { return t.Custom[3] }),
		"d.custom5":         get(func(t *Torrent) string { return t.Custom[4] }),
		"d.tied_to_file":    get(func(t *Torrent) string { return t.Tied }),
		"d.throttle_name":   get(func(t *Torrent) string { return t.Throttle }),
		"d.connection_seed": get(func(t *Torrent) string { return t.SeedType }),
		"d.connection_current": get(func(t *Torrent) string {
			switch {
			case !t.Complete || !t.Open:
				return "leech"
			case t.SeedType == "":
				return "seed"
			}
			return t.SeedType
		}),
		"d.custom":       ofTorrent(dCustom),
		"d.custom_throw": ofTorrent(dCustomThrow),
		"d.custom.keys":  ofTorrent(dCustomKeys),
		"d.custom.items": ofTorrent(dCustomItems),
	}
}

func (t *Torrent) completePeers() (n int64) {
	for _, p := range t.Peers {
		n += number(p.Percent == 100)
	}
	return n
}

func baseName(t *Torrent) string { return t.BasePath[strings.LastIndexByte(t.BasePath, '/')+1:] }

// dCustom is empty for a key that is not there.
func dCustom(_ *run, t *Torrent, args []any) (any, error) {
	key, err := textArg(args, 0)
	return t.Customs[key], err
}

func dCustomThrow(_ *run, t *Torrent, args []any) (any, error) {
	key, err := textArg(args, 0)
	if err != nil {
		return nil, err
	}
	v, ok := t.Customs[key]
	if !ok {
		return nil, same("No such custom value.")
	}
	return v, nil
}

var errNoCustom = same("Object operator [custom] could not find element")

func dCustomKeys(_ *run, t *Torrent, _ []any) (any, error) {
	if len(t.Customs) == 0 {
		return nil, errNoCustom
	}
	keys := []any{}
	for _, key := range slices.Sorted(maps.Keys(t.Customs)) {
		keys = append(keys, key)
	}
	return keys, nil
}

func dCustomItems(r *run, t *Torrent, _ []any) (any, error) {
	if len(t.Customs) == 0 {
		return nil, errNoCustom
	}
	items := object{}
	for _, key := range slices.Sorted(maps.Keys(t.Customs)) {
		if !r.dialect.modern && !utf8.ValidString(key) {
			r.perish("d.custom.items met a key that is not UTF-8")
		}
		items = append(items, member{key, t.Customs[key]})
	}
	return items, nil
}
