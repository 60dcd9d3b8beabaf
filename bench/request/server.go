package request

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A server answers like the vendors, as cheaply as it can be done: no net/http, one read and one write a
// request, fixed answers. It takes HTTP/1.1 from clients that tell the length of a body, and closes the
// connection on anything else.
type server struct {
	manner
	listener net.Listener
	met      chan struct{} // closed when the first requests have come

	accepted, opened, requests, commands, refused atomic.Int64
	muted                                         [maxWorkers]atomic.Bool

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	stop  func() // of one that is awake
	group sync.WaitGroup
}

// A manner is how a server serves.
type manner struct {
	certificate *tls.Certificate // TLS, and HTTP/1.1 only; nil: plain
	delay       time.Duration    // before each answer
	together    int64            // that many first requests wait for each other
	awake       bool             // it never sleeps, where the system can do that
}

// newServer begins to listen on loopback. One that waits for something cannot be awake.
func newServer(m manner) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{manner: m, listener: listener, met: make(chan struct{}), conns: make(map[net.Conn]struct{})}
	if m.awake && m.certificate == nil && m.delay == 0 && m.together <= 1 {
		if s.stop, err = s.stayAwake(listener); err == nil {
			return s, nil
		}
	}
	var config *tls.Config
	if m.certificate != nil {
		config = &tls.Config{Certificates: []tls.Certificate{*m.certificate}, NextProtos: []string{"http/1.1"}}
	}
	s.group.Go(func() { s.accept(config) })
	return s, nil
}

func (s *server) accept(config *tls.Config) {
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if config != nil {
			conn = tls.Server(conn, config)
		}
		s.accepted.Add(1)
		s.opened.Add(1)
		s.mu.Lock()
		s.conns[conn] = struct{}{}
		s.mu.Unlock()
		s.group.Go(func() {
			s.serve(conn)
			_ = conn.Close()
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
			s.opened.Add(-1)
		})
	}
}

// close ends everything and waits for it.
func (s *server) close() error {
	err := s.listener.Close()
	if s.stop != nil {
		s.stop()
	}
	s.mu.Lock()
	for conn := range s.conns {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.group.Wait()
	return err
}

// Counts are what a server has seen.
type counts struct {
	Accepted, Open              int64 // connections
	Requests, Commands, Refused int64 // Commands are those that are no GET
}

func (s *server) counts() counts {
	return counts{
		Accepted: s.accepted.Load(), Open: s.opened.Load(),
		Requests: s.requests.Load(), Commands: s.commands.Load(), Refused: s.refused.Load(),
	}
}

// serve answers the requests of one connection.
func (s *server) serve(conn net.Conn) {
	in := new(inbox)
	for {
		n, err := conn.Read(in.data[in.have:])
		if err != nil {
			return
		}
		in.have += n
		if !s.take(in, conn) {
			return
		}
	}
}

// An inbox is what has come on a connection and is not answered yet.
type inbox struct {
	have int
	data [16 << 10]byte
}

// take answers the whole requests that have come, and reports whether the connection is still good.
func (s *server) take(in *inbox, conn io.Writer) bool {
	for {
		size, body, ok := request(in.data[:in.have])
		if !ok || size == 0 && in.have == len(in.data) {
			s.refused.Add(1)
			return false
		}
		if size == 0 {
			return true
		}
		s.meet(s.requests.Add(1))
		reply := s.answer(in.data[:size-body], in.data[size-body:size])
		if s.delay > 0 {
			time.Sleep(s.delay)
		}
		if _, err := conn.Write(reply); err != nil {
			return false
		}
		in.have = copy(in.data[:], in.data[size:in.have])
	}
}

var (
	endOfHead = []byte("\r\n\r\n")
	length    = []byte("\r\nContent-Length: ")
	chunked   = []byte("\r\nTransfer-Encoding:")
)

// meet has the n-th request wait for the other first ones, for five seconds at most.
func (s *server) meet(n int64) {
	switch {
	case n == s.together:
		close(s.met)
	case n < s.together:
		patience := time.NewTimer(5 * time.Second)
		defer patience.Stop()
		select {
		case <-s.met:
		case <-patience.C:
		}
	}
}

// request measures the request at the beginning of b: all of it, and its body. Both are 0 while some
// of it is missing.
func request(b []byte) (size, body int, ok bool) {
	head := bytes.Index(b, endOfHead)
	if head < 0 {
		return 0, 0, true
	}
	head += len(endOfHead)
	if bytes.Contains(b[:head], chunked) {
		return 0, 0, false
	}
	if at := bytes.Index(b[:head], length); at >= 0 {
		if body, ok = number(b[at+len(length) : head]); !ok {
			return 0, 0, false
		}
	}
	if len(b) < head+body {
		return 0, 0, true
	}
	return head + body, body, true
}

// number reads the digits at the beginning of b.
func number(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' || n > 1<<20 {
			break
		}
		n, ok = 10*n+int(c-'0'), true
	}
	return n, ok
}
