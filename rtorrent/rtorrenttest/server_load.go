package rtorrenttest

import (
	"encoding/base64"
	"os"
	"strings"
	"time"

	"github.com/anacrolix/torrent/bencode"

	"rtfs/rtorrent"
)

func loadCommands() map[string]command {
	commands := map[string]command{}
	for _, name := range []string{"load.raw", "load.raw_verbose"} {
		commands[name] = load(false, loadBytes)
	}
	for _, name := range []string{"load.raw_start", "load.raw_start_verbose"} {
		commands[name] = load(true, loadBytes)
	}
	for _, name := range []string{"load.normal", "load.verbose"} {
		commands[name] = load(false, loadFile)
	}
	for _, name := range []string{"load.start", "load.start_verbose"} {
		commands[name] = load(true, loadFile)
	}
	return commands
}

// load never says whether it took a torrent, and takes it after it has
// answered. What rTorrent may be given is decided by ParseMetainfo: of the
// rest, which it would refuse in silence or not survive, nothing comes.
func load(start bool, read func(r *run, text string) (b []byte, tied string)) command {
	return plain(func(r *run, args []any) (any, error) {
		text, err := textArg(args, 0)
		if err != nil {
			return nil, err
		}
		b, tied := read(r, text)
		m, err := rtorrent.ParseMetainfo(b)
		if err != nil || len(m.Trackers) == 0 && !r.dialect.modern {
			return nothing{}, nil // 0.9.8 wants a tracker while its DHT is off
		}
		r.later = append(r.later, func() { r.load(m, tied, start) })
		return nothing{}, nil
	})
}

func loadBytes(r *run, text string) (b []byte, tied string) {
	if !r.json {
		return []byte(text), ""
	}
	_, digits, ok := strings.Cut(text, ";base64,")
	if !ok || !strings.HasPrefix(text, "data:") {
		return nil, ""
	}
	b, err := base64.StdEncoding.DecodeString(digits)
	if err != nil {
		return nil, ""
	}
	return b, ""
}

func loadFile(r *run, path string) (b []byte, tied string) {
	if strings.HasPrefix(path, "data:") && r.dialect.modern {
		return loadBytes(&run{Server: r.Server, json: true}, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, ""
	}
	return b, path
}

// load puts a torrent into the server; of one that is there nothing changes.
func (r *run) load(m *rtorrent.Metainfo, tied string, start bool) {
	if r.byHash[m.Hash] != nil {
		return
	}
	t := &Torrent{
		Hash: m.Hash, Name: m.Name, Size: m.Size, PieceLength: m.PieceLength, Multi: m.Multi, Private: m.Private,
		Created: creationDate(m), Loaded: time.Now().Unix(), Priority: 2, Tied: tied,
		Verified: make([]bool, m.Pieces), meta: m,
	}
	t.Changed = t.Loaded
	for _, f := range m.Files {
		t.Files = append(t.Files, File{Path: f.Path, Size: f.Length, Offset: f.Offset, Priority: 1, applied: 1})
	}
	for group, tier := range m.Trackers {
		for _, url := range tier {
			t.Trackers = append(t.Trackers, Announcer{URL: url, Group: int64(group), Enabled: true})
		}
	}
	r.makeUp(t)
	r.insert(t)
	r.saveSession(t, true)
	if start {
		_, _ = dStart(r, t, nil) // it has no error
	}
}

// creationDate is 0 where the .torrent has none.
func creationDate(m *rtorrent.Metainfo) int64 {
	var root struct {
		Date int64 `bencode:"creation date"`
	}
	if err := bencode.Unmarshal(m.Encode(), &root); err != nil {
		return 0
	}
	return root.Date
}

// The files of a torrent in the session directory, by what is behind the
// info-hash. The second and third hold what changes.
const (
	metainfoFile = ".torrent"
	customFile   = ".torrent.rtorrent"
	resumeFile   = ".torrent.libtorrent_resume"
)

// saveSession writes the torrent's session files, the second and third without
// content; the first, which never changes, when the torrent is loaded.
func (s *Server) saveSession(t *Torrent, loaded bool) {
	if s.session == "" {
		return
	}
	base := s.session + string(t.Hash)
	if loaded && t.meta != nil {
		s.write(base+metainfoFile, t.meta.Encode())
	}
	s.write(base+customFile, []byte("de"))
	s.write(base+resumeFile, []byte("de"))
}

// write replaces a file by a rename, as rTorrent does.
func (s *Server) write(name string, content []byte) {
	err := os.WriteFile(name+".new", content, 0o600)
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	if err != nil {
		s.t.Errorf("fake rTorrent: saving its session: %v", err)
	}
}

// dSave answers as both versions do, which differ.
func dSave(r *run, t *Torrent, _ []any) (any, error) {
	if r.dialect.modern {
		// It saves in the background.
		r.later = append(r.later, func() {
			if r.byHash[t.Hash] == t {
				r.saveSession(t, false)
			}
		})
		return nothing{}, nil
	}
	r.saveSession(t, false)
	return int64(1), nil
}

// forgetSession removes the torrent's files in the session, and the one that
// it was loaded from.
func (r *run) forgetSession(t *Torrent) {
	var names []string
	if r.session != "" {
		base := r.session + string(t.Hash)
		names = []string{base + metainfoFile, base + customFile, base + resumeFile}
	}
	if t.Tied != "" {
		names = append(names, t.Tied)
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			r.t.Errorf("fake rTorrent: erasing a torrent: %v", err)
		}
	}
}
