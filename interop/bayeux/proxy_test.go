package interop_test

import (
	"bytes"
	"context"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A proxy stands between clients and a server, on the loopback interface, and breaks connections: with
// a reset, and both ways.
type proxy struct {
	target   string
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	refuses bool
	links   map[*link]struct{}
	changed chan struct{} // closed when something has happened to a link
	cut     *cut
}

// A link is a client's connection and the one to the server that it is joined with.
type link struct {
	client, server *net.TCPConn
	waiting        bool // the client spoke last
	tail           []byte
}

// A cut is where a connection will be broken: inside the message with an event.
type cut struct {
	events int // still to pass, with the one that does not
	bytes  int // that pass after the beginning of that event's data
	done   chan struct{}
}

// An event is known by the beginning of its data, wherever the servers put that in the message.
var marker = []byte(`"n":`)

// through starts a proxy in front of a server. It ends with the test.
func through(t *testing.T, target string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{target: target, listener: ln, links: map[*link]struct{}{}, changed: make(chan struct{})}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		_ = ln.Close()
		p.reset()
		p.running.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		client := c.(*net.TCPConn)
		p.mu.Lock()
		refuses := p.refuses || p.closed
		p.mu.Unlock()
		if refuses {
			abort(client)
			continue
		}
		s, err := net.DialTimeout("tcp", p.target, patience)
		if err != nil {
			abort(client)
			continue
		}
		l := &link{client: client, server: s.(*net.TCPConn)}
		p.mu.Lock()
		if p.closed || p.refuses {
			p.mu.Unlock()
			l.abort()
			continue
		}
		p.links[l] = struct{}{}
		p.mu.Unlock()
		p.running.Go(func() { p.copy(l, l.client, l.server, true) })
		p.running.Go(func() { p.copy(l, l.server, l.client, false) })
	}
}

// copy passes on what one side says until it has ended or the link is broken.
func (p *proxy) copy(l *link, from, to *net.TCPConn, client bool) {
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		b := buf[:n]
		broken := p.said(l, b, client)
		if broken != nil {
			b = broken
		}
		if len(b) > 0 {
			if _, werr := to.Write(b); werr != nil {
				err = werr
			}
		}
		if broken != nil || err != nil {
			p.mu.Lock()
			delete(p.links, l)
			p.happened()
			p.mu.Unlock()
			if broken != nil {
				l.abort()
			} else {
				l.close()
			}
			return
		}
	}
}

// said notes what was said. Where the link is to break, it returns what still passes.
func (p *proxy) said(l *link, b []byte, client bool) (last []byte) {
	if len(b) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, whole := p.links[l]; !whole {
		return b[:0] // it is being broken
	}
	if l.waiting != client {
		l.waiting = client
		p.happened()
	}
	if client || p.cut == nil {
		l.tail = l.tail[:0]
		return nil
	}
	// A marker may begin in what was said before.
	seen := append(l.tail, b...)
	for at := 0; ; {
		i := bytes.Index(seen[at:], marker)
		if i < 0 {
			break
		}
		at += i + len(marker)
		if p.cut.events--; p.cut.events > 0 {
			continue
		}
		n := min(at-len(l.tail)+p.cut.bytes, len(b))
		close(p.cut.done)
		p.cut = nil
		return b[:n:n]
	}
	l.tail = append([]byte(nil), seen[max(0, len(seen)-len(marker)+1):]...)
	return nil
}

// happened wakes those who wait. The proxy is locked.
func (p *proxy) happened() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// reset breaks all connections, and tells how many there were.
func (p *proxy) reset() int {
	p.mu.Lock()
	all := p.take()
	p.mu.Unlock()
	for _, l := range all {
		l.abort()
	}
	return len(all)
}

// take has no link any more. The proxy is locked.
func (p *proxy) take() []*link {
	all := slices.Collect(maps.Keys(p.links))
	clear(p.links)
	return all
}

// cutInside has the connection reset that carries the given next event, some bytes after the beginning
// of its data. The channel is closed when that has happened.
func (p *proxy) cutInside(event, after int) <-chan struct{} {
	c := &cut{events: event, bytes: after, done: make(chan struct{})}
	p.mu.Lock()
	p.cut = c
	p.mu.Unlock()
	return c.done
}

// refuse has new connections reset at once, or not any more.
func (p *proxy) refuse(yes bool) {
	p.mu.Lock()
	p.refuses = yes
	p.mu.Unlock()
}

// held waits until a request is unanswered.
func (p *proxy) held(t *testing.T) {
	t.Helper()
	p.whileHeld(t, func() {})
}

// resetHeld breaks all connections at a moment when a request is unanswered: no answer passes after it.
func (p *proxy) resetHeld(t *testing.T) {
	t.Helper()
	var all []*link
	p.whileHeld(t, func() { all = p.take() })
	for _, l := range all {
		l.abort()
	}
}

// whileHeld calls f, with the proxy locked, once a request is unanswered.
func (p *proxy) whileHeld(t *testing.T, f func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		p.mu.Lock()
		changed := p.changed
		for l := range p.links {
			if l.waiting {
				f()
				p.mu.Unlock()
				return
			}
		}
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			require.FailNow(t, "no request is held")
		}
	}
}

func (l *link) abort() {
	abort(l.client)
	abort(l.server)
}

func (l *link) close() {
	_ = l.client.Close()
	_ = l.server.Close()
}

// abort closes a connection with a reset.
func abort(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// within waits for a channel to be closed.
func within(t *testing.T, d time.Duration, what string, done <-chan struct{}) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		require.FailNow(t, "not in time", what)
	}
}
