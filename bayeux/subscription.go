package bayeux

import (
	"context"
	"iter"
	"sync"
)

// A Policy says what becomes of a message for which the queue of a subscription has no room.
type Policy uint8

const (
	// Block waits for room. Meanwhile nothing more is asked of the server, which keeps what it has to
	// tell; if it takes longer than the server keeps a session, the session is lost, which shows as a
	// gap. EventStalled tells when it begins, once until the consumer has caught up.
	Block Policy = iota
	// DropOldest drops the oldest message of the queue and counts it.
	DropOldest
	// Fail ends the session with ErrOverflow.
	Fail
)

// DefaultBuffer is how many messages wait for the consumer of a subscription, unless it says otherwise.
const DefaultBuffer = 1024

// A Delivery says how a subscription's messages reach the application. The zero value means a queue of
// DefaultBuffer messages with the policy Block, to be read by Messages or Next.
type Delivery struct {
	// Handler is called with every message, one at a time and in order. It may call anything, and it
	// may take its time: the queue is in between. Without a Handler, Messages or Next read the queue.
	//
	// Over WebSocket, answers come behind messages, and with the policy Block nothing is read while
	// the queue is full. So Publish, Call, Subscribe and Unsubscribe may fail with ErrTimeout after
	// Options.NetworkDelay if the handler calls them at such a time. If it does so while the connection is
	// broken too, they wait until their ctx ends: give them one that does.
	Handler func(Message)
	// Buffer is how many messages may wait. The default is DefaultBuffer.
	Buffer int
	// Policy says what happens to those beyond.
	Policy Policy
}

// A Subscription receives what is published to a channel, over all sessions until it ends. Methods can
// be called from any goroutine.
type Subscription struct {
	s       *Session
	pattern string
	how     Delivery
	ready   chan *Error // under mu of the session: takes the answer of the server, then nil

	mu      sync.Mutex
	queue   ring
	room    *sync.Cond    // made by the first that wants room
	wake    chan struct{} // has room for one, made by the first reader, closed at the end
	ended   chan struct{} // made by Done
	err     *Error        // why it is over
	dropped int64
	waiting int // that want room
	epoch   uint32
	running bool // a goroutine calls Handler
	over    bool
	batch   uint32
	stalled bool // it has been told that there was no room, and no batch has found the queue empty since
}

func newSubscription(s *Session, pattern string, how Delivery) *Subscription {
	return &Subscription{s: s, pattern: pattern, how: how, ready: make(chan *Error, 1)}
}

// Channel returns the channel or pattern that was subscribed to.
func (sub *Subscription) Channel() string { return sub.pattern }

// Dropped returns how many messages DropOldest has dropped.
func (sub *Subscription) Dropped() int64 {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	return sub.dropped
}

// Pending returns how many messages wait.
func (sub *Subscription) Pending() int {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	return sub.queue.n
}

// Done returns a channel that is closed when nothing more will be received.
func (sub *Subscription) Done() <-chan struct{} {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if sub.ended == nil {
		sub.ended = make(chan struct{})
		if sub.over {
			close(sub.ended)
		}
	}
	return sub.ended
}

// Err returns nil while the subscription lasts, and then why it ended: an ErrClosed after Unsubscribe
// and after Close, and otherwise what the server said or what ended the session.
func (sub *Subscription) Err() error {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	return sub.why()
}

// why is err without the trap of an interface that holds a nil. The caller holds mu.
func (sub *Subscription) why() error {
	if sub.err == nil {
		return nil
	}
	return sub.err
}

// Next waits for a message. The error is that of ctx, as an ErrCanceled, or, once the queue is empty,
// that of Err. It must not be used together with a Handler.
func (sub *Subscription) Next(ctx context.Context) (Message, error) {
	if sub.how.Handler != nil {
		return Message{}, &Error{Kind: ErrInvalid, Op: "next", Detail: "the subscription has a handler"}
	}
	for {
		sub.mu.Lock()
		if sub.queue.n > 0 {
			m := sub.pop()
			if sub.queue.n > 0 {
				sub.signal()
			}
			sub.mu.Unlock()
			return m, nil
		}
		over, err := sub.over, sub.why()
		if sub.wake == nil && !over {
			sub.wake = make(chan struct{}, 1)
		}
		wake := sub.wake
		sub.mu.Unlock()
		if over {
			return Message{}, err
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return Message{}, canceled(ctx, "next", false)
		}
	}
}

