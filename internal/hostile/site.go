package hostile

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A request is one that has arrived.
type request struct {
	at     time.Time
	method string
	path   string // escaped
	query  string
	secret bool // it has the credentials
}

func (r request) command() bool { return r.method != http.MethodGet && r.method != http.MethodHead }

// A site is a vendor on a stage.
type site struct {
	vendor    *Vendor
	stage     Stage
	url       string
	transport *http.Transport
	meter     meter
	idle      time.Duration

	servers []*http.Server
	busy    sync.WaitGroup
	gone    chan struct{} // closed by cut

	mu        sync.Mutex
	conns     map[*serverConn]struct{}
	act       func(*exchange)
	seen      []request // since act was set
	strangers []request
}

// stranger is a host that the client has no business with.
const stranger = "stranger.test"

func open(vendor *Vendor, t *trial) (*site, error) {
	on := t.stage
	s := &site{vendor: vendor, stage: on, idle: t.idle, gone: make(chan struct{}), conns: make(map[*serverConn]struct{})}
	if on.Own {
		addr, err := s.serve(vendor.Host+":80", false, http.HandlerFunc(s.vendors))
		s.url = "http://" + addr
		return s, err
	}
	identity, err := identify()
	if err != nil {
		return nil, err
	}
	_, err = s.serve(vendor.Host+":443", true, http.HandlerFunc(s.vendors))
	s.url = "https://" + vendor.Host
	s.transport = &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: identity.roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := on.Dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &clientConn{Conn: conn, meter: &s.meter, latency: t.latency}, nil
		},
	}
	return s, err
}

// serve listens until close.
func (s *site) serve(addr string, encrypted bool, h http.Handler) (string, error) {
	plain, err := s.stage.Listen(addr)
	if err != nil {
		return "", err
	}
	at := plain.Addr().String()
	ln := net.Listener(&serverListener{plain, s})
	if encrypted {
		identity, err := identify()
		if err != nil {
			return "", errors.Join(err, plain.Close())
		}
		ln = tls.NewListener(ln, &tls.Config{
			Certificates: []tls.Certificate{identity.certificate}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12,
		})
	}
	server := &http.Server{
		// A connection counts from before its goroutine starts until that ends, or until a handler
		// takes it over, who counts himself.
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.busy.Add(1)
			case http.StateClosed, http.StateHijacked:
				s.busy.Done()
			}
		},
		ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.busy.Add(1)
			defer s.busy.Done()
			h.ServeHTTP(w, r)
		}),
		IdleTimeout: s.idle,
	}
	s.servers = append(s.servers, server)
	s.busy.Go(func() { _ = server.Serve(ln) })
	return at, nil
}

// vendors answers as the vendor does, or worse.
func (s *site) vendors(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	q := s.note(r)
	s.mu.Lock()
	act := s.act
	x := &exchange{w: w, r: r, site: s, command: q.command()}
	if act != nil {
		for _, before := range s.seen {
			if before.command() == x.command {
				x.nth++
			}
		}
		x.nth++
		s.seen = append(s.seen, q)
	}
	s.mu.Unlock()
	if act == nil {
		x.pass()
		return
	}
	act(x)
}

// strange answers as if the client were right here.
func (s *site) strange(w http.ResponseWriter, r *http.Request) {
	q := s.note(r)
	s.mu.Lock()
	s.strangers = append(s.strangers, q)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, s.vendor.Sample(`["1"]`))
}

func (s *site) note(r *http.Request) request {
	q := request{at: time.Now(), method: r.Method, path: r.URL.EscapedPath(), query: r.URL.RawQuery}
	for _, values := range r.Header {
		for _, v := range values {
			q.secret = q.secret || strings.Contains(v, s.vendor.Secret)
		}
	}
	return q
}

// arm has act do something with each request, and forgets what was seen before.
func (s *site) arm(act func(*exchange)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.act, s.seen = act, nil
}

// requests are those since the site was armed.
func (s *site) requests() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.seen...)
}

func (s *site) count() (commands, reads int) {
	for _, q := range s.requests() {
		if q.command() {
			commands++
		} else {
			reads++
		}
	}
	return commands, reads
}

// cut ends every server and every connection.
func (s *site) cut() {
	s.mu.Lock()
	select {
	case <-s.gone:
	default:
		close(s.gone)
	}
	conns := make([]*serverConn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	for _, server := range s.servers {
		_ = server.Close()
	}
	for _, c := range conns {
		_ = c.Close()
	}
}

// close cuts, and waits for what is left.
func (s *site) close() error {
	s.cut()
	s.busy.Wait()
	if s.transport != nil {
		s.transport.CloseIdleConnections()
	}
	if s.vendor.Close == nil {
		return nil
	}
	return s.vendor.Close()
}

// A serverListener keeps what it accepts.
type serverListener struct {
	net.Listener
	site *site
}

func (l *serverListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &serverConn{Conn: conn, site: l.site}
	l.site.mu.Lock()
	defer l.site.mu.Unlock()
	select {
	case <-l.site.gone:
		_ = conn.Close()
		return nil, net.ErrClosed
	default:
	}
	l.site.conns[c] = struct{}{}
	return c, nil
}

// A serverConn is the server's end of a connection, below TLS.
type serverConn struct {
	net.Conn
	site *site
}

func beneath(c net.Conn) *serverConn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	s, _ := c.(*serverConn)
	return s
}

func (c *serverConn) Close() error {
	c.site.mu.Lock()
	delete(c.site.conns, c)
	c.site.mu.Unlock()
	return c.Conn.Close()
}

// reset ends the connection as a reset does.
func (c *serverConn) reset() {
	switch conn := c.Conn.(type) {
	case interface{ Reset() }:
		conn.Reset()
	case *net.TCPConn:
		_ = conn.SetLinger(0)
	}
	_ = c.Close()
}
