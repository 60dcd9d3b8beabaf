package genesysserver

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

// send sends rep the ordinary way, and has all of it leave.
func send(w http.ResponseWriter, r *http.Request, rep reply) {
	h := w.Header()
	for name, values := range rep.header {
		h[name] = values
	}
	if _, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil // none: net/http would guess one
	}
	if !bodyless(rep.status) {
		h.Set("Content-Length", strconv.Itoa(len(rep.body)))
	}
	w.WriteHeader(rep.status)
	if r.Method != http.MethodHead && !bodyless(rep.status) {
		_, _ = w.Write(rep.body)
	}
	_ = http.NewResponseController(w).Flush()
}

// bodyless reports whether HTTP forbids an answer of this status to have a body.
func bodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified
}

// lose takes the connection over, sends what the wire lets through, and ends the connection. What hangs does
// so until lifted is closed.
func lose(w http.ResponseWriter, rep reply, how Wire, lifted <-chan struct{}) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// Not HTTP/1.x, or a recorder of a test. This at least is not taken for the answer.
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Time{})
	switch how {
	case Cut:
		var b bytes.Buffer
		fmt.Fprintf(&b, "HTTP/1.1 %03d %s\r\n", rep.status, http.StatusText(rep.status))
		_ = rep.header.Write(&b) // into memory
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(rep.body)+1)
		b.Write(rep.body[:len(rep.body)/2])
		_, _ = conn.Write(b.Bytes())
	case Reset:
		reset(conn)
	case Hang:
		hang(conn, lifted)
	}
}

// hang keeps a connection until either side has closed it, or resets it once lifted is closed.
func hang(conn net.Conn, lifted <-chan struct{}) {
	gone := make(chan struct{})
	go func() { // until the connection is closed, which hang does at the latest
		defer close(gone)
		_, _ = io.Copy(io.Discard, conn)
	}()
	select {
	case <-gone:
	case <-lifted:
		reset(conn)
	}
	_ = conn.Close()
	<-gone
}

// reset ends a connection so that the peer reads an error and not an end, where that can be had.
func reset(conn net.Conn) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	outer := conn
	if t, ok := conn.(*tracked); ok {
		conn = t.Conn
	}
	switch c := conn.(type) {
	case interface{ Reset() }: // fake/pipenet
		c.Reset()
	case interface{ SetLinger(int) error }: // TCP
		_ = c.SetLinger(0)
	}
	_ = outer.Close()
}
