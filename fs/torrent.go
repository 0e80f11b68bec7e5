package fs

import "rtfs/rtorrent"

// torrentNodes is the table of a torrent's directory.
func torrentNodes() []Node[rtorrent.Torrent] {
	type T = rtorrent.Torrent
	nodes := []Node[T]{
		// identity
		text("hash", "info-hash, 40 upper-case hex digits", "d.hash", func(t *T) string { return string(t.Hash) }),
		text("name", "name in the .torrent", "d.name", func(t *T) string { return t.Name }),
		integer("size", "size of the data, in bytes", "d.size_bytes", func(t *T) int64 { return t.Size }),
		integer("file_count", "number of files", "d.size_files", func(t *T) int64 { return t.FileCount }),
		integer("piece_size", "size of a piece, in bytes", "d.chunk_size", func(t *T) int64 { return t.PieceSize }),
		integer("piece_count", "number of pieces", "d.size_chunks", func(t *T) int64 { return t.PieceCount }),
		boolean("private", "1 if peers come from the trackers alone", "d.is_private", func(t *T) bool { return t.IsPrivate }),
		integer("created", "when the .torrent was made, in Unix seconds, 0 unknown", "d.creation_date", func(t *T) int64 { return t.Created }),
		File[T]{Name: "magnet", Doc: "magnet link, with the trackers that are enabled", From: "d.hash d.name t.url t.is_enabled", Read: renderMagnet, Size: magnetSize, Secret: true},
		File[T]{Name: "metainfo.torrent", Doc: "the .torrent, from the session directory", From: "session.path", Read: renderMetainfo, Size: metainfoSize, Secret: true},

		// state
		writable(among(states(), text("state", "metadata, checking, queued, downloading, seeding, paused, stopped or error; write start, stop, pause, resume, check or a state",
			stateColumns, stateOf)),
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
		integer("time_added", "when it was added, in Unix seconds", addedColumns, timeAdded),
		integer("time_started", "when it was first started, in Unix seconds, 0 never", "d.timestamp.started", func(t *T) int64 { return t.Started }),
		integer("time_finished", "when it was complete, in Unix seconds, 0 never", "d.timestamp.finished", func(t *T) int64 { return t.Finished }),

		// organise
		writable(lines("tags", "tags, one a line; > replaces, >> adds, an empty line empties", "d.custom1", tags),
			setter[T]{shape: shapeLines, plan: setTags}),
		writable(text("comment", "comment", "d.custom2", func(t *T) string { return rtorrent.DecodeComment(t.Custom2) }),
			setter[T]{shape: shapeNote, plan: setComment}),
		writable(integer("priority", "0 off, 1 low, 2 normal, 3 high; takes the words too", "d.priority", func(t *T) int64 { return t.Priority }),
			setter[T]{words: priorityWords[:], plan: setPriority}),
		writable(text("directory", "where the data is, the torrent's own folder included; a write moves no data", "d.directory_base", func(t *T) string { return t.Directory }),
			setter[T]{shape: shapeText, plan: setDirectory, needs: "d.state d.complete"}),
		text("base_path", "path of the data as rTorrent opened it, empty before that", "d.base_path", func(t *T) string { return t.BasePath }),
		Link[T]{Name: "content", Doc: "to the data, where it can be seen from here", From: pathColumns, Target: func(d *driver, t *T) string { return d.local(contentPath(t)) }},
		File[T]{Name: "shared_with", Doc: "info-hashes of the torrents whose data is at the same path, below or above it", From: pathColumns, Read: renderSharedWith},
		writable(text("throttle", "the throttle that limits it, a name in rtorrent/throttles; NULL for no limit at all, an empty line for that of all torrents", "d.throttle_name", func(t *T) string { return t.ThrottleName }),
			setter[T]{plan: setThrottle}),
		writable(text("choke_group", "the choke group it is in, a name in rtorrent/choke_groups", "d.group choke_group.list", func(t *T) string { return t.ChokeGroup }),
			setter[T]{plan: setChokeGroup}),

		File[T]{Name: "delete_data", Doc: "read the plan of deleting its data: which files go, which stay and why; write its last line to carry it out, `keep` and that line to end before the unlink", From: "d.name f.is_created",
			Read: renderDeleteData, Size: deleteDataSize, Seen: noteDeleteData, Told: toldDeleteData, Set: &setter[T]{plan: setDeleteData}},
		File[T]{Name: "move", Doc: "write a directory to move the data into it; reads idle, copying PERCENT eta SECONDS, done or failed: WHY", From: "f.is_created",
			Read: renderMove, Set: &setter[T]{shape: shapeText, plan: setMove}},

		// limits
		writable(integer("peers_max", "connected peers at most, 0 for no limit", "d.peers_max", peersMax),
			setter[T]{plan: setCount(rtorrent.SetPeersMax)}),
		writable(integer("peers_min", "below this number of connected peers more are asked for", "d.peers_min", peersMin),
			setter[T]{plan: setCount(rtorrent.SetPeersMin)}),
		writable(integer("uploads_max", "peers that are uploaded to at most, 0 for no limit", "d.uploads_max", uploadsMax),
			setter[T]{plan: setCount(rtorrent.SetUploadsMax)}),
		writable(boolean("super_seeding", "1 to upload each piece once before any twice; for complete torrents", superSeedingColumns, superSeeding),
			setter[T]{words: flagWords(), plan: setSuperSeeding}),
		integer("peers_connected", "connected peers", "d.peers_connected", func(t *T) int64 { return t.PeersConnected }),
		integer("peers_complete", "connected peers that have everything", "d.peers_complete", func(t *T) int64 { return t.PeersComplete }),

		// whole
		File[T]{Name: "info", Doc: "all values as `key: value` lines", Read: renderInfo},
		File[T]{Name: "info.json", Doc: "all values as one JSON object", Read: renderInfoJSON},

		// act
		File[T]{Name: "ctl", Doc: "write announce, scrape, save or erase (the data stays); reading lists them", Read: renderCtl,
			Set: &setter[T]{words: ctlWordList(), plan: control}},

		List[T]{Name: "files", Doc: "the content, by its path", Below: contentReference, Open: openFiles},
		List[T]{Name: "trackers", Doc: "its trackers, by host", Below: trackerReference, Open: openTrackers},
		List[T]{Name: "peers", Doc: "the peers it is connected to", Below: peerReference, Open: openPeers},
		List[T]{Name: "custom", Doc: "what tools keep with it: create a file to make a key; they cannot be removed, so empty ones are hidden", Below: customReference, Open: openCustom},
	}
	for i, n := range nodes {
		if f, ok := n.(File[T]); ok && f.Set != nil && f.Name != "state" && f.Name != "ctl" {
			nodes[i] = writable(f, setter[T]{f.Set.shape, f.Set.words, withMetadata(f.Set.plan), f.Set.needs + " d.is_meta"})
		}
	}
	return append(nodes, fileTrees()...)
}
