//go:build bench

package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/anacrolix/torrent/bencode"

	"rtfs/rtorrent"
	"rtfs/rtorrent/rtorrenttest"
)

const (
	filesEach  = 20   // of a torrent
	fileBytes  = 1024 // of a file
	activeOnes = 100  // of the torrents, the first ones, seed; the others are stopped
	sessionV   = "1"  // of what makeSession makes
)

// cacheDir is where sessions are kept from one run to the next.
func cacheDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("RTFS_CACHE")
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(user, "rtfs")
	}
	return filepath.Join(dir, "bench")
}

// session returns a session directory with n torrents, made at the first time.
// rTorrent looks for each torrent to load among all it has, so loading 10,000
// of them by RPC takes it many minutes; their session files are written
// instead.
func session(t testing.TB, n int) string {
	t.Helper()
	dir := filepath.Join(cacheDir(t), fmt.Sprintf("session-%s-%d", sessionV, n))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	data := filepath.Join(cacheDir(t), "data-"+sessionV)
	making := dir + ".new"
	must(t, os.RemoveAll(making))
	must(t, os.MkdirAll(making, 0o700))
	for i := range n {
		makeSession(t, making, data, i)
	}
	must(t, os.Rename(making, dir))
	return dir
}

// startOn starts an rTorrent on a copy of the session.
func startOn(t testing.TB, version string, n int) *rtorrent.Daemon {
	t.Helper()
	dir := rtorrenttest.ShortDir(t)
	if out, err := exec.Command("cp", "-r", session(t, n), filepath.Join(dir, "session")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	d, err := rtorrent.StartDaemon(ctx, rtorrent.DaemonOptions{
		Binary: []string{rtorrenttest.Binary(t, version)}, Dir: dir,
		// A user's may take minutes to load its session. The view "name" is
		// sorted as torrents come in, which is half of that time.
		Profile: rtorrent.User,
		Extra: []string{
			"view.sort_new = name,equal=d.priority=",
			"network.bind_address.set = 127.0.0.1", "dht.mode.set = disable", "protocol.pex.set = no", "trackers.use_udp.set = no",
		},
	})
	must(t, err)
	t.Cleanup(func() { must(t, d.Kill()) })
	return d
}

// makeSession writes the three session files of the torrent of a number, and
// the data of an active one.
func makeSession(t testing.TB, dir, data string, number int) {
	t.Helper()
	name := fmt.Sprintf("Some.Series.S%02dE%02d.1080p.WEB.H264-GROUP%05d", number%30, number%24, number)
	var files []rtorrent.MakeFile
	var resumed []any
	content := bytes.Repeat([]byte("rtfs\n"), fileBytes)[:fileBytes]
	for f := range filesEach {
		file := fmt.Sprintf("%02d.mkv", f)
		files = append(files, rtorrent.MakeFile{Path: []string{file}, Length: fileBytes, Data: bytes.NewReader(content)})
		mtime := int64(1_700_000_000)
		if number < activeOnes {
			at := filepath.Join(data, name, file)
			must(t, os.MkdirAll(filepath.Dir(at), 0o700))
			must(t, os.WriteFile(at, content, 0o600))
			info, err := os.Stat(at)
			must(t, err)
			mtime = info.ModTime().Unix()
		}
		resumed = append(resumed, map[string]any{"completed": 1, "mtime": mtime, "priority": 1})
	}
	torrent, err := rtorrent.MakeMetainfo(name, files, rtorrenttest.SamplePiece, rtorrenttest.NoTracker)
	must(t, err)
	m, err := rtorrent.ParseMetainfo(torrent)
	must(t, err)
	pieces := (filesEach*fileBytes + rtorrenttest.SamplePiece - 1) / rtorrenttest.SamplePiece
	state := 0
	if number < activeOnes {
		state = 1
	}
	for ending, content := range map[string]any{
		".torrent": bencode.Bytes(torrent),
		".torrent.libtorrent_resume": map[string]any{
			"bitfield": pieces, "files": resumed, "peers": []any{}, "uncertain_pieces.timestamp": 1_700_000_000,
			"trackers": map[string]any{rtorrenttest.NoTracker: map[string]any{"enabled": 1}},
		},
		".torrent.rtorrent": map[string]any{
			"chunks_done": pieces, "chunks_wanted": 0, "complete": 1, "hashing": 0, "state": state,
			"directory": filepath.Join(data, name), "loaded_file": "", "tied_to_file": "", "throttle_name": "",
			"custom":  map[string]any{"addtime": fmt.Sprint(1_700_000_000 + number)},
			"custom1": []string{"tv", "film", "", "linux%2Ciso"}[number%4], "custom2": "", "custom3": "", "custom4": "", "custom5": "",
			"connection_leech": "", "connection_seed": "", "ignore_commands": 0, "key": number + 1, "priority": 2,
			"state_changed": 1_700_000_000, "state_counter": 1,
			"timestamp.started": 1_700_000_000, "timestamp.finished": 1_700_000_000 + number,
			"total_downloaded": filesEach * fileBytes, "total_uploaded": number << 12, "views": []any{},
			"choke_heuristics.down.leech": "", "choke_heuristics.down.seed": "", "choke_heuristics.up.leech": "", "choke_heuristics.up.seed": "",
		},
	} {
		encoded, err := bencode.Marshal(content)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, string(m.Hash)+ending), encoded, 0o600))
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