// Messages iterates over the messages until ctx ends or the subscription does, which Err tells apart.
func (sub *Subscription) Messages(ctx context.Context) iter.Seq[Message] {
	return func(yield func(Message) bool) {
		for {
			m, err := sub.Next(ctx)
			if err != nil || !yield(m) {
				return
			}
		}
	}
}

// pop takes the oldest message. The caller holds mu, and there is one.
func (sub *Subscription) pop() Message {
	m := sub.queue.pop()
	if sub.waiting > 0 {
		sub.room.Broadcast()
	}
	return m
}

// signal wakes a reader. The caller holds mu.
func (sub *Subscription) signal() {
	if sub.wake == nil || sub.over { // nobody waits
		return
	}
	select {
	case sub.wake <- struct{}{}:
	default:
	}
}

// push adds a message to the queue, or does what the policy says. batch tells apart what came together.
func (sub *Subscription) push(m *Message, epoch, batch uint32) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if sub.batch != batch {
		sub.batch = batch
		if sub.queue.n == 0 {
			sub.stalled = false
		}
	}
	for sub.queue.n >= sub.how.Buffer {
		switch {
		case sub.over:
			return
		case sub.how.Policy == DropOldest:
			gap := sub.queue.pop().AfterGap
			if gap && sub.queue.n > 0 {
				sub.queue.first().AfterGap = true
			} else if gap {
				sub.epoch = epoch - 1
			}
			sub.dropped++
			sub.s.count(&sub.s.stats.dropped, Dropped, 1)
		case sub.how.Policy == Fail:
			err := &Error{Kind: ErrOverflow, Op: "subscription", Detail: "the queue of a subscription is full"}
			sub.mu.Unlock()
			sub.s.input(input{kind: inFatal, err: err})
			sub.mu.Lock()
			return
		default:
			if !sub.stalled { // and not again before the queue is empty when something comes
				sub.stalled = true
				sub.s.count(&sub.s.stats.stalls, Stalls, 1)
				sub.s.tell(Event{Kind: EventStalled, Channel: sub.pattern})
			}
			if sub.room == nil {
				sub.room = sync.NewCond(&sub.mu)
			}
			sub.waiting++
			sub.room.Wait()
			sub.waiting--
		}
	}
	if sub.over {
		return
	}
	p := sub.queue.push(sub.how.Buffer)
	*p = *m
	if epoch != sub.epoch {
		sub.epoch = epoch
		p.AfterGap = true
	}
	if sub.how.Handler == nil {
		sub.signal()
	} else if !sub.running {
		sub.running = true
		sub.s.calls.start(sub.handle)
	}
}

// handle calls the handler until the queue is empty.
func (sub *Subscription) handle() {
	for {
		sub.mu.Lock()
		if sub.queue.n == 0 {
			sub.running = false
			sub.mu.Unlock()
			return
		}
		m := sub.pop()
		sub.mu.Unlock()
		sub.call(m)
	}
}

// call calls the handler. A panic is reported, and the message counts as handled.
func (sub *Subscription) call(m Message) {
	defer func() {
		if v := recover(); v != nil {
			_ = sub.s.panicked(sub.pattern, v)
		}
	}()
	sub.how.Handler(m)
}

// end ends the subscription. What is in the queue can still be read unless drop is set.
func (sub *Subscription) end(err *Error, drop bool) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if sub.over {
		return
	}
	sub.over, sub.err = true, err
	if drop {
		sub.queue = ring{}
	}
	if sub.room != nil {
		sub.room.Broadcast()
	}
	if sub.wake != nil {
		close(sub.wake)
	}
	if sub.ended != nil {
		close(sub.ended)
	}
}

// A ring is a queue that grows up to a bound, and that is small when it has not been used.
type ring struct {
	list []Message
	from int
	n    int
}

// push makes room at the end.
func (r *ring) push(most int) *Message {
	if r.n == len(r.list) {
		grown := make([]Message, min(max(4, 2*len(r.list)), most))
		n := copy(grown, r.list[r.from:])
		copy(grown[n:], r.list[:r.from])
		r.list, r.from = grown, 0
	}
	at := r.from + r.n
	if at >= len(r.list) {
		at -= len(r.list)
	}
	r.n++
	return &r.list[at]
}

func (r *ring) first() *Message { return &r.list[r.from] }

func (r *ring) pop() Message {
	p := &r.list[r.from]
	m := *p
	*p = Message{}
	r.from++
	if r.from == len(r.list) {
		r.from = 0
	}
	r.n--
	if r.n == 0 && len(r.list) > keptRing { // a burst is over
		*r = ring{}
	}
	return m
}

// keptRing is how long a ring may be that is kept though it is empty.
const keptRing = 64
