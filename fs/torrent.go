package fs

import "rtfs/rtorrent"

// torrentNodes is the table of a torrent's directory.
func torrentNodes() []Node[rtorrent.Torrent] {
	type T = rtorrent.Torrent
	return []Node[T]{
		// identity
		text("hash", "info-hash, 40 upper-case hex digits", "d.hash", func(t *T) string { return string(t.Hash) }),
		text("name", "name in the .torrent", "d.name", func(t *T) string { return t.Name }),
		integer("size", "size of the data, in bytes", "d.size_bytes", func(t *T) int64 { return t.Size }),
		integer("file_count", "number of files", "d.size_files", func(t *T) int64 { return t.FileCount }),
		integer("piece_size", "size of a piece, in bytes", "d.chunk_size", func(t *T) int64 { return t.PieceSize }),
		integer("piece_count", "number of pieces", "d.size_chunks", func(t *T) int64 { return t.PieceCount }),
		boolean("private", "1 if peers come from the trackers alone", "d.is_private", func(t *T) bool { return t.IsPrivate }),
		integer("created", "when the .torrent was made, in Unix seconds, 0 unknown", "d.creation_date", func(t *T) int64 { return t.Created }),

		// state
		writable(text("state", "metadata, checking, queued, downloading, seeding, paused, stopped or error; write start, stop, pause, resume, check or a state",
			"d.is_meta d.hashing d.is_hash_checking d.hashing_failed d.is_active d.complete d.state d.is_open", stateOf),
			setter[T]{words: stateWordList(), plan: setState}),
		decimal("progress", "verified part in percent, rounded down; of the check while one runs", "d.completed_bytes d.size_bytes d.complete d.hashing d.chunks_hashed d.size_chunks", progress),
		integer("completed_bytes", "bytes in verified pieces", "d.completed_bytes", func(t *T) int64 { return t.CompletedBytes }),
		integer("left_bytes", "bytes still missing", "d.left_bytes", func(t *T) int64 { return t.LeftBytes }),
		decimal("ratio", "uploaded by what is there, three decimals", "d.up.total d.bytes_done d.complete d.size_bytes", ratio),
		integer("up_rate", "upload rate, in bytes/s", "d.up.rate", func(t *T) int64 { return t.UpRate }),
		integer("down_rate", "download rate, in bytes/s", "d.down.rate", func(t *T) int64 { return t.DownRate }),
		integer("up_total", "uploaded, in bytes", "d.up.total", func(t *T) int64 { return t.UpTotal }),
		integer("down_total", "downloaded, in bytes", "d.down.total", func(t *T) int64 { return t.DownTotal }),
		decimal("eta", "seconds until the wanted pieces are there, -1 unknown", "d.left_bytes d.wanted_chunks d.chunk_size d.complete d.down.rate d.is_active d.is_meta", eta),
		secret(text("message", "last message of rTorrent or a tracker, kept until a good announce", "d.message", func(t *T) string { return t.Message })),
		boolean("is_started", "raw: 1 if started", "d.state", func(t *T) bool { return t.State }),
		boolean("is_open", "raw: 1 if its files are open", "d.is_open", func(t *T) bool { return t.IsOpen }),
		boolean("is_active", "raw: 1 if it transfers or would", "d.is_active", func(t *T) bool { return t.IsActive }),
		boolean("is_complete", "raw: 1 if all pieces were verified", "d.complete", func(t *T) bool { return t.IsComplete }),
		boolean("is_meta", "raw: 1 for a magnet that waits for its metadata", "d.is_meta", func(t *T) bool { return t.IsMeta }),
		integer("hashing", "raw: check under way, 0 none, 1 at start, 2 at finish, 3 asked for", "d.hashing", func(t *T) int64 { return t.Hashing }),

		// times
		integer("time_added", "when it was added, in Unix seconds", "d.custom d.load_date", timeAdded),
		integer("time_started", "when it was last started, in Unix seconds, 0 never", "d.timestamp.started", func(t *T) int64 { return t.Started }),
		integer("time_finished", "when it was complete, in Unix seconds, 0 never", "d.timestamp.finished", func(t *T) int64 { return t.Finished }),

		// organise
		writable(lines("tags", "tags, one a line; > replaces, >> adds, an empty line empties", "d.custom1", tags),
			setter[T]{shape: shapeLines, plan: setTags}),
		writable(text("comment", "comment", "d.custom2", func(t *T) string { return rtorrent.DecodeComment(t.Custom2) }),
			setter[T]{shape: shapeText, plan: setComment}),
		writable(integer("priority", "0 off, 1 low, 2 normal, 3 high; takes the words too", "d.priority", func(t *T) int64 { return t.Priority }),
			setter[T]{words: priorityWords[:], plan: setPriority}),
		writable(text("directory", "where the data is, the torrent's own folder included; a write moves no data", "d.directory_base", func(t *T) string { return t.Directory }),
			setter[T]{shape: shapeText, plan: setDirectory}),
		text("base_path", "path of the data as rTorrent opened it, empty before that", "d.base_path", func(t *T) string { return t.BasePath }),

		// whole
		File[T]{Name: "info", Doc: "all values as `key: value` lines", Read: renderInfo},
		File[T]{Name: "info.json", Doc: "all values as one JSON object", Read: renderInfoJSON},

		// act
		File[T]{Name: "ctl", Doc: "write announce, scrape, save or erase (the data stays); reading lists them", Read: renderCtl,
			Set: &setter[T]{words: ctlWordList(), plan: control}},

		List[T]{Name: "files", Doc: "the content, by its path", Below: contentReference, Open: openFiles},
	}
}
