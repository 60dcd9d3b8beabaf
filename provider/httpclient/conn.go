package httpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"

	cc "github.com/callcontrol-go/callcontrol"
)

const errHandshake = cc.Detail("the TLS handshake took too long")

// connect has a transport connect by dial, and use what it gives as countedConns: above TLS, where
// that is spoken. Through a proxy net/http puts TLS above them.
func connect(t *http.Transport, dial func(ctx context.Context, network, addr string) (net.Conn, error)) {
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &countedConn{Conn: conn}, nil
	}
	t.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		plain, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		conn, err := handshake(ctx, t, plain, addr)
		if err != nil {
			_ = plain.Close()
			return nil, err
		}
		return &countedConn{Conn: conn}, nil
	}
}

func handshake(ctx context.Context, t *http.Transport, plain net.Conn, addr string) (net.Conn, error) {
	config := t.TLSClientConfig.Clone()
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		config.ServerName = host
	}
	limited, cancel := context.WithTimeout(ctx, t.TLSHandshakeTimeout)
	defer cancel()
	conn := tls.Client(plain, config)
	err := conn.HandshakeContext(limited)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, errHandshake
	}
	return conn, err
}

// A countedConn counts what is written to it before it is written, so that a request that failed can
// be told from one of which no byte left. What could not be written at all is taken off again.
//
// It also ends where a vendor goes on after an answer that has no body: Plivo is known to send a body
// with a 204 (plivo-java, PlivoClient). net/http would take such bytes for the answer to the next
// request, or write them to the standard logger.
type countedConn struct {
	net.Conn
	written atomic.Int64 // sealed: negative
	asked   atomic.Bool  // something was written since the last byte was read

	// Of the one goroutine that reads:
	answer answerHead
	ended  bool
}

const sealed = -1

func (c *countedConn) Write(p []byte) (int, error) {
	for {
		n := c.written.Load()
		if n == sealed {
			return 0, net.ErrClosed
		}
		if c.written.CompareAndSwap(n, n+int64(len(p))) {
			c.asked.Store(true)
			m, err := c.Conn.Write(p)
			if m == 0 && err != nil { // as net/http sees it, too, which may take another connection then
				c.written.Add(int64(-len(p)))
			}
			return m, err
		}
	}
}

// Read gives the bytes that belong to answers, and io.EOF with the last of them where more have come.
func (c *countedConn) Read(p []byte) (int, error) {
	if c.ended {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p)
	if n == 0 {
		return n, err
	}
	if c.asked.Load() {
		c.asked.Store(false)
		c.answer.begin()
	}
	if m := c.answer.pass(p[:n]); m < n {
		c.ended = true
		return m, io.EOF // with the bytes: net/http does not keep the connection then
	}
	return n, err
}

// seal lets nothing more be written if nothing was since the count was from, and reports so.
func (c *countedConn) seal(from int64) bool {
	return c.written.CompareAndSwap(from, sealed)
}

// counted returns the countedConn that conn is or that is below it, or nil.
func counted(conn net.Conn) *countedConn {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	c, _ := conn.(*countedConn)
	return c
}

// An answerHead looks at the bytes of answers only so far as to see where one ends that has no body.
type answerHead struct {
	state  headState
	n      int // bytes of the version and of the status that have been seen
	status [3]byte
	text   bool // the line that is read now is not empty
}

type headState uint8

const (
	headNothing  headState = iota // nothing may come
	headVersion                   // "HTTP/1.1"
	headStatus                    // blanks and three digits
	headInterim                   // lines up to an empty one; then another answer follows
	headBodyless                  // lines up to an empty one; then nothing may come
	headAnything                  // an answer that may have a body, or no HTTP at all
)

// begin says that a request was sent: what comes next is its answer.
func (h *answerHead) begin() { *h = answerHead{state: headVersion} }

// pass tells how many of the bytes that have come belong to an answer.
func (h *answerHead) pass(p []byte) int {
	for i, b := range p {
		switch h.state {
		case headAnything:
			return len(p)
		case headNothing:
			return i
		case headVersion:
			const version = "HTTP/1."
			if h.n < len(version) && b != version[h.n] {
				h.state = headAnything
			} else if h.n++; h.n > len(version) {
				h.state, h.n = headStatus, 0
			}
		case headStatus:
			if h.n == 0 && b == ' ' {
				continue
			}
			h.status[h.n] = b
			if h.n++; h.n == len(h.status) {
				h.state, h.text = headOf(string(h.status[:])), true
			}
		case headInterim, headBodyless:
			switch {
			case b == '\n' && !h.text && h.state == headInterim:
				h.begin()
			case b == '\n' && !h.text:
				h.state = headNothing
			case b == '\n':
				h.text = false
			case b != '\r':
				h.text = true
			}
		}
	}
	return len(p)
}

// headOf tells what follows a status.
func headOf(status string) headState {
	switch {
	case status == "204", status == "304":
		return headBodyless
	case status[0] == '1' && status != "101":
		return headInterim
	}
	return headAnything
}
