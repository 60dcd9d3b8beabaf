package httpclient

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"time"
)

// SetRandom replaces the client's random numbers: f returns one in [0, n).
func SetRandom(c *Client, f func(n int64) int64) { c.random = f }

// Budget is what is left of the client's retry budget.
func Budget(c *Client) int64 { return c.budget.left.Load() }

// SetBudget sets what is left of it.
func SetBudget(c *Client, n int64) { c.budget.left.Store(n) }

// SetDial makes the client's own transport connect by dial; its connections are still counted.
func SetDial(c *Client, dial func(ctx context.Context, network, addr string) (net.Conn, error)) {
	connect(c.own, dial)
}

// Take waits for a turn of the limiter.
func Take(l *Limiter, ctx context.Context, watching bool) (after time.Duration, err error) {
	_, after, err = l.take(ctx, watching)
	return after, err
}

// Waiting is how many wait for the limiter.
func Waiting(l *Limiter) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queue[0].n + l.queue[1].n
}

// ErrBusy is what Take refuses with.
const ErrBusy = errBusy

// URL is the URL that a client would send a path to.
func URL(c *Client, segments []string, slash bool) (string, bool) {
	u, ok := c.base.url(segments, slash, nil)
	if !ok {
		return "", false
	}
	return u.RequestURI(), true
}

// Counted wraps a connection as the client's own transport does.
func Counted(conn net.Conn) net.Conn { return &countedConn{Conn: conn} }

// Trust makes the client take its transport's trace for the whole truth, as an *http.Transport's is.
func Trust(c *Client) { c.plain = true }

// TrustRoots makes the client's own transport trust these certificates and no others.
func TrustRoots(c *Client, roots *x509.CertPool) { c.own.TLSClientConfig.RootCAs = roots }

// OwnTransport is the client's own transport.
func OwnTransport(c *Client) *http.Transport { return c.own }
