package rtorrenttest

import (
	"fmt"
	"slices"
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
