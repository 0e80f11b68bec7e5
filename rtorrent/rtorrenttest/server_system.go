package rtorrenttest

import (
	"maps"
	"slices"
	"time"
)

// systemCommands are those about rTorrent itself.
func systemCommands() map[string]command {
	text := func(value func(r *run) string) command {
		return plain(func(r *run, _ []any) (any, error) { return value(r), nil })
	}
	count := func(value func(r *run) int64) command {
		return plain(func(r *run, _ []any) (any, error) { return value(r), nil })
	}
	return map[string]command{
		"system.pid":                    count(func(r *run) int64 { return r.pid }),
		"system.time":                   count(func(*run) int64 { return time.Now().Unix() }),
		"system.hostname":               text(func(*run) string { return "fake" }),
		"system.client_version":         text(func(r *run) string { v, _, _ := r.dialect.versions(); return v }),
		"system.library_version":        text(func(r *run) string { _, v, _ := r.dialect.versions(); return v }),
		"system.api_version":            text(func(r *run) string { _, _, v := r.dialect.versions(); return v }),
		"session.path":                  text(func(r *run) string { return r.session }),
		"directory.default":             text(func(r *run) string { return r.directory }),
		"network.listen.port":           count(func(*run) int64 { return 6881 }),
		"network.xmlrpc.size_limit":     count(func(r *run) int64 { return r.sizeLimit }),
		"network.xmlrpc.size_limit.set": plain(setSizeLimit),
		"method.get":                    plain(methodGet),
		"method.set_key":                plain(methodSetKey),
		"system.listMethods":            plain(listMethods),
		"system.multicall":              plain(func(*run, []any) (any, error) { return nil, errTooFew }), // for the list only
		"system.methodExist": plain(func(r *run, args []any) (any, error) {
			name, err := textArg(args, 0)
			_, ok := r.methods[name]
			return number(ok), err
		}),
	}
}

func listMethods(r *run, _ []any) (any, error) {
	names := make([]any, len(r.names))
	for i, name := range r.names {
		names[i] = name
	}
	return names, nil
}

func setSizeLimit(r *run, args []any) (any, error) {
	n, err := numberArg(args, 0)
	if err != nil {
		return nil, err
	}
	if n < 0 || n >= largestSizeLimit {
		return nil, same("Invalid XMLRPC limit.")
	}
	r.sizeLimit = n
	return nothing{}, nil
}

// erased is the only event that a Server has.
const erased = "event.download.erased"

// defaultHooks are what every rTorrent does when a torrent is erased.
func defaultHooks() map[string]string {
	return map[string]string{"!_download_list": "ui.unfocus_download=", "~_delete_tied": "d.delete_tied="}
}

func methodGet(r *run, args []any) (any, error) {
	name, err := textArg(args, 0)
	if err != nil || name != erased {
		return nil, errNotValue
	}
	hooks := object{}
	for _, key := range slices.Sorted(maps.Keys(r.hooks)) {
		hooks = append(hooks, member{key, r.hooks[key]})
	}
	return hooks, nil
}

func methodSetKey(r *run, args []any) (any, error) {
	name, err := textArg(args, 0)
	if err != nil || name != erased {
		return nil, errNotValue
	}
	key, err := textArg(args, 1)
	if err != nil {
		return nil, err
	}
	if len(args) == 2 {
		delete(r.hooks, key)
		return nothing{}, nil
	}
	r.hooks[key], err = textArg(args, 2)
	return nothing{}, err
}
