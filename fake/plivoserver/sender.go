package plivoserver

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
	"github.com/callcontrol-go/callcontrol/fake"
)

// A Sender sends the callbacks of a Server. SendCallbacks makes one, Close ends it. It is safe for
// concurrent use.
type Sender struct {
	server *Server
	o      CallbackOptions
	client *http.Client
	own    *http.Transport // nil: the transport is the caller's
	feed   *fake.Feed
	ctx    context.Context
	stop   context.CancelFunc
	busy   sync.WaitGroup // the reader, the workers, timers

	mu      sync.Mutex
	closed  bool
	work    *sync.Cond // there is something ready, or the Sender is closed
	ready   []*job     // oldest first
	held    []*holding // oldest first
	timers  map[*time.Timer]struct{}
	pending int // jobs that are neither sent nor lost
	random  *rand.Rand
	log     deliveryLog
	counts  CallbackCounts
	numbers numbering

	// For Flush: the reader has found nothing more to read after it was asked for the drained-th time.
	change         chan struct{} // closed and replaced when one of these, or pending, has changed
	asked, drained uint64
	ended          bool // there will be no more news
	interrupt      context.CancelFunc
}

// SendCallbacks begins to send the callbacks of what happens from now on, to where Options.Callbacks,
// Callback and Add Participant say. It follows the Switch's news, so that what happens is told when
// reads show it, and faults on news (fake.OpNews) are faults of it too. There is one Sender at a
// time; once it is closed there may be another. A Sender belongs to the bubble of fake time that it
// is made in, if any.
func (s *Server) SendCallbacks(o CallbackOptions) (*Sender, error) {
	o, err := o.fill(s)
	if err != nil {
		return nil, err
	}
	if !s.sending.CompareAndSwap(false, true) {
		return nil, errors.New("plivoserver: there is a sender of callbacks already")
	}
	n := &Sender{
		server: s, o: o, timers: map[*time.Timer]struct{}{}, random: o.Trouble.random(),
		log: deliveryLog{size: o.LogSize}, change: make(chan struct{}),
	}
	n.work = sync.NewCond(&n.mu)
	n.ctx, n.stop = context.WithCancel(context.Background())
	transport := o.Transport
	if transport == nil {
		n.own = &http.Transport{MaxIdleConnsPerHost: o.Workers}
		transport = n.own
	}
	n.client = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	n.feed = s.bridge.Subscribe(o.QueueSize)
	s.media.mu.Lock()
	s.media.tell = n.recorded
	s.media.mu.Unlock()
	n.busy.Go(n.read)
	for range o.Workers {
		n.busy.Go(n.send)
	}
	return n, nil
}

// Close stops sending: what is under way is broken off, what waits is forgotten. It waits until
// every goroutine of the Sender has ended. A second Close does nothing. It always returns nil.
func (s *Sender) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.ready, s.held = nil, nil
	for t := range s.timers {
		s.disarm(t)
	}
	s.work.Broadcast()
	s.stir()
	s.mu.Unlock()
	if first {
		s.server.media.mu.Lock()
		s.server.media.tell = nil
		s.server.media.mu.Unlock()
		s.stop()
		s.feed.Close()
	}
	s.busy.Wait()
	if s.own != nil {
		s.own.CloseIdleConnections()
	}
	if first {
		s.server.sending.Store(false)
	}
	return nil
}

// Sent returns the latest deliveries, in order of sending; those that were dropped stand where that
// was decided.
func (s *Sender) Sent() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.all()
}

// Counts tells what the Sender has done.
func (s *Sender) Counts() CallbackCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// Flush waits until everything that the Switch has told so far is sent, or lost as planned: copies
// and what is delayed too. What is held back for later callbacks is let go. The error is that of
// ctx, or ErrClosed.
func (s *Sender) Flush(ctx context.Context) error {
	s.mu.Lock()
	s.asked++
	want := s.asked
	if s.interrupt != nil {
		s.interrupt()
	}
	for {
		switch told := s.drained >= want || s.ended; {
		case s.closed:
			s.mu.Unlock()
			return senderClosed()
		case told && s.pending == 0:
			s.mu.Unlock()
			return nil
		case told:
			s.letGo(s.held)
			s.held = nil
		}
		change := s.change
		s.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			return ctx.Err()
		}
		s.mu.Lock()
	}
}

func senderClosed() error {
	return &cc.Error{Kind: cc.ErrClosed, Err: cc.Detail("the sender of callbacks is closed")}
}

// stir wakes whoever waits in Flush. The caller holds mu.
func (s *Sender) stir() {
	close(s.change)
	s.change = make(chan struct{})
}

// read takes the news of the Switch until it ends.
func (s *Sender) read() {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended = true
		s.stir()
	}()
	for {
		ctx, cancel := context.WithCancel(s.ctx)
		s.mu.Lock()
		asked := s.asked
		s.interrupt = cancel
		if asked > s.drained {
			cancel()
		}
		s.mu.Unlock()
		n, err := s.feed.Next(ctx)
		cancel()
		switch {
		case err == nil:
			s.news(n)
		case s.ctx.Err() != nil || !errors.Is(err, context.Canceled):
			return
		default: // interrupted: there was nothing more
			s.mu.Lock()
			s.drained = asked
			s.stir()
			s.mu.Unlock()
		}
	}
}

// send sends what is ready until the Sender is closed.
func (s *Sender) send() {
	for {
		s.mu.Lock()
		for len(s.ready) == 0 && !s.closed {
			s.work.Wait()
		}
		if s.closed {
			s.mu.Unlock()
			return
		}
		j := s.ready[0]
		s.ready[0] = nil
		s.ready = s.ready[1:]
		s.mu.Unlock()
		s.deliver(j)
		s.mu.Lock()
		s.pending--
		s.stir()
		s.mu.Unlock()
	}
}

// A numbering counts the events of each run, the latest ones.
type numbering struct {
	next  map[cc.ConferenceID]int
	order []cc.ConferenceID
}

const mostNumbered = 4096

// take is the next number of a run, from 1.
func (n *numbering) take(run cc.ConferenceID) int {
	if n.next == nil {
		n.next = map[cc.ConferenceID]int{}
	}
	if n.next[run] == 0 {
		n.order = append(n.order, run)
		if len(n.order) > mostNumbered {
			delete(n.next, n.order[0])
			n.order = n.order[1:]
		}
	}
	n.next[run]++
	return n.next[run]
}
