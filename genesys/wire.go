package genesys

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"time"
)

// A wire carries the requests of CometD in the HTTP session: with its CSRF token as it is now, which is
// read anew where the server does not take it. What the server says of the session being over is
// noted, and cookies of a refusal are dropped, as with any other request.
type wire struct {
	api  *api
	next http.RoundTripper
	own  *http.Transport // nil: next was given
}

func newWire(a *api) *wire {
	if a.transport != nil {
		return &wire{api: a, next: a.transport}
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	own := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		IdleConnTimeout:        15 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &wire{api: a, next: own, own: own}
}

// CloseIdleConnections closes those of a transport of the driver's own.
func (w *wire) CloseIdleConnections() {
	if w.own != nil {
		w.own.CloseIdleConnections()
	}
}

const maxRefusal = 4 << 10 // bytes that are read of a refusal

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	s := w.api.current()
	resp, err := w.send(r, r.Body)
	if err != nil || resp.StatusCode == http.StatusOK {
		return resp, err
	}
	resp.Header.Del("Set-Cookie")
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	switch {
	case over(resp.StatusCode, body):
		w.api.lose(s.generation)
	case foreign(resp.StatusCode, body) && r.GetBody != nil:
		// A CometD request that was refused so did nothing, and may be sent again.
		if w.api.renew(r.Context(), s) != nil || w.api.current().generation != s.generation || !w.api.current().live {
			break
		}
		again, err := r.GetBody()
		if err != nil {
			break
		}
		_ = resp.Body.Close()
		resp, err = w.send(r, again)
		if err == nil && resp.StatusCode != http.StatusOK {
			resp.Header.Del("Set-Cookie")
		}
		return resp, err
	}
	resp.Body = &rest{Reader: io.MultiReader(bytes.NewReader(body), resp.Body), Closer: resp.Body}
	return resp, nil
}

// send makes one attempt, with the token of the session.
func (w *wire) send(r *http.Request, body io.ReadCloser) (*http.Response, error) {
	out := r.WithContext(r.Context())
	out.Header = r.Header.Clone()
	if out.Header == nil {
		out.Header = make(http.Header)
	}
	w.api.guard(out.Header)
	out.Body = body
	resp, err := w.next.RoundTrip(out)
	if err == nil && resp.Header == nil {
		resp.Header = make(http.Header)
	}
	return resp, err
}

// A rest is a body of which the beginning has been read.
type rest struct {
	io.Reader
	io.Closer
}
