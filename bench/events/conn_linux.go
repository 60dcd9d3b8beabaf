package events

import (
	"golang.org/x/sys/unix"
)

// A conn is one connection.
type conn struct {
	fd      int
	site    *site
	session *session // of which it carries the connect that is held, or all if it is a socket
	socket  bool     // it has been upgraded
	in      []byte   // what has come and is not whole
	out     []byte   // what could not be sent yet
}

func (s *server) accept(l *site) {
	for {
		fd, _, err := unix.Accept4(l.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) // as net has it
		l.counts.Accepted++
		l.counts.Open++
		c := &conn{fd: fd, site: l}
		s.conns[fd] = c
		if s.watch(fd) != nil {
			s.drop(c)
		}
	}
}

func (s *server) drop(c *conn) {
	if s.conns[c.fd] != c {
		return
	}
	_ = unix.Close(c.fd)
	delete(s.conns, c.fd)
	c.site.counts.Open--
	if c.out != nil {
		c.site.unsent--
	}
	if c.session != nil && c.session.held == c {
		c.session.held = nil
		c.site.held--
	}
	for i, other := range c.site.sockets {
		if other == c {
			c.site.sockets = append(c.site.sockets[:i], c.site.sockets[i+1:]...)
			break
		}
	}
}

// refuse ends a connection over which something came that no client here should send.
func (s *server) refuse(c *conn) {
	c.site.counts.Refused++
	s.drop(c)
}

// work reads and writes what can be.
func (s *server) work(c *conn, events uint32) {
	if events&unix.EPOLLOUT != 0 {
		s.flush(c)
	}
	if events&^unix.EPOLLOUT == 0 {
		return
	}
	n, err := unix.Read(c.fd, s.in)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err != nil || n <= 0:
		s.drop(c)
		return
	}
	data := s.in[:n]
	if len(c.in) > 0 {
		data = append(c.in, data...)
	}
	for len(data) > 0 && s.conns[c.fd] == c {
		size := 0
		if c.socket {
			size = s.frame(c, data)
		} else {
			size = s.request(c, data)
		}
		if size == 0 {
			break
		}
		data = data[size:]
	}
	if len(data) > len(s.in) {
		s.refuse(c)
		return
	}
	if c.in = append(c.in[:0], data...); len(c.in) == 0 {
		c.in = nil
	}
}

// write sends b, now or when the connection takes it.
func (s *server) write(c *conn, b []byte) {
	if c.out != nil {
		c.out = append(c.out, b...)
		return
	}
	n, err := unix.Write(c.fd, b)
	switch {
	case err == unix.EAGAIN:
		n = 0
	case err != nil:
		s.drop(c)
		return
	}
	if n == len(b) {
		return
	}
	c.out = append(make([]byte, 0, len(b)), b[n:]...)
	c.site.unsent++
	s.want(c, unix.EPOLLIN|unix.EPOLLOUT)
}

// flush sends what waits.
func (s *server) flush(c *conn) {
	if c.out == nil {
		return
	}
	n, err := unix.Write(c.fd, c.out)
	switch {
	case err == unix.EAGAIN:
		return
	case err != nil:
		s.drop(c)
		return
	}
	if c.out = c.out[n:]; len(c.out) > 0 {
		return
	}
	c.out = nil
	c.site.unsent--
	s.want(c, unix.EPOLLIN)
	s.pour(c.site)
}

func (s *server) want(c *conn, events uint32) {
	event := unix.EpollEvent{Events: events, Fd: int32(c.fd)}
	if unix.EpollCtl(s.epoll, unix.EPOLL_CTL_MOD, c.fd, &event) != nil {
		s.drop(c)
	}
}
