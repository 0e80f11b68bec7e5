package rtorrent

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync/atomic"
	"time"
)

// An httpTransport speaks to a web server in front of rTorrent, over HTTP/1.1,
// and keeps idle connections for the next requests. It follows no redirects: the
// login must not reach another server, nor a POST become a GET.
type httpTransport struct {
	url      string
	user     string
	password secret // nil for none
	maxReply int64
	rounds   http.RoundTripper
}

var _ Transport = (*httpTransport)(nil)

// newHTTPTransport fails where the TLS options do not make sense.
func newHTTPTransport(e Endpoint, o TransportOptions) (Transport, error) {
	config, err := tlsConfig(o)
	if err != nil {
		return nil, err
	}
	return &httpTransport{
		url:      e.url,
		user:     e.user,
		password: e.password,
		maxReply: o.MaxReply,
		rounds: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{}).DialContext, // bounded by the context
			TLSClientConfig:        config,
			DisableCompression:     true,
			MaxIdleConns:           maxConnections,
			MaxIdleConnsPerHost:    maxConnections,
			IdleConnTimeout:        30 * time.Second, // below the 75 s of nginx, which closes first otherwise
			MaxResponseHeaderBytes: 64 << 10,
		},
	}, nil
}

func tlsConfig(o TransportOptions) (*tls.Config, error) {
	if o.CAFile == "" {
		return &tls.Config{InsecureSkipVerify: o.InsecureTLS}, nil
	}
	if o.InsecureTLS {
		return nil, errors.New("a CA to trust and insecure TLS exclude each other")
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading the CA to trust: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA file %s: no certificate in PEM form in it", o.CAFile)
	}
	return &tls.Config{RootCAs: pool}, nil
}

// RoundTrip implements Transport. net/http repeats a POST by itself only if not
// one byte of it was written.
func (t *httpTransport) RoundTrip(ctx context.Context, contentType string, request []byte) ([]byte, string, error) {
	var p progress
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, p.trace()), http.MethodPost, t.url, bytes.NewReader(request))
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("User-Agent", "rtfs")
	if t.password != nil {
		r.SetBasicAuth(t.user, t.password())
	}
	response, err := t.rounds.RoundTrip(r)
	if err != nil {
		return nil, "", failure(ctx, &p, err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return nil, "", newStatusError(response, t.password != nil)
	}
	reply, err := readBody(response.Body, response.ContentLength, t.maxReply)
	if err != nil {
		if ctx.Err() != nil {
			err = abandoned(ctx)
		}
		return nil, "", err
	}
	reply, err = inflate(reply, t.maxReply)
	return reply, mediaType(response.Header.Get("Content-Type")), err
}

// A progress notes how far a request came.
type progress struct{ connected, answered atomic.Bool }

func (p *progress) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn:              func(httptrace.GotConnInfo) { p.connected.Store(true) },
		GotFirstResponseByte: func() { p.answered.Store(true) },
	}
}

// failure is the error of a request that got no response.
func failure(ctx context.Context, p *progress, err error) error {
	var network net.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return abandoned(ctx)
	case errors.As(err, &certificate):
		return fmt.Errorf("%w: %w (--tls-ca FILE names the CA to trust)", ErrUnavailable, errors.Join(errUnsent, err))
	case p.connected.Load() && !p.answered.Load():
		return unanswered(err)
	case !p.connected.Load():
		return fmt.Errorf("%w: %w: %w", ErrUnavailable, errUnsent, err)
	case p.answered.Load() && !errors.As(err, &network) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
