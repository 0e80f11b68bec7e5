package rtorrenttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rtfs/rtorrent"
)

// A Torrent is one of a Server's. Its fields are what the commands of their
// names return.
type Torrent struct {
	Hash        rtorrent.Hash
	Name        string
	Size        int64 // bytes
	PieceLength int64 // bytes
	Multi       bool
	Private     bool
	Meta        bool
	Created     int64 // this and the times below are Unix seconds
	Loaded      int64
	Started     int64
	Finished    int64
	Changed     int64

	Files    []File
	Trackers []Announcer
	Peers    []Peer

	State         bool
	Open          bool
	Active        bool
	Hashing       int64
	Checking      bool
	Checked       bool
	HashingFailed bool
	Complete      bool
	Verified      []bool // by piece
	Hashed        int64  // pieces, of the check under way
	UpRate        int64
	DownRate      int64
	UpTotal       int64
	DownTotal     int64
	Counter       int64

	Priority  int64
	Directory string // d.directory_base
	BasePath  string
	Message   string
	Custom    [5]string // d.custom1 to d.custom5
	Customs   map[string]string
	Tied      string
	Throttle  string
	Group     int64

	PeersMax   int64
	PeersMin   int64
	UploadsMax int64
	// SeedType is the type of connection that is wanted when complete.
	SeedType string

	among bool               // in the view of started torrents, which need not mean State
	meta  *rtorrent.Metainfo // nil for one that was not loaded
	truth []bool             // what a check of one that was not loaded will find
}

// A File is one of a torrent's files.
type File struct {
	Path     []string
	Size     int64 // bytes
	Offset   int64 // bytes
	Priority int64

	applied int64 // the priority that d.update_priorities has made count
}

// An Announcer is one of a torrent's trackers, as the torrent sees it.
type Announcer struct {
	URL     string
	Group   int64
	Enabled bool
	Extra   bool
	Seeds   int64
	Leeches int64
	Done    int64 // downloads that the tracker has counted
	OK      int64
	Failed  int64
	Busy    bool
	Last    int64 // Unix seconds
	Next    int64 // Unix seconds
	Event   int64
}

// A Peer is one of a torrent's peers.
type Peer struct {
	ID        string // 40 hexadecimal digits
	Address   string
	Port      int64
	Client    string
	Percent   int64
	UpRate    int64
	DownRate  int64
	UpTotal   int64
	DownTotal int64
	Encrypted bool
	Incoming  bool
	Snubbed   bool
	Banned    bool
}

// Add puts torrents into the server. What a torrent needs and lacks is made
// up: an info-hash, one file, unverified pieces of 256 KiB.
func (s *Server) Add(torrents ...Torrent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range torrents {
		t := torrents[i]
		s.makeUp(&t)
		s.insert(&t)
	}
}

func (s *Server) makeUp(t *Torrent) {
	if t.Hash == "" {
		t.Hash = hashOf(fmt.Sprintf("%s %d", t.Name, len(s.torrents)))
	}
	if t.PieceLength == 0 {
		t.PieceLength = 256 << 10
	}
	if t.Files == nil {
		t.Files = []File{{Path: []string{t.Name}, Size: t.Size}}
		for i := range t.Files {
			t.Files[i].Priority, t.Files[i].applied = 1, 1
		}
	}
	if t.Verified == nil {
		t.Verified = slices.Repeat([]bool{t.Complete}, int(t.pieces()))
	}
	if t.Directory == "" {
		t.Directory = s.directory
		if t.Multi {
			t.Directory = s.directory + "/" + t.Name
		}
	}
	if t.Loaded == 0 {
		t.Loaded = time.Now().Unix()
	}
	if t.Customs == nil {
		t.Customs = map[string]string{}
	}
	if t.PeersMax == 0 {
		t.PeersMax, t.PeersMin, t.UploadsMax = 200, 100, 50
	}
	if t.Open {
		t.touchPath()
	}
}

func (s *Server) insert(t *Torrent) {
	s.torrents = append(s.torrents, t)
	s.byHash[t.Hash] = t
}

func (s *Server) remove(t *Torrent) {
	s.torrents = slices.DeleteFunc(s.torrents, func(o *Torrent) bool { return o == t })
	s.checks = slices.DeleteFunc(s.checks, func(o *Torrent) bool { return o == t })
	delete(s.byHash, t.Hash)
}

