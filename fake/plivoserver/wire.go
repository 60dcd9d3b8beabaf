package plivoserver

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// send sends rep the ordinary way.
func send(w http.ResponseWriter, r *http.Request, rep reply) {
	h := w.Header()
	for name, values := range rep.header {
		h[name] = values
	}
	if _, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil // none: net/http would guess one
	}
	if rep.stream != nil {
		w.WriteHeader(rep.status)
		if r.Method != http.MethodHead {
			rep.stream(w)
		}
		return
	}
	if !bodyless(rep.status) {
		h.Set("Content-Length", strconv.Itoa(len(rep.body)))
	}
	w.WriteHeader(rep.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(rep.body)
	}
}

// bodyless reports whether HTTP forbids an answer of this status to have a body.
func bodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified
}

// sendRaw sends rep on the bare connection, as far as how lets it, and then closes the connection.
// It reports whether all of it was written. What hangs does so until lifted is closed.
func sendRaw(w http.ResponseWriter, r *http.Request, rep reply, how Wire, lifted <-chan struct{}) bool {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// Not HTTP/1.x, or a recorder of a test. This at least is not taken for the answer.
		send(w, r, failed(http.StatusBadGateway, "this fault needs a connection that can be taken over"))
		return false
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Time{})

	head, all := serialise(w.Header(), r, rep, how.Mode != Abandon)
	free := how.After
	if how.Body {
		free += head
	}
	free = min(free, len(all))
	if how.Mode == Whole || how.Mode == Abandon {
		free = len(all)
	}
	if free > 0 {
		if _, err := conn.Write(all[:free]); err != nil {
			return false
		}
	}
	switch how.Mode {
	case Reset:
		reset(conn)
		return false
	case Hang:
		hang(conn, lifted)
		return false
	case Drip:
		return drip(conn, all[free:], how.Pace)
	case Abandon:
		abandon(conn, how.Pace)
	}
	return how.Mode.delivers()
}

// serialise returns an answer as bytes, and the length of the part before the body.
func serialise(own http.Header, r *http.Request, rep reply, last bool) (head int, all []byte) {
	h := own.Clone()
	if h == nil {
		h = http.Header{}
	}
	for name, values := range rep.header {
		h[name] = values
	}
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	if last { // of this connection
		h.Set("Connection", "close")
	}
	if !bodyless(rep.status) {
		h.Set("Content-Length", strconv.Itoa(len(rep.body)))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %03d %s\r\n", rep.status, http.StatusText(rep.status))
	_ = h.Write(&b) // sorted; into memory
	b.WriteString("\r\n")
	head = b.Len()
	if r.Method != http.MethodHead {
		b.Write(rep.body)
	}
	return head, b.Bytes()
}

// watch reads and loses what still comes on a connection. gone is closed when either side has closed
// it; stop closes it and waits for that.
func watch(conn net.Conn) (gone <-chan struct{}, stop func()) {
	done := make(chan struct{})
	go func() { // until stop at the latest
		defer close(done)
		_, _ = io.Copy(io.Discard, conn)
	}()
	return done, func() {
		_ = conn.Close()
		<-done
	}
}

// hang keeps a connection until either side has closed it, or resets it once lifted is closed.
func hang(conn net.Conn, lifted <-chan struct{}) {
	gone, stop := watch(conn)
	defer stop()
	select {
	case <-gone:
	case <-lifted:
		reset(conn)
	}
}

// drip writes a byte each pace, and reports whether it got to the end.
func drip(conn net.Conn, rest []byte, pace time.Duration) bool {
	gone, stop := watch(conn)
	defer stop()
	tick := time.NewTimer(pace)
	defer tick.Stop()
	for i := range rest {
		select {
		case <-gone:
			return false
		case <-tick.C:
			tick.Reset(pace)
		}
		if _, err := conn.Write(rest[i : i+1]); err != nil {
			return false
		}
	}
	return true
}

// abandon closes a connection after a time, whatever comes on it meanwhile.
func abandon(conn net.Conn, after time.Duration) {
	gone, stop := watch(conn)
	defer stop()
	t := time.NewTimer(after)
	defer t.Stop()
	select {
	case <-gone:
	case <-t.C:
	}
}

// reset ends a connection so that the peer reads an error and not an end, where that can be had.
func reset(conn net.Conn) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	if t, ok := conn.(*tracked); ok {
		conn = t.Conn
	}
	switch c := conn.(type) {
	case interface{ Reset() }: // fake/pipenet
		c.Reset()
	case interface{ SetLinger(int) error }: // TCP
		_ = c.SetLinger(0)
	}
	_ = conn.Close()
}
