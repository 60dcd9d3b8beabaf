package genesysserver

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"

	"github.com/callcontrol-go/callcontrol/fake/pipenet"
)

// A Network is what an Endpoint listens on.
type Network uint8

const (
	Pipe Network = 1 + iota // fake/pipenet: no sockets, and fit for testing/synctest
	TCP                     // a port of the loopback interface
	TLS                     // the same, with a certificate of its own that only the endpoint's transport trusts
)

// An Endpoint is a place where a Server can be reached. Start makes one, Close ends it.
type Endpoint struct {
	url       string
	transport *http.Transport
	roots     *x509.CertPool
	server    *http.Server
	network   *pipenet.Network // nil: sockets

	busy sync.WaitGroup // the accepting goroutine, handlers, connections

	mu     sync.Mutex
	closed bool
	conns  map[*tracked]struct{}
}

// Start listens and serves until Close. Each call gives an endpoint of its own, and all of them
// stand before the same Switch, sessions, faults and log. An endpoint on a Pipe belongs to the bubble of fake
// time that Start is called in, if any.
func (s *Server) Start(n Network) (*Endpoint, error) {
	e := &Endpoint{conns: make(map[*tracked]struct{})}
	var (
		ln  net.Listener
		err error
	)
	scheme := "http"
	switch n {
	case Pipe:
		e.network = pipenet.New()
		e.transport = e.network.Transport()
		ln, err = e.network.Listen("127.0.0.1:0")
	case TCP, TLS:
		e.transport = &http.Transport{}
		ln, err = net.Listen("tcp", "127.0.0.1:0")
	default:
		return nil, fmt.Errorf("genesysserver: unknown network %d", n)
	}
	if err != nil {
		return nil, fmt.Errorf("genesysserver: %w", err)
	}
	e.transport.MaxIdleConnsPerHost = 64
	addr := ln.Addr().String()
	ln = &trackingListener{Listener: ln, endpoint: e}
	if n == TLS {
		scheme = "https"
		cert, roots, err := selfSigned()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("genesysserver: %w", err), ln.Close())
		}
		e.roots = roots
		e.transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
		ln = tls.NewListener(ln, &tls.Config{
			Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12,
		})
	}
	e.url = scheme + "://" + addr
	e.server = &http.Server{
		Handler:  e.counted(s),
		ErrorLog: log.New(io.Discard, "", 0),
		// OPTIONS * is answered, counted and refused like every other request.
		DisableGeneralOptionsHandler: true,
		// A connection counts from before its goroutine starts until that ends, or until a handler
		// takes it over, who counts himself.
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				e.busy.Add(1)
			case http.StateClosed, http.StateHijacked:
				e.busy.Done()
			}
		},
	}
	e.busy.Go(func() { _ = e.server.Serve(ln) }) // until Close, with http.ErrServerClosed
	return e, nil
}

// URL is what stands before /api/v2: scheme, host and port, without a slash at the end.
func (e *Endpoint) URL() string { return e.url }

// Transport reaches the endpoint, over the pipe and trusting its certificate where there is one. It
// is always the same one, and Close closes its idle connections.
func (e *Endpoint) Transport() *http.Transport { return e.transport }

// Roots is what a transport of one's own has to trust; nil without TLS.
func (e *Endpoint) Roots() *x509.CertPool { return e.roots }

// Cut resets every connection that stands, as a server does that falls over. Listening goes on.
func (e *Endpoint) Cut() {
	e.mu.Lock()
	conns := make([]*tracked, 0, len(e.conns))
	for c := range e.conns {
		conns = append(conns, c)
	}
	e.mu.Unlock()
	for _, c := range conns {
		reset(c)
	}
}

// Close stops listening, closes every connection, those that a fault holds included, and waits until
// every goroutine of the endpoint has ended. A second Close does nothing. It always returns nil.
func (e *Endpoint) Close() error {
	e.transport.CloseIdleConnections()
	_ = e.server.Close()
	e.mu.Lock()
	e.closed = true
	conns := make([]*tracked, 0, len(e.conns))
	for c := range e.conns {
		conns = append(conns, c)
	}
	e.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
	if e.network != nil {
		_ = e.network.Close()
	}
	e.busy.Wait()
	e.transport.CloseIdleConnections()
	return nil
}

// counted lets Close wait for handlers.
func (e *Endpoint) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.busy.Add(1)
		defer e.busy.Done()
		next.ServeHTTP(w, r)
	})
}

// A trackingListener keeps what it accepts in its endpoint's set, since net/http forgets a
// connection that has been taken over.
type trackingListener struct {
	net.Listener
	endpoint *Endpoint
}

func (l *trackingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &tracked{Conn: conn, endpoint: l.endpoint}
	l.endpoint.mu.Lock()
	defer l.endpoint.mu.Unlock()
	if l.endpoint.closed {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	l.endpoint.conns[c] = struct{}{}
	return c, nil
}

// A tracked connection leaves its endpoint's set when it is closed.
type tracked struct {
	net.Conn
	endpoint *Endpoint
}

// Close closes the connection.
func (c *tracked) Close() error {
	c.endpoint.mu.Lock()
	delete(c.endpoint.conns, c)
	c.endpoint.mu.Unlock()
	return c.Conn.Close()
}
