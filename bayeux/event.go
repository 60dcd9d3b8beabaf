package bayeux

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"
)

// An EventKind says what happened to a session.
type EventKind uint8

// The life of a session is Connected, then any number of Broken each followed by Resumed or
// Reestablished, then Closed. Each is told once per transition. The others may come in between; of them
// only EventPanicked, of a hook, can come before Connected.
const (
	// EventConnected: the first session works.
	EventConnected EventKind = iota + 1
	// EventBroken: the connection failed, or the server lost the session. Err is why. The client
	// is already trying again.
	EventBroken
	// EventResumed: the same session works again, with its subscriptions. PossibleGap is not set if
	// messages are acknowledged: then nothing was lost. Otherwise what the server wrote to the connection
	// that broke may be.
	EventResumed
	// EventReestablished: a new session took the place of one that was lost. The subscriptions have
	// been made again. What was published in between is gone, so PossibleGap is always set.
	EventReestablished
	// EventClosed: the session is over. Err is why, an ErrClosed if the application closed it.
	EventClosed
	// EventRefused: the server refused to renew the subscription to Channel, which has ended. Err is
	// why.
	EventRefused
	// EventMultipleClients: the server takes this session and another one for two windows of one
	// browser, because they share a cookie jar, and makes this one poll slowly. It is told while the
	// session works, so never before EventConnected, EventResumed or EventReestablished, and once
	// until the server polls the session normally again.
	EventMultipleClients
	// EventStalled: the queue of a subscription to Channel with the policy Block is full. Nothing is
	// asked of the server until there is room, and if that takes too long the session is lost. It is
	// told once until the consumer has caught up, that is until the queue is empty when something comes,
	// however often the queue is full again before.
	EventStalled
	// EventPanicked: a handler of Channel, or a hook, panicked. The message is counted as handled.
	EventPanicked
	// EventGap: without acknowledgements, the answer to a subscribe, unsubscribe or publish got lost over
	// long polling while the session went on. Messages may have come with it, so PossibleGap is set.
	EventGap
)

var eventText = [...]string{
	EventConnected: "connected", EventBroken: "broken", EventResumed: "resumed", EventReestablished: "re-established",
	EventClosed: "closed", EventRefused: "subscription refused", EventMultipleClients: "multiple clients",
	EventStalled: "stalled", EventPanicked: "panicked", EventGap: "gap",
}

// String returns the kind in words.
func (k EventKind) String() string {
	if k > 0 && int(k) < len(eventText) {
		return eventText[k]
	}
	return "unknown"
}

// An Event is something that happened to a session.
type Event struct {
	// Kind is what happened, and Time is when.
	Kind EventKind
	Time time.Time
	// PossibleGap is set if messages may have been lost before this event: whatever is known
	// about the other side should be read again.
	PossibleGap bool
	// Channel is what the subscription concerned is to, if it is about one.
	Channel string
	// Err is the cause of Broken, Refused, Panicked, Gap and Closed.
	Err error
	// Missed is how many events before this one were dropped, because nobody took them. If one of
	// them had PossibleGap set, this one has.
	Missed int
}

// chatter reports whether e is of a kind that can come with every message. Those events give way to the
// ones that tell what became of the session.
func (e *Event) chatter() bool {
	return e.Kind == EventStalled || e.Kind == EventPanicked || e.Kind == EventGap
}

// maxEvents bounds how many events wait for a reader.
const maxEvents = 64

// An eventQueue keeps events until they are taken, the newest ones if there are too many, and rather
// what became of the session than what became of a message.
type eventQueue struct {
	mu     sync.Mutex
	list   []Event
	closed bool
	wake   chan struct{} // made by the first reader
}

func (q *eventQueue) push(e Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	if len(q.list) == maxEvents {
		at := max(slices.IndexFunc(q.list, func(e Event) bool { return e.chatter() }), 0)
		oldest := q.list[at]
		q.list = append(q.list, e)
		q.list = slices.Delete(q.list, at, at+1)
		q.list[at].Missed += 1 + oldest.Missed
		q.list[at].PossibleGap = q.list[at].PossibleGap || oldest.PossibleGap
	} else {
		q.list = append(q.list, e)
	}
	q.closed = e.Kind == EventClosed
	if q.wake != nil {
		close(q.wake)
		q.wake = nil
	}
}

// pop takes the oldest event. Without one it returns what to wait on, or nil if there will be none.
func (q *eventQueue) pop() (e Event, ok bool, wait <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) > 0 {
		e = q.list[0]
		q.list = append(q.list[:0], q.list[1:]...)
		return e, true, nil
	}
	if q.closed {
		return Event{}, false, nil
	}
	if q.wake == nil {
		q.wake = make(chan struct{})
	}
	return Event{}, false, q.wake
}

// all iterates over the events until the session is over or ctx ends.
func (q *eventQueue) all(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for {
			e, ok, wait := q.pop()
			switch {
			case ok:
				if !yield(e) {
					return
				}
			case wait == nil:
				return
			default:
				select {
				case <-wait:
				case <-ctx.Done():
					return
				}
			}
		}
	}
}
