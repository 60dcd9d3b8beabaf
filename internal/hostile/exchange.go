package hostile

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// An exchange is a request and what is done with it.
type exchange struct {
	w       http.ResponseWriter
	r       *http.Request
	site    *site
	command bool // it is a mutating request
	nth     int  // of those of its class since the server misbehaves, from 1
}

const (
	jsonType = "application/json"
	htmlType = "text/html; charset=utf-8"
	page     = "<!DOCTYPE html><html><body><h1>We are sorry</h1></body></html>"
)

// pass lets the vendor answer.
func (x *exchange) pass() { x.site.vendor.Handler.ServeHTTP(x.w, x.r) }

// effect lets the vendor do what is asked, and drops the answer.
func (x *exchange) effect() { x.site.vendor.Handler.ServeHTTP(nowhere{}, x.r) }

// nowhere takes an answer that nobody gets.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}

// answer sends an answer without doing anything.
func (x *exchange) answer(status int, contentType, body string, header ...string) {
	h := x.w.Header()
	if body != "" {
		h.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	x.w.WriteHeader(status)
	_, _ = io.WriteString(x.w, body)
}

// refuse is the vendor's own error answer.
func (x *exchange) refuse(status int, header ...string) {
	x.answer(status, jsonType, x.site.vendor.Refusal(status), header...)
}

// silence answers nothing, until the client or the case has had enough.
func (x *exchange) silence() {
	select {
	case <-x.r.Context().Done():
	case <-x.site.gone:
	}
}

// take takes the connection over.
func (x *exchange) take() (net.Conn, *serverConn) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(err) // HTTP/1.1 only
	}
	return conn, beneath(conn)
}

// reset sends something, gives it time to arrive, and resets the connection.
func (x *exchange) reset(first string) {
	conn, below := x.take()
	if first != "" {
		_, _ = io.WriteString(conn, first)
		x.pause(10 * time.Millisecond)
	}
	below.reset()
}

// drip sends something byte by byte, after what is sent at once.
func (x *exchange) drip(first, slow string) {
	conn, _ := x.take()
	defer conn.Close()
	if _, err := io.WriteString(conn, first); err != nil {
		return
	}
	for i := range len(slow) {
		if _, err := io.WriteString(conn, slow[i:i+1]); err != nil || !x.pause(100*time.Millisecond) {
			return
		}
	}
}

func (x *exchange) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.site.gone:
		return false
	}
}

// stream sends a body of a size that is never held: first, a number of times "a", last.
func (x *exchange) stream(status int, contentType, first, last string, size int) {
	x.w.Header().Set("Content-Type", contentType)
	x.w.WriteHeader(status)
	_, _ = io.WriteString(x.w, first)
	chunk := bytes.Repeat([]byte("a"), 1<<20)
	for ; size > 0; size -= len(chunk) {
		if _, err := x.w.Write(chunk[:min(size, len(chunk))]); err != nil {
			return
		}
	}
	_, _ = io.WriteString(x.w, last)
}

// head is the start of an answer with a body of a size.
func head(size int) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", size)
}
