package bayeux

import (
	"context"
	"iter"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A Session is a conversation with a server: one session id after the other, with the subscriptions
// kept over all of them. Dial makes one. All methods can be called from any goroutine, also from
// handlers and hooks.
type Session struct {
	opts  *Options
	url   string
	rules *rules
	own   atomic.Pointer[http.Transport] // nil if the application gave one, or none is needed

	base  context.Context // has the values of Dial's, and no end
	group group           // goroutines of the network
	calls group           // goroutines that run the application's functions

	stats counters

	events eventQueue
	told   *tellQueue // nil without OnEvent

	mu       sync.Mutex
	met      chan struct{} // closed by the first connection, and nil since
	done     chan struct{} // closed at the end, nil while nobody has asked for it
	st       state
	side     *aside // nil while there is no need
	stepping bool   // the machine is at work
	ready    bool   // commands may go
	epoch    uint32 // counts possible gaps
	err      *Error // why it is over

	port       *port // the link, nil while there is none
	authHeader http.Header
	stopOpen   context.CancelFunc
	beat       *Batch // the handshake or connect outstanding
	beatTimer  *time.Timer
	beatSeq    uint64
	beatEnd    time.Time     // its deadline
	beatLimit  time.Duration // from when it was sent until then, or for its link to open
	pausing    *pause        // nil while there has been none
	goodbye    *time.Timer

	lastID   uint64
	queue    []*request          // commands that wait
	sent     map[string]*request // nil while there is none
	command  *Batch              // the one on a link that is not duplex
	slow     *time.Timer
	later    *later // nil while nothing is to be queued again
	renewing int    // subscriptions of which the renewal is not answered

	entries entries

	held      []delivery // of a batch that is not finished
	heldBytes int
	stale     []delivery // of one that was broken off: it comes again unless the session is lost
	skip      int64      // events that come again because they were not acknowledged
	release   []delivery // to be handed over when mu is given up
	releasing uint64     // seq of the delivery that the machine waits for
	ending    *ending    // to be done after release has been handed over
	lingering *ending    // being done so

	tickets, serving uint32     // of those who hand events over
	turned           *sync.Cond // made by the first that waits for its turn
}

// Dial connects to a Bayeux server and returns when the session works. While the server cannot
// be reached it tries again, until ctx ends or the server refuses for good; the error then has
// the last cause. ctx bounds the dialling only, not the session.
//
// The URL has the scheme http or https, or ws or wss, which mean the same. What it says besides
// scheme and host is used as it is.
func Dial(ctx context.Context, url string, o Options) (*Session, error) {
	if _, err := checkURL(url); err != nil {
		return nil, asError("dial", err)
	}
	opts, err := o.complete()
	if err != nil {
		return nil, asError("dial", err)
	}
	if ctx.Err() != nil {
		return nil, canceled(ctx, "dial", false)
	}
	r := &rules{
		ack: !opts.NoAck, reauth: opts.Authenticate != nil,
		shortRetry: opts.Backoff.Retry, longRetry: opts.Backoff.Handshake, maxRetry: opts.Backoff.Max,
		sessionLife: opts.SessionLife, assumedHold: assumedHold, networkDelay: opts.NetworkDelay,
	}
	for _, t := range opts.Transports {
		r.transports = append(r.transports, t.Type())
	}
	met, done := make(chan struct{}), make(chan struct{})
	s := &Session{
		opts: &opts, url: url, rules: r, base: context.WithoutCancel(ctx), st: newState(r), met: met, done: done,
	}
	if opts.OnEvent != nil {
		s.told = new(tellQueue)
	}
	s.input(input{kind: inStart})
	select {
	case <-met:
		s.mu.Lock()
		if s.err == nil {
			s.done = nil // nobody waits for it yet
		}
		s.mu.Unlock()
		return s, nil
	case <-done:
		s.settle()
		return nil, s.Err()
	case <-ctx.Done():
		e := canceled(ctx, "dial", true)
		s.mu.Lock()
		if s.st.lastCause != nil {
			e.Err = joined{e.Err, s.st.lastCause}
		}
		s.mu.Unlock()
		s.input(input{kind: inFatal, err: &Error{Kind: ErrClosed, Op: "session"}}) // without a word to the server
		_ = s.Close()
		return nil, e
	}
}

// joined is two errors of which the second says more.
type joined struct{ ctx, cause error }

func (j joined) Error() string   { return j.ctx.Error() + ": " + j.cause.Error() }
func (j joined) Unwrap() []error { return []error{j.ctx, j.cause} }

// Close ends the session: it tells the server, waits for the answer for at most Options.CloseDelay,
// and ends every goroutine of the network. Messages that no handler has been called with are
// dropped. It always returns nil, and does nothing the second time but wait.
//
// Close does not wait for handlers and for OnEvent, so it can be called from them: one that runs
// may still do so when it returns. Wait waits for those too. From a hook, which holds up the
// connection it is called on, Close may take as long as it may at most, twice.
func (s *Session) Close() error {
	s.input(input{kind: inClose})
	<-s.Done()
	s.mu.Lock()
	late := s.lingering
	s.lingering = nil
	s.mu.Unlock()
	if late != nil { // it was over before, and events wait for room
		for _, sub := range late.subs {
			sub.end(&Error{Kind: ErrClosed, Op: "subscription"}, true)
		}
	}
	s.settle()
	return nil
}

// hangUp closes the connections of the session's own transport once it is over.
func (s *Session) hangUp() {
	if s.own.Load() != nil && s.Err() != nil {
		s.closeOwn()
	}
}

func (s *Session) closeOwn() {
	if own := s.own.Load(); own != nil {
		own.CloseIdleConnections()
	}
}

// settle waits until the goroutines of the network have ended, which they do at once unless a hook
// is in the way.
func (s *Session) settle() {
	t := time.NewTimer(s.opts.CloseDelay)
	defer t.Stop()
	select {
	case <-s.group.idle():
	case <-t.C:
	}
	s.closeOwn()
}

// Wait waits until the session is over and nothing of it runs any more, handlers, hooks and OnEvent
// included, or until ctx ends. It returns what Err returns, or the error of ctx. It must not be
// called from a handler, a hook or OnEvent.
func (s *Session) Wait(ctx context.Context) error {
	for _, c := range []func() <-chan struct{}{s.Done, s.group.idle, s.calls.idle} {
		select {
		case <-c():
		case <-ctx.Done():
			return canceled(ctx, "wait", false)
		}
	}
	return s.Err()
}

// Done returns a channel that is closed when the session is over for good.
func (s *Session) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == nil {
		s.done = make(chan struct{})
		if s.err != nil {
			close(s.done)
		}
	}
	return s.done
}

