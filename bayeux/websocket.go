package bayeux

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// WebSocket is the transport over one socket. It dials through the DialContext, the proxy and the
// TLS configuration of the HTTP transport, sends the headers and cookies that long polling would,
// and needs no goroutine but the one that reads.
type WebSocket struct {
	// Compression offers permessage-deflate, which costs memory for each connection.
	Compression bool
	// Dialer is used instead of one made from the HTTP transport. Its Jar is replaced.
	Dialer *websocket.Dialer
}

// writeBuffers are shared by all sockets: one is taken for each message and given back.
var writeBuffers = new(sync.Pool)

// Type returns "websocket".
func (WebSocket) Type() string { return "websocket" }

// Open dials and upgrades. The error of a server that refuses is an *Error with its status.
func (t WebSocket) Open(ctx context.Context, p LinkParams) (Link, error) {
	u := *p.URL
	u.Scheme = map[string]string{"http": "ws", "https": "wss"}[u.Scheme]
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	d, keep := t.dialer(ctx, p)
	conn, resp, err := d.DialContext(ctx, u.String(), withoutUpgrade(p.Header))
	if err != nil {
		e := asError("", err)
		if resp != nil {
			e = statusError(resp)
			e.Detail = "the upgrade to WebSocket was refused"
			if resp.StatusCode == http.StatusSwitchingProtocols {
				e.Detail = "the upgrade to WebSocket was not valid"
			}
		}
		if ctx.Err() != nil {
			e = asError("", ctx.Err())
		}
		return nil, e
	}
	if !keep() {
		_ = conn.Close()
		return nil, asError("", ctx.Err())
	}
	conn.SetReadLimit(int64(p.MaxMessage))
	l := &socketLink{conn: conn, sink: p.Sink, spawn: p.Go, session: p.session, most: int32(min(p.MaxMessage, mostMaxMessage)), timeout: p.Timeout}
	l.read()
	return l, nil
}

