package rtorrenttest

import (
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/anacrolix/torrent/bencode"
)

// announceTo tells the torrent's first tracker of it, as far as it was loaded
// from a .torrent, and takes the tracker's words as the message. It does not
// wait. The Server's mutex is held.
func (s *Server) announceTo(t *Torrent, event string) {
	if t.meta == nil || len(t.Trackers) == 0 || !strings.HasPrefix(t.Trackers[0].URL, "http://") {
		return
	}
	hash, err := hex.DecodeString(string(t.Hash))
	if err != nil {
		return
	}
	query := url.Values{"info_hash": {string(hash)}, "peer_id": {"-XX0000-000000000000"}, "port": {"6881"}, "left": {"0"}}
	if event != "" {
		query.Set("event", event)
	}
	address := t.Trackers[0].URL + "?" + query.Encode()
	s.announce.Add(1)
	go func() {
		defer s.announce.Done()
		reason, err := s.announceOnce(address)
		if s.ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case len(t.Trackers) == 0:
		case err != nil:
			t.Trackers[0].Failed++
			t.Message = "Tracker: [" + s.dialect.noConnection() + "]"
		case reason != "":
			t.Trackers[0].Failed++
			t.Message = `Tracker: [Failure reason "` + reason + `"]`
		default:
			t.Trackers[0].OK++
			t.Message = ""
		}
	}()
}

// announceOnce returns the tracker's failure reason, "" if there is none.
func (s *Server) announceOnce(address string) (reason string, err error) {
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", err
	}
	var reply struct {
		Reason string `bencode:"failure reason"`
	}
	err = bencode.Unmarshal(body, &reply)
	return reply.Reason, err
}

func (d dialect) noConnection() string {
	if d.modern {
		return "Could not connect to server"
	}
	return "Couldn't connect to server"
}
