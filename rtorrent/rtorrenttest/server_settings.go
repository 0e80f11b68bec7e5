package rtorrenttest

// defaultSettings are some of what rTorrent has a setter for: texts, numbers
// (int64), lists of texts.
func defaultSettings() map[string]any {
	return map[string]any{
		"throttle.max_peers.normal": int64(200),
		"throttle.max_uploads":      int64(50),
		"throttle.max_uploads.div":  int64(1),
		"pieces.hash.on_completion": int64(1),
		"network.send_buffer.size":  int64(0),
		"network.bind_address":      "127.0.0.1",
		"protocol.connection.seed":  "seed",
		"file.prioritize_toc.first": []any{"*.avi", "*.mp4", "*.mkv", "*.gz"},
		"session.use_lock":          int64(1),
	}
}

// stored are the settings that are stored in another form than any number.
var stored = map[string]func(n int64) int64{
	"pieces.hash.on_completion": func(n int64) int64 { return number(n != 0) },
	"network.send_buffer.size":  func(n int64) int64 { return n & (1<<32 - 1) },
}

func settingCommands() map[string]command {
	all := map[string]command{}
	for name, value := range defaultSettings() {
		all[name] = plain(func(r *run, _ []any) (any, error) { return r.settings[name], nil })
		all[name+".set"] = plain(func(r *run, args []any) (any, error) {
			var to any = args
			var err error
			switch value.(type) {
			case int64:
				var n int64
				if n, err = numberArg(args, 0); stored[name] != nil {
					n = stored[name](n)
				}
				to = n
			case string:
				to, err = textArg(args, 0)
			}
			if err == nil {
				r.settings[name] = to
			}
			return to, err
		})
	}
	return all
}
