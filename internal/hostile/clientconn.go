package hostile

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// A clientConn is the client's end of a connection. It breaks when the client holds too much. With a
// latency it is told late of what the server has sent, and that it has gone; what it writes meanwhile
// is lost, as it is with TCP.
type clientConn struct {
	net.Conn
	meter   *meter
	latency time.Duration
}

func (c *clientConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.latency > 0 {
		timer := time.NewTimer(c.latency)
		<-timer.C
	}
	if n > 0 && !c.meter.saw(n) {
		_ = c.Conn.Close()
		return 0, syscall.ECONNRESET
	}
	return n, err
}

func (c *clientConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if c.latency > 0 && errors.Is(err, syscall.EPIPE) {
		return len(p), nil
	}
	return n, err
}
