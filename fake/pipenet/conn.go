package pipenet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A Conn is one end of a connection: a net.Conn that can also be closed for writing alone, and reset.
type Conn struct {
	network       *Network
	local, remote Addr
	in, out       *half
}

var _ net.Conn = (*Conn)(nil)

// newPair returns the two ends of a new connection.
func newPair(n *Network, dialler, listener Addr) (near, far *Conn) {
	there, back := newHalf(n.buffer), newHalf(n.buffer)
	near = &Conn{network: n, local: dialler, remote: listener, in: back, out: there}
	far = &Conn{network: n, local: listener, remote: dialler, in: there, out: back}
	return near, far
}

// Read reads what the peer wrote. At the end of it, once the peer has closed, the error is io.EOF.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.in.read(b)
	if err != nil && err != io.EOF {
		err = c.opError("read", err)
	}
	return n, err
}

// Write writes b to the peer's buffer, and waits while that is full.
func (c *Conn) Write(b []byte) (int, error) {
	n, err := c.out.write(b)
	if err != nil {
		err = c.opError("write", err)
	}
	return n, err
}

// Close ends both directions. The peer can still read what was written before.
func (c *Conn) Close() error {
	c.network.forget(c)
	first := c.in.closeReader()
	c.out.closeWriter()
	if !first {
		return c.opError("close", net.ErrClosed)
	}
	return nil
}

// CloseWrite ends the direction from here to the peer, who reads io.EOF after what was written
// before. The other direction stays open.
func (c *Conn) CloseWrite() error {
	if !c.out.closeWriter() {
		return c.opError("close", net.ErrClosed)
	}
	return nil
}

// Reset ends the connection as a reset does: what is under way in either direction is lost, and the
// peer's reads and writes, those that wait and those to come, fail with syscall.ECONNRESET. At this
// end the connection is closed. On a closed connection it loses what the peer has not read yet.
func (c *Conn) Reset() {
	c.network.forget(c)
	c.in.reset(&c.in.reads)
	c.out.reset(&c.out.writes)
}

// LocalAddr returns the address of this end.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the address of the other end.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets the instant at which reads and writes fail with os.ErrDeadlineExceeded, those
// that wait included. The zero time means never.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline is SetDeadline for reads alone.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if !c.in.setDeadline(&c.in.reads, t) {
		return c.opError("set", net.ErrClosed)
	}
	return nil
}

// SetWriteDeadline is SetDeadline for writes alone.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if !c.out.setDeadline(&c.out.writes, t) {
		return c.opError("set", net.ErrClosed)
	}
	return nil
}

func (c *Conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "pipe", Source: c.local, Addr: c.remote, Err: err}
}

// A half is one direction of a connection: a ring of bytes between one writing and one reading end.
type half struct {
	mu   sync.Mutex
	cond sync.Cond // something changed; waiting on it gives up mu

	ring  []byte
	first int // of the bytes in ring
	count int
	size  int

	reads, writes deadline
	wasReset      bool
}

// A deadline is one end of a half: whether it is closed, and until when its calls may wait.
type deadline struct {
	closed bool
	at     time.Time
	timer  *time.Timer
}

// passed reports whether the instant has come.
func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func newHalf(size int) *half {
	h := &half{size: size}
	h.cond.L = &h.mu
	return h
}

func (h *half) read(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.reads.closed:
			return 0, net.ErrClosed
		case h.wasReset:
			return 0, syscall.ECONNRESET
		case h.reads.passed():
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case h.count > 0:
			n := h.take(b)
			h.cond.Broadcast()
			return n, nil
		case h.writes.closed:
			return 0, io.EOF
		}
		h.cond.Wait()
	}
}

func (h *half) write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	written := 0
	for {
		switch {
		case h.writes.closed:
			return written, net.ErrClosed
		case h.wasReset:
			return written, syscall.ECONNRESET
		case h.writes.passed():
			return written, os.ErrDeadlineExceeded
		case h.reads.closed:
			return written, syscall.EPIPE
		}
		if n := h.put(b[written:]); n > 0 {
			written += n
			h.cond.Broadcast()
		}
		if written == len(b) {
			return written, nil
		}
		h.cond.Wait()
	}
}

// take moves bytes from the ring to b.
func (h *half) take(b []byte) int {
	n := 0
	for n < len(b) && h.count > 0 {
		m := copy(b[n:], h.ring[h.first:min(h.first+h.count, len(h.ring))])
		h.first = (h.first + m) % len(h.ring)
		h.count -= m
		n += m
	}
	return n
}

// put moves bytes from b to the ring as far as there is room. The ring grows with use, so that a
// connection that carries little costs little.
func (h *half) put(b []byte) int {
	if want := min(h.count+len(b), h.size); want > len(h.ring) {
		grown := make([]byte, min(max(want, 2*len(h.ring), 512), h.size))
		n := h.count
		h.take(grown[:n])
		h.ring, h.first, h.count = grown, 0, n
	}
	n := 0
	for n < len(b) && h.count < len(h.ring) {
		at := (h.first + h.count) % len(h.ring)
		end := len(h.ring)
		if at < h.first {
			end = h.first
		}
		m := copy(h.ring[at:end], b[n:])
		h.count += m
		n += m
	}
	return n
}

// closeReader closes the reading end and reports whether it was open.
func (h *half) closeReader() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reads.closed {
		return false
	}
	h.ring, h.first, h.count = nil, 0, 0
	h.shut(&h.reads)
	return true
}

// closeWriter closes the writing end and reports whether it was open.
func (h *half) closeWriter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.writes.closed {
		return false
	}
	h.shut(&h.writes)
	return true
}

// reset loses what is in the ring and fails what is to come, and closes the end that resets. All of
// it is one step, so that the other end never takes the close for an orderly one.
func (h *half) reset(end *deadline) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wasReset = true
	h.ring, h.first, h.count = nil, 0, 0
	h.shut(end)
}

// shut marks an end as closed and wakes everybody. The caller holds mu.
func (h *half) shut(d *deadline) {
	d.closed = true
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	h.cond.Broadcast()
}

// setDeadline moves a deadline and reports whether its end is open.
func (h *half) setDeadline(d *deadline, t time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d.closed {
		return false
	}
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.at = t
	if wait := time.Until(t); !t.IsZero() && wait > 0 {
		d.timer = time.AfterFunc(wait, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.cond.Broadcast()
		})
	}
	h.cond.Broadcast()
	return true
}
