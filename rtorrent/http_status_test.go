package rtorrent

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHTTPStatus(t *testing.T) {
	for _, test := range []struct {
		code int
		body string
		kind error
		text string
	}{
		{401, "", ErrUntrusted, "http 401 Unauthorized: the user or the password is wrong"},
		{403, "no way", ErrUntrusted, "http 403 Forbidden: no way"},
		{404, "<html><head><title>404\nNot Found</title></head>\x00", ErrProtocol, "http 404 Not Found: 404 Not Found"},
		{413, "", ErrTooLarge, "http 413 Request Entity Too Large"},
		{502, strings.Repeat("x", 5000), ErrUnavailable, "http 502 Bad Gateway: " + strings.Repeat("x", 80) + "…"},
		{503, "", ErrUnavailable, "http 503 Service Unavailable"},
	} {
		transport := serveWeb(t, TransportOptions{}, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(test.code)
			io.WriteString(w, test.body)
		})
		reply, _, err := transport.RoundTrip(t.Context(), typeXML, nil)
		if reply != nil || !errors.Is(err, test.kind) || retryable(err) {
			t.Errorf("%d: got %q, %v (retryable %v), want %v", test.code, reply, err, retryable(err), test.kind)
		}
		if err != nil && err.Error() != test.text {
			t.Errorf("%d: error = %q, want %q", test.code, err, test.text)
		}
	}
}

func TestHTTPStatusWithoutLoginTellsHowToGiveOne(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(401) }))
	defer server.Close()
	e, err := ParseEndpoint(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := NewTransport(e, TransportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := transport.RoundTrip(t.Context(), typeXML, nil); err == nil || !strings.Contains(err.Error(), "--password-file") {
		t.Errorf("error = %v, want a hint", err)
	}
}

func TestHTTPFollowsNoRedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("redirected: %s %s", r.Method, r.URL)
	}))
	defer elsewhere.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		transport := serveWeb(t, TransportOptions{}, func(w http.ResponseWriter, r *http.Request) {
			target := strings.Replace(elsewhere.URL, "://", "://eve:pw@", 1) + "/x?token=pw"
			http.Redirect(w, r, target, code)
		})
		_, _, err := transport.RoundTrip(t.Context(), typeXML, []byte("x"))
		if !errors.Is(err, ErrProtocol) || !strings.Contains(err.Error(), elsewhere.URL+"/x") || strings.Contains(err.Error(), "pw") {
			t.Errorf("%d: error = %v, want %v that names %s/x alone", code, err, ErrProtocol, elsewhere.URL)
		}
	}
}
