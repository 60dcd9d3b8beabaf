// Package pipenet is a network inside one process: listeners and connections without sockets,
// buffered both ways, on which every wait is one that testing/synctest can see through. A server
// and its clients can so be tested together in fake time.
//
// The connections behave like TCP where it matters to a protocol:
//
//   - a Write returns as soon as the bytes are in the buffer, and blocks while the buffer is full;
//   - after Close the peer still reads what was written before, and then io.EOF;
//   - a Write to a closed peer fails with syscall.EPIPE;
//   - after Reset the peer's reads and writes fail at once with syscall.ECONNRESET;
//   - deadlines are honoured, also by calls that already wait, and can be moved;
//   - a dial to an address where nobody listens fails with syscall.ECONNREFUSED.
//
// They differ in two points: there is no latency, and no time passes before a closed or reset
// connection is noticed at the other end.
//
// A Network and everything made by it is safe for concurrent use. It must be used inside the
// testing/synctest bubble that it was made in, if it was made in one.
package pipenet

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
)

// DefaultBuffer is how many bytes a connection made by New holds in each direction.
const DefaultBuffer = 256 << 10

// backlog is how many connections may wait to be accepted; a dial beyond that waits.
const backlog = 128

// An Addr is the address of a listener, as it was given to Listen, or of a dialler.
type Addr string

// Network returns "pipe".
func (Addr) Network() string { return "pipe" }

// String returns the address as given to Listen.
func (a Addr) String() string { return string(a) }

// A Network is a set of listeners that can be dialled by address. New makes one.
type Network struct {
	buffer int

	mu        sync.Mutex
	closed    bool
	lastPort  int
	listeners map[Addr]*Listener
	conns     map[*Conn]struct{}
}

// New returns an empty network whose connections hold DefaultBuffer bytes in each direction.
func New() *Network { return NewBuffered(DefaultBuffer) }

// NewBuffered returns an empty network whose connections hold size bytes in each direction, at
// least one. A small size makes a peer that does not read block the writer.
func NewBuffered(size int) *Network {
	return &Network{
		buffer:    max(size, 1),
		lastPort:  49151,
		listeners: make(map[Addr]*Listener),
		conns:     make(map[*Conn]struct{}),
	}
}

// Listen announces on addr, which is compared as it stands with what is dialled: "api.test:443". An
// empty address, and one that ends in ":0", is given a port of its own. An address that is in use
// is refused with syscall.EADDRINUSE.
func (n *Network) Listen(addr string) (*Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, &net.OpError{Op: "listen", Net: "pipe", Addr: Addr(addr), Err: net.ErrClosed}
	}
	a := Addr(addr)
	if addr == "" {
		a = n.portLocked("pipe")
	} else if host, port, err := net.SplitHostPort(addr); err == nil && port == "0" {
		a = n.portLocked(host)
	}
	if _, ok := n.listeners[a]; ok {
		return nil, &net.OpError{Op: "listen", Net: "pipe", Addr: a, Err: syscall.EADDRINUSE}
	}
	l := &Listener{
		network: n,
		addr:    a,
		queue:   make(chan *Conn, backlog),
		done:    make(chan struct{}),
	}
	n.listeners[a] = l
	return l, nil
}

// portLocked makes up an address that no listener of n has.
func (n *Network) portLocked(host string) Addr {
	for {
		n.lastPort++
		a := Addr(net.JoinHostPort(host, strconv.Itoa(n.lastPort)))
		if _, ok := n.listeners[a]; !ok {
			return a
		}
	}
}

// DialContext connects to the listener on addr. It has the form that net/http.Transport wants; the
// name of the network is not looked at. It returns once the connection stands in the listener's
// queue, as TCP does, and waits while that queue is full. Where nobody listens the error is
// syscall.ECONNREFUSED; when ctx ends first it is that of ctx.
func (n *Network) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: Addr(addr), Err: err}
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	n.mu.Lock()
	l := n.listeners[Addr(addr)]
	if n.closed || l == nil {
		n.mu.Unlock()
		return fail(syscall.ECONNREFUSED)
	}
	near, far := newPair(n, n.portLocked("dialler"), l.addr)
	n.conns[near], n.conns[far] = struct{}{}, struct{}{}
	n.mu.Unlock()

	select {
	case l.queue <- far:
	case <-l.done:
		near.Reset()
		return fail(syscall.ECONNREFUSED)
	case <-ctx.Done():
		near.Reset()
		return fail(ctx.Err())
	}
	// A listener that closed meanwhile has emptied its queue, perhaps before this connection was in.
	select {
	case <-l.done:
		l.drain()
	default:
	}
	return near, nil
}

// Transport returns a new HTTP transport that dials this network and uses no proxy. Whoever asked
// for it calls CloseIdleConnections when done, or closes the network.
func (n *Network) Transport() *http.Transport {
	return &http.Transport{DialContext: n.DialContext}
}

// Client returns a new HTTP client over a transport of its own.
func (n *Network) Client() *http.Client { return &http.Client{Transport: n.Transport()} }

// Close closes every listener and resets every connection. Later dials are refused. It always
// returns nil.
func (n *Network) Close() error {
	n.mu.Lock()
	n.closed = true
	listeners := make([]*Listener, 0, len(n.listeners))
	for _, l := range n.listeners {
		listeners = append(listeners, l)
	}
	conns := make([]*Conn, 0, len(n.conns))
	for c := range n.conns {
		conns = append(conns, c)
	}
	n.mu.Unlock()
	for _, l := range listeners {
		_ = l.Close()
	}
	for _, c := range conns {
		c.Reset()
	}
	return nil
}

// forget drops c from the set of connections that Close would reset.
func (n *Network) forget(c *Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.conns, c)
}

// A Listener is a net.Listener on a Network.
type Listener struct {
	network *Network
	addr    Addr
	queue   chan *Conn
	done    chan struct{}
	once    sync.Once
}

var _ net.Listener = (*Listener)(nil)

// Accept waits for the next connection. After Close the error is net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, l.closedError()
	default:
	}
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.done:
		return nil, l.closedError()
	}
}

func (l *Listener) closedError() error {
	return &net.OpError{Op: "accept", Net: "pipe", Addr: l.addr, Err: net.ErrClosed}
}

// Close stops listening and resets the connections that nobody has accepted. The ones that were
// accepted are not touched. A second Close fails with net.ErrClosed.
func (l *Listener) Close() error {
	err := error(&net.OpError{Op: "close", Net: "pipe", Addr: l.addr, Err: net.ErrClosed})
	l.once.Do(func() {
		err = nil
		l.network.mu.Lock()
		delete(l.network.listeners, l.addr)
		l.network.mu.Unlock()
		close(l.done)
		l.drain()
	})
	return err
}

// drain resets what stands in the queue of a closed listener.
func (l *Listener) drain() {
	for {
		select {
		case c := <-l.queue:
			c.Reset()
		default:
			return
		}
	}
}

// Addr returns the address that the listener can be dialled by.
func (l *Listener) Addr() net.Addr { return l.addr }
