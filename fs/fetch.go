package fs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rtfs/rtorrent"
)

const (
	// fetchWithin bounds the download of a .torrent.
	fetchWithin = 30 * time.Second
	// fetchHops is how many redirects are followed.
	fetchHops = 10
)

// A link is what leads to a torrent: a magnet link, or a URL of a .torrent.
type link struct {
	magnet *rtorrent.Magnet
	url    *url.URL
}

// parseLink checks a line of url or of a .magnet file.
func parseLink(text string) (link, error) {
	scheme, _, _ := strings.Cut(text, ":")
	switch strings.ToLower(scheme) {
	case "magnet":
		m, err := rtorrent.ParseMagnet(text)
		if err != nil {
			return link{}, invalid("%v", err)
		}
		return link{magnet: &m}, nil
	case "http", "https":
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || strings.ContainsAny(text, " \t\x00") {
			return link{}, invalid("it is not the URL of anything")
		}
		return link{url: u}, nil
	}
	return link{}, invalid("want a magnet:, http: or https: link")
}

// fetch downloads what a URL leads to: the bytes of a .torrent, or a magnet
// link that it redirects to. rTorrent would load both unchecked.
func fetch(ctx context.Context, u *url.URL) ([]byte, *rtorrent.Magnet, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, nil, invalid("%v", err)
	}
	request.Header.Set("User-Agent", "rtfs")
	var magnet *rtorrent.Magnet
	client := &http.Client{CheckRedirect: func(next *http.Request, via []*http.Request) error {
		switch l, err := parseLink(next.URL.String()); {
		case err != nil:
			return err
		case l.magnet != nil:
			magnet = l.magnet
			return http.ErrUseLastResponse
		case len(via) >= fetchHops:
			return fmt.Errorf("%w: over %d redirects", errLink, fetchHops)
		}
		return nil
	}}
	response, err := client.Do(request)
	if err != nil {
		return nil, nil, linkError(ctx, err)
	}
	defer response.Body.Close()
	switch {
	case magnet != nil:
		return nil, magnet, nil
	case response.StatusCode != http.StatusOK:
		return nil, nil, fmt.Errorf("%w: %s answers %s", errLink, u.Host, response.Status)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, dropMax+1))
	if err != nil {
		return nil, nil, linkError(ctx, err)
	}
	if len(content) > dropMax {
		return nil, nil, fmt.Errorf("%w: %s sends more than %d bytes", errTooBig, u.Host, dropMax)
	}
	return content, nil, nil
}

// linkError gives a failed download its kind. What lies beneath has another
// meaning here: the refused connection is not rTorrent's.
func linkError(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, errInvalid):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%w: no whole answer within %s", errTimeout, fetchWithin)
	}
	return fmt.Errorf("%w: %v", errLink, err)
}