// Err returns nil while the session lasts, and then why it is over: an ErrClosed after Close.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		return nil
	}
	return s.err
}

// State returns where the session stands.
func (s *Session) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.phase
}

// Transport returns the type of the transport in use, such as "websocket".
func (s *Session) Transport() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.typeName()
}

// typeName is the type of the transport in use. The caller holds mu.
func (s *Session) typeName() string { return s.rules.transports[s.st.transport] }

// Acknowledged reports whether client and server have agreed to acknowledge messages, so that none is
// lost while the session lives.
func (s *Session) Acknowledged() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.ackOn
}

// Events iterates over what happens to the session, from the oldest event that nobody has taken,
// until EventClosed or the end of ctx. Each event is given to one iteration only. At most 64 wait;
// beyond that the oldest are dropped, which Event.Missed tells: first those that are EventStalled,
// EventPanicked and EventGap, so that no number of them hides what became of the session. The same holds for
// Options.OnEvent.
func (s *Session) Events(ctx context.Context) iter.Seq[Event] { return s.events.all(ctx) }

// tell puts an event into the queues. It can be called with and without mu.
func (s *Session) tell(e Event) {
	e.Time = time.Now()
	s.events.push(e)
	if s.told == nil {
		return
	}
	s.told.push(e)
	s.calls.run(&s.told.mu, &s.told.running, s.tellAll)
}

// A tellQueue keeps events for OnEvent.
type tellQueue struct {
	eventQueue
	running bool // under mu: a goroutine calls OnEvent
}

// tellAll calls OnEvent with what is in the queue.
func (s *Session) tellAll() {
	for {
		s.told.mu.Lock()
		if len(s.told.list) == 0 {
			s.told.running = false
			s.told.mu.Unlock()
			return
		}
		e := s.told.list[0]
		s.told.list = append(s.told.list[:0], s.told.list[1:]...)
		s.told.mu.Unlock()
		s.guardEvent(e)
	}
}

// guardEvent calls OnEvent. A panic of it is counted and logged; to tell it to OnEvent would not help.
func (s *Session) guardEvent(e Event) {
	defer func() {
		if v := recover(); v != nil {
			s.stats.panics.Add(1)
			s.measure(Panics, 1)
			if s.opts.Logger != nil {
				s.opts.Logger.Error("bayeux: OnEvent panicked")
			}
		}
	}()
	s.opts.OnEvent(e)
}

// A group counts goroutines.
type group struct {
	n      atomic.Int64
	mu     sync.Mutex
	waiter chan struct{}
}

// start runs f on a goroutine of the group.
func (g *group) start(f func()) {
	g.n.Add(1)
	go func() {
		defer g.leave()
		f()
	}()
}

// spawn runs f on a goroutine of the network.
func (s *Session) spawn(f func()) {
	s.enter()
	go func() {
		defer s.left()
		f()
	}()
}

// enter is the beginning of a goroutine of the network, before it begins.
func (s *Session) enter() { s.group.n.Add(1) }

// left is the end of a goroutine of the network.
func (s *Session) left() {
	s.hangUp()
	s.group.leave()
}

// run starts f unless *running, which mu guards.
func (g *group) run(mu *sync.Mutex, running *bool, f func()) {
	mu.Lock()
	defer mu.Unlock()
	if !*running {
		*running = true
		g.start(f)
	}
}

func (g *group) leave() {
	if g.n.Add(-1) > 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiter != nil && g.n.Load() == 0 {
		close(g.waiter)
		g.waiter = nil
	}
}

// idle returns a channel that is closed when no goroutine of the group is left.
func (g *group) idle() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.n.Load() == 0 {
		c := make(chan struct{})
		close(c)
		return c
	}
	if g.waiter == nil {
		g.waiter = make(chan struct{})
	}
	return g.waiter
}
