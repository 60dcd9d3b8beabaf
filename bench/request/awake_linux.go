package request

import (
	"net"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// A vigil serves connections from one thread that does not sleep between requests. A server that sleeps
// has to be woken for the next one, and the kernel charges that to the client that sends it: the slower
// a client is, the more often, which would make it look slower than it is. Where nothing has come for a
// while it does sleep, since each contender has a vigil of its own and they share a CPU.
type vigil struct {
	s       *server
	listen  *os.File
	epoll   int
	stop    chan struct{}
	inboxes map[int]*inbox // by connection
}

// awake is how long a vigil looks for the next request before it sleeps.
const awake = 5 * time.Millisecond

// stayAwake begins to serve a listener without sleeping, until the function that it returns is called.
func (s *server) stayAwake(listener net.Listener) (stop func(), err error) {
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		return nil, err
	}
	v := &vigil{s: s, listen: file, stop: make(chan struct{}), inboxes: make(map[int]*inbox)}
	if v.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		_ = file.Close()
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	fd := int(file.Fd())
	if err = unix.SetNonblock(fd, true); err == nil {
		err = v.watch(fd)
	}
	if err != nil {
		_ = unix.Close(v.epoll)
		_ = file.Close()
		return nil, err
	}
	s.group.Go(func() { v.serve(fd) })
	return func() { close(v.stop) }, nil
}

func (v *vigil) watch(fd int) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(v.epoll, unix.EPOLL_CTL_ADD, fd, &event))
}

func (v *vigil) serve(listen int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer v.listen.Close()
	defer unix.Close(v.epoll)
	events := make([]unix.EpollEvent, 128)
	var came time.Time
	for {
		select {
		case <-v.stop:
			for fd := range v.inboxes {
				v.drop(fd)
			}
			return
		default:
		}
		patience := 0
		if time.Since(came) > awake {
			patience = 10 // milliseconds, until it looks whether it is to stop
		}
		n, err := unix.EpollWait(v.epoll, events, patience)
		if err != nil || n == 0 {
			continue
		}
		came = time.Now()
		for _, e := range events[:n] {
			switch fd := int(e.Fd); {
			case fd == listen:
				v.accept(listen)
			case !v.read(fd):
				v.drop(fd)
			}
		}
	}
}

func (v *vigil) accept(listen int) {
	for {
		fd, _, err := unix.Accept4(listen, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) // as net has it
		v.s.accepted.Add(1)
		v.s.opened.Add(1)
		v.inboxes[fd] = new(inbox)
		if v.watch(fd) != nil {
			v.drop(fd)
		}
	}
}

func (v *vigil) drop(fd int) {
	_ = unix.Close(fd)
	delete(v.inboxes, fd)
	v.s.opened.Add(-1)
}

// read answers what has come, and reports whether the connection is still good.
func (v *vigil) read(fd int) bool {
	in := v.inboxes[fd]
	n, err := unix.Read(fd, in.data[in.have:])
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return true
	case err != nil || n <= 0:
		return false
	}
	in.have += n
	return v.s.take(in, socket(fd))
}

// A socket writes all of an answer, or fails: answers are shorter than what a socket takes.
type socket int

func (s socket) Write(p []byte) (int, error) {
	n, err := unix.Write(int(s), p)
	if err == nil && n < len(p) {
		err = unix.EAGAIN
	}
	return n, err
}
