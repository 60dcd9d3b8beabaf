package events

import (
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A server speaks as much of Bayeux as its clients need, as cheaply as it can be done: one goroutine for all
// connections, on epoll, with answers that are made from templates.
type server struct {
	awake bool
	epoll int
	bell  int // an eventfd that ends its sleep

	mu    sync.Mutex
	tasks []func() // for its goroutine
	over  bool

	// What follows is the goroutine's.
	listeners map[int]*site
	sites     map[string]*site
	conns     map[int]*conn
	in, out   []byte
	group     sync.WaitGroup
}

// A site is a place in use.
type site struct {
	place
	listen   *os.File
	fd       int
	counts   counts
	sessions map[string]*session
	list     []*session // in the order of their handshakes
	sockets  []*conn
	held     int // sessions of which a connect is held
	waiting  int // events that are due
	unsent   int // connections that do not take more at the moment
	budget   int64
	perPoll  int
	stream   *stream
	settled  chan counts // is told when all that was asked for has been sent
}

// nap is how long a server sleeps at most, if it does.
const nap = 50 * time.Millisecond

func newServer(awake bool) (*server, error) {
	s := &server{
		awake: awake, listeners: make(map[int]*site), sites: make(map[string]*site), conns: make(map[int]*conn),
		in: make([]byte, 64<<10), out: make([]byte, 0, 256<<10),
	}
	var err error
	if s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if s.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		_ = unix.Close(s.epoll)
		return nil, os.NewSyscallError("eventfd", err)
	}
	if err := s.watch(s.bell); err != nil {
		_, _ = unix.Close(s.epoll), unix.Close(s.bell)
		return nil, err
	}
	s.group.Go(s.serve)
	return s, nil
}

func (s *server) watch(fd int) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, fd, &event))
}

// do has the server's goroutine run f, and waits for that.
func (s *server) do(f func()) error {
	done := make(chan struct{})
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return errors.New("the server is closed")
	}
	s.tasks = append(s.tasks, func() { f(); close(done) })
	_, err := unix.Write(s.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	s.mu.Unlock()
	if err != nil {
		return os.NewSyscallError("write", err)
	}
	<-done
	return nil
}

// open begins to listen on loopback.
func (s *server) open(p place) (url string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close() // the socket goes on with a descriptor of its own
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		return "", err
	}
	l := &site{place: p, listen: file, fd: int(file.Fd()), sessions: make(map[string]*session)}
	if err := unix.SetNonblock(l.fd, true); err != nil {
		_ = file.Close()
		return "", os.NewSyscallError("fcntl", err)
	}
	url = "http://" + listener.Addr().String() + "/cometd"
	err = s.do(func() {
		if err = s.watch(l.fd); err == nil {
			s.sites[url], s.listeners[l.fd] = l, l
		}
	})
	return url, err
}

// count tells what a place has seen so far.
func (s *server) count(url string) (c counts, err error) {
	known := false
	err = s.do(func() {
		if l := s.sites[url]; l != nil {
			c, known = l.count(), true
		}
	})
	if err == nil && !known {
		err = errors.New("the server does not know the place")
	}
	return c, err
}

func (l *site) count() counts {
	c := l.counts
	c.Sessions = int64(len(l.sessions))
	return c
}

// flow sends events, and returns when all of them have been sent and every session waits for more.
func (s *server) flow(url string, f flow) (c counts, err error) {
	settled := make(chan counts, 1)
	err = s.do(func() {
		l := s.sites[url]
		if l == nil || l.settled != nil || len(l.list) == 0 {
			settled = nil
			return
		}
		l.settled, l.perPoll = settled, f.PerPoll
		if f.Rate > 0 {
			l.stream = newStream(f)
			return
		}
		l.budget = f.Events
		for _, session := range l.list {
			s.feed(session)
		}
		s.pour(l)
	})
	if err != nil {
		return c, err
	}
	if settled == nil {
		return c, errors.New("the place is not known, has no sessions, or sends already")
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case c = <-settled:
		return c, nil
	case <-timer.C:
		return c, errors.New("events could not be sent: the sessions do not ask for them")
	}
}

// close ends everything and waits for it.
func (s *server) close() error {
	err := s.do(func() {
		s.mu.Lock()
		s.over = true
		s.mu.Unlock()
	})
	s.group.Wait()
	return err
}

func (s *server) serve() {
	defer s.shut()
	events := make([]unix.EpollEvent, 256)
	timeout := int(nap / time.Millisecond)
	if s.awake {
		timeout = 0
	}
	for swept := time.Now(); !s.ended(); {
		n, err := unix.EpollWait(s.epoll, events, timeout)
		if err != nil {
			continue
		}
		for _, e := range events[:n] {
			fd := int(e.Fd)
			if fd == s.bell {
				s.answerBell()
			} else if l := s.listeners[fd]; l != nil {
				s.accept(l)
			} else if c := s.conns[fd]; c != nil {
				s.work(c, e.Events)
			}
		}
		for _, l := range s.sites {
			if l.stream != nil {
				s.come(l)
			}
			if l.settled != nil && l.quiet() {
				l.settled <- l.count()
				l.settled = nil
			}
		}
		if now := time.Now(); !s.awake && now.Sub(swept) >= nap {
			swept = now
			s.release(now)
		}
		if s.awake && n == 0 {
			runtime.Gosched() // for who asks what has been counted
		}
	}
}

func (s *server) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// shut closes what is open, when what was asked for before has been done.
func (s *server) shut() {
	s.answerBell()
	for fd := range s.conns {
		_ = unix.Close(fd)
	}
	for _, l := range s.listeners {
		_ = l.listen.Close()
	}
	_, _ = unix.Close(s.bell), unix.Close(s.epoll)
}

// answerBell runs the tasks.
func (s *server) answerBell() {
	var count [8]byte
	_, _ = unix.Read(s.bell, count[:])
	s.mu.Lock()
	tasks := s.tasks
	s.tasks = nil
	s.mu.Unlock()
	for _, f := range tasks {
		f()
	}
}

// quiet reports whether there is nothing more to send, and every session waits.
func (l *site) quiet() bool {
	return l.budget == 0 && l.stream == nil && l.waiting == 0 && l.unsent == 0 && l.held == len(l.sessions)
}

// release answers polls that have been held long enough.
func (s *server) release(now time.Time) {
	for _, l := range s.sites {
		for _, session := range l.list {
			if session.held != nil && now.After(session.until) {
				s.answerConnect(session, 0)
			}
		}
	}
}