// Fill puts n torrents into the server, the same ones each time: of five, three
// seed, one downloads, one is stopped; each has one file and 64 pieces.
func (s *Server) Fill(n int) {
	torrents := make([]Torrent, n)
	for i := range torrents {
		t := &torrents[i]
		*t = Torrent{
			Hash: hashOf(fmt.Sprint("filled ", i)),
			Name: fmt.Sprintf("Some.Series.S%02dE%02d.1080p.WEB.H264-GROUP%05d", i%30, i%24, i),
			Size: 16<<20 - int64(i), PieceLength: 256 << 10,
			Created: 1_600_000_000 + int64(i), Loaded: 1_700_000_000 + int64(i),
			Started: 1_700_000_000, UpTotal: int64(i) << 20, Priority: 2,
			State: true, Open: true, Active: true, Checked: true, Complete: true,
			Trackers: []Announcer{{URL: "http://tracker.invalid/announce", Enabled: true}},
			Custom:   [5]string{[]string{"tv", "film", "", "linux%2Ciso"}[i%4]},
			Customs:  map[string]string{"addtime": fmt.Sprint(1_700_000_000 + i)},
		}
		switch i % 5 {
		case 3:
			t.Complete, t.DownRate = false, 1<<20
			t.Verified = append(slices.Repeat([]bool{true}, 32), make([]bool, 32)...)
		case 4:
			t.State, t.Open, t.Active, t.Checked = false, false, false, false
		}
	}
	s.Add(torrents...)
}

// Torrent returns a copy of a torrent, and whether there is one. Its slices and
// maps are those of the server.
func (s *Server) Torrent(h rtorrent.Hash) (Torrent, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.byHash[h]
	if !ok {
		return Torrent{}, false
	}
	return *t, true
}

// Change changes a torrent, which must exist.
func (s *Server) Change(h rtorrent.Hash, change func(t *Torrent)) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.byHash[h]
	if !ok {
		s.t.Errorf("fake rTorrent: change of %s: there is no such torrent", h)
		return
	}
	change(t)
}

// Remove takes a torrent out of the server, as another client's d.erase.
func (s *Server) Remove(h rtorrent.Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.byHash[h]; t != nil {
		s.remove(t)
	}
}

func (t *Torrent) pieces() int64 {
	if t.PieceLength <= 0 {
		return 0
	}
	return (t.Size + t.PieceLength - 1) / t.PieceLength
}

// pieceSize is the number of bytes in a piece: the last one is shorter.
func (t *Torrent) pieceSize(i int64) int64 {
	return min(t.PieceLength, t.Size-i*t.PieceLength)
}

func (t *Torrent) completedPieces() (n int64) {
	for _, v := range t.Verified {
		n += number(v)
	}
	return n
}

func (t *Torrent) completedBytes() (n int64) {
	for i, v := range t.Verified {
		if v {
			n += t.pieceSize(int64(i))
		}
	}
	return n
}

// applyPriorities makes the files' priorities count.
func (t *Torrent) applyPriorities() {
	for i := range t.Files {
		t.Files[i].applied = t.Files[i].Priority
	}
}

// wantedPieces are those missing of files that are not switched off.
func (t *Torrent) wantedPieces() (n int64) {
	wanted := make([]bool, len(t.Verified))
	for i := range t.Files {
		f := &t.Files[i]
		if first, end := t.pieceRange(f); f.applied > 0 {
			for p := first; p < min(end, int64(len(wanted))); p++ {
				wanted[p] = true
			}
		}
	}
	for p, w := range wanted {
		n += number(w && !t.Verified[p])
	}
	return n
}

// pieceRange are the pieces that a file has a part in, the end not included.
func (t *Torrent) pieceRange(f *File) (first, end int64) {
	if t.PieceLength <= 0 {
		return 0, 0
	}
	first = f.Offset / t.PieceLength
	if f.Size == 0 {
		return first, first
	}
	return first, (f.Offset + f.Size + t.PieceLength - 1) / t.PieceLength
}

// bitfield is in hexadecimal, and empty where it is not known.
func (t *Torrent) bitfield() string {
	if !t.Open || !t.Checked && !t.Checking {
		return ""
	}
	bits := make([]byte, (len(t.Verified)+7)/8)
	for i, v := range t.Verified {
		if v {
			bits[i/8] |= 0x80 >> (i % 8)
		}
	}
	return fmt.Sprintf("%X", bits)
}

// touchPath sets the path that rTorrent knows since it has opened the torrent.
func (t *Torrent) touchPath() {
	t.BasePath = t.Directory
	if !t.Multi {
		t.BasePath = t.Directory + "/" + t.Name
	}
}

// frozenPath is where a file is, empty until the torrent was opened once.
func (t *Torrent) frozenPath(f *File) string {
	switch {
	case t.BasePath == "":
		return ""
	case t.Multi:
		return t.BasePath + "/" + strings.Join(f.Path, "/")
	}
	return t.BasePath
}