// dialer makes a Dialer that connects the way the HTTP transport does. When ctx ends its connections
// are closed, even in the middle of the upgrade, until keep is called, which reports whether that
// was in time.
func (t WebSocket) dialer(ctx context.Context, p LinkParams) (d *websocket.Dialer, keep func() bool) {
	d = &websocket.Dialer{ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10, WriteBufferPool: writeBuffers}
	switch {
	case t.Dialer != nil:
		c := *t.Dialer
		d = &c
	default:
		if h, ok := p.RoundTripper.(*http.Transport); ok {
			d.Proxy = h.Proxy
			d.NetDialContext = h.DialContext
			d.NetDialTLSContext = h.DialTLSContext
			if h.TLSClientConfig != nil {
				d.TLSClientConfig = h.TLSClientConfig.Clone()
			}
		} else {
			d.Proxy = http.ProxyFromEnvironment
		}
		if d.TLSClientConfig == nil {
			d.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		d.TLSClientConfig.NextProtos = []string{"http/1.1"}
	}
	d.Jar = p.Jar
	d.EnableCompression = d.EnableCompression || t.Compression
	dial := d.NetDialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	var stops []func() bool
	var opening *openingConn
	closing := func(dial dialFunc) dialFunc {
		return func(dialing context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(dialing, network, addr)
			if err != nil {
				return nil, err
			}
			stops = append(stops, context.AfterFunc(ctx, func() { _ = conn.Close() }))
			opening = &openingConn{Conn: conn, left: maxUpgrade}
			return opening, nil
		}
	}
	d.NetDialContext = closing(dial)
	if d.NetDialTLSContext != nil {
		d.NetDialTLSContext = closing(d.NetDialTLSContext)
	}
	return d, func() bool {
		ok := true
		for _, stop := range stops {
			ok = stop() && ok
		}
		if opening != nil {
			opening.left = -1
		}
		return ok
	}
}

// maxUpgrade bounds what a server may send until the upgrade is done, TLS and answers of proxies
// included.
const maxUpgrade = 1 << 20

// An openingConn is a connection that may be read only so far.
type openingConn struct {
	net.Conn
	left int // -1: without a bound
}

// Read is small, because the goroutine that waits has it on its stack.
func (c *openingConn) Read(b []byte) (int, error) {
	if c.left >= 0 {
		return c.readSome(b)
	}
	return c.Conn.Read(b)
}

func (c *openingConn) readSome(b []byte) (int, error) {
	if c.left == 0 {
		return 0, errLong
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

type dialFunc = func(ctx context.Context, network, addr string) (net.Conn, error)

// withoutUpgrade leaves out the headers that belong to the upgrade, which a Dialer refuses to be given.
func withoutUpgrade(h http.Header) http.Header {
	h = h.Clone()
	for _, k := range []string{
		"Upgrade", "Connection", "Sec-Websocket-Key", "Sec-Websocket-Version",
		"Sec-Websocket-Extensions", "Content-Type", "Content-Length",
	} {
		h.Del(k)
	}
	return h
}

// A socketLink is one socket. A goroutine reads, and there is one that writes while there is
// something to write.
type socketLink struct {
	conn    *websocket.Conn
	sink    Sink
	spawn   func(f func())
	session *Session // nil if there is none to leave the goroutine to
	most    int32
	timeout time.Duration
	from    time.Time // since when read waits

	mu      sync.Mutex
	queue   []*Batch
	writing bool
	closed  bool
	hungUp  bool
	frames  uint8 // read, up to firstFrames; of the reader
}

// Working on a frame takes a larger stack than waiting for one. So where frames are few, the goroutine
// that has worked on one leaves the next to another: the first ones of a link, and one for which it has
// waited for as long as rest.
const (
	rest        = 20 * time.Millisecond
	firstFrames = 16
)

// read starts a goroutine that takes frames until the socket ends.
func (l *socketLink) read() {
	if l.session == nil {
		l.spawn(l.wait)
		return
	}
	l.session.enter()
	go l.wait()
}

// wait waits for frames. What it needs is in l, not on its stack, so that it gets by with the smallest
// stack there is.
func (l *socketLink) wait() {
	for {
		l.from = time.Now()
		_, r, err := l.conn.NextReader()
		if !l.take(r, err) {
			return
		}
	}
}

// take works on a frame, and reports whether the same goroutine goes on. If not, it is at its end.
func (l *socketLink) take(r io.Reader, err error) (same bool) {
	defer func() {
		if !same && l.session != nil {
			l.session.left()
		}
	}()
	first := l.frames < firstFrames
	if first {
		l.frames++
	}
	rested := first || time.Since(l.from) >= rest
	if err == nil {
		room := takeBuffer()
		if err = room.readFrom(r, int(l.most)); err == nil {
			l.sink.Receive(nil, room.b)
		}
		giveBuffer(room)
	}
	if err != nil {
		l.fail(err)
		return false
	}
	if rested {
		l.read()
	}
	return !rested
}

// fail closes the socket and tells why.
func (l *socketLink) fail(err error) {
	l.mu.Lock()
	l.closed, l.queue = true, nil
	l.mu.Unlock()
	_ = l.conn.Close()
	l.sink.Fail(nil, socketError(err))
}

func socketError(err error) *Error {
	var closed *websocket.CloseError
	switch {
	case errors.Is(err, websocket.ErrReadLimit), errors.Is(err, errLong):
		return &Error{Kind: ErrTooLarge, Detail: "the frame is longer than the limit"}
	case errors.As(err, &closed):
		return &Error{Kind: ErrTransport, Detail: "the socket was closed with code " + closeCode(closed.Code)}
	}
	return asError("", err)
}

// Duplex returns true.
func (l *socketLink) Duplex() bool { return true }

// Send queues the batch.
func (l *socketLink) Send(b *Batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.queue = append(l.queue, b)
	if !l.writing {
		l.writing = true
		l.spawn(l.write)
	}
}

// write sends what is queued.
func (l *socketLink) write() {
	for {
		l.mu.Lock()
		if len(l.queue) == 0 || l.closed {
			l.writing = false
			l.mu.Unlock()
			return
		}
		b := l.queue[0]
		l.queue = slices.Delete(l.queue, 0, 1)
		l.mu.Unlock()
		body, err := b.Body()
		if err != nil {
			l.sink.Fail(b, err)
			continue
		}
		_ = l.conn.SetWriteDeadline(time.Now().Add(l.timeout))
		switch err := l.conn.WriteMessage(websocket.TextMessage, body); {
		case errors.Is(err, websocket.ErrCloseSent): // the reader is about to tell why
			return
		case err != nil:
			l.fail(err)
			return
		}
	}
}

// Abort takes the batch back if it is still here. If it is not, the connection is taken for dead.
func (l *socketLink) Abort(b *Batch) {
	l.mu.Lock()
	i := slices.Index(l.queue, b)
	if i >= 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
	}
	l.mu.Unlock()
	if i < 0 {
		l.Close(false)
	}
}

// Close closes the socket, with a close frame if nothing is wrong with it.
func (l *socketLink) Close(clean bool) {
	l.mu.Lock()
	l.closed, l.queue = true, nil
	again := l.hungUp
	l.hungUp = true
	l.mu.Unlock()
	switch {
	case again:
	case !clean:
		_ = l.conn.Close()
	default:
		l.spawn(func() {
			_ = l.conn.WriteControl(websocket.CloseMessage,
				websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
			_ = l.conn.Close()
		})
	}
}

// closeCode is the code of a close frame in digits. The reason is the server's text and may be
// anything.
func closeCode(code int) string { return strconv.Itoa(code) }
