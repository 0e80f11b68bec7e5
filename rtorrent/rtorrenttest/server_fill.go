package rtorrenttest

import (
	"fmt"
	"slices"
)

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
