package httpclient

import (
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
)

// A tracker knows whether a byte of an attempt may have left. Its hooks may be called by goroutines of
// a transport that is not ours, even late.
type tracker struct {
	plain bool        // the hooks are those of an *http.Transport, which leaves none out
	asked atomic.Bool // a connection was wanted; not noted with the client's own transport
	got   atomic.Bool // a connection was had: from here on bytes may have left
	conn  atomic.Pointer[countedConn]
	from  atomic.Int64 // what had been written to conn by then
}

// begin forgets the attempt before.
func (t *tracker) begin() {
	t.asked.Store(false)
	t.got.Store(false)
	t.conn.Store(nil)
}

// getConn is called for each connection that is wanted for an attempt, unless the transport is the
// client's own. An *http.Transport asks for a second one only if no byte of a command was written to the
// first. Of a transport that wraps one we do not know that.
func (t *tracker) getConn(string) {
	t.asked.Store(true)
	if t.plain {
		t.got.Store(false)
	}
}

func (t *tracker) gotConn(info httptrace.GotConnInfo) {
	c := counted(info.Conn)
	if c != nil {
		t.from.Store(c.written.Load())
	}
	if t.got.Load() && !t.plain {
		c = nil // no count tells of both
	}
	t.conn.Store(c)
	t.got.Store(true)
}

// sent reports whether a byte may have left of an attempt that ended in err. If it says no, none will
// leave later either.
func (t *tracker) sent(err error) bool {
	if t.got.Load() {
		c := t.conn.Load()
		return c == nil || !c.seal(t.from.Load())
	}
	return !t.plain && !t.asked.Load() && !dialFailed(err)
}

// wellFormed tells whether an *http.Transport accepts these headers (RFC 9110, section 5).
func wellFormed(h http.Header) bool {
	for name, values := range h {
		if name == "" || strings.ContainsFunc(name, notOfToken) {
			return false
		}
		for _, v := range values {
			for i := range len(v) {
				if c := v[i]; c < ' ' && c != '\t' || c == 0x7f {
					return false
				}
			}
		}
	}
	return true
}

func notOfToken(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}
