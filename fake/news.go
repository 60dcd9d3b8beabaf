package fake

import (
	"context"
	"sync"
	"time"

	cc "github.com/callcontrol-go/callcontrol"
)

// A NewsKind is what a News tells.
type NewsKind string

const (
	NewsCreated     NewsKind = "created"      // a run began
	NewsStarted     NewsKind = "started"      // it became active
	NewsEnded       NewsKind = "ended"        // it is over; everybody has been told as left before
	NewsRinging     NewsKind = "ringing"      // a dialled leg rings
	NewsNotAnswered NewsKind = "not-answered" // it does not ring any more, and will not join
	NewsJoined      NewsKind = "joined"
	NewsChanged     NewsKind = "changed" // a flag is another one than before
	NewsLeft        NewsKind = "left"
	NewsGap         NewsKind = "gap" // something was lost before this; nothing else is told by it
)

// A News is one step of a run, told when reads show it.
type News struct {
	Kind   NewsKind
	Seq    uint64     // 1, 2, 3 within the run, in order of happening
	At     time.Time  // when it happened
	Room   RoomInfo   // as it was right after this step; shared, so not to be changed
	Member MemberInfo // ringing, not-answered, joined, changed, left
	Before MemberInfo // changed

	failure *cc.Error // to the driver that injected it
}

// tell has a step of r shown, and told, after the read lag. The caller holds the mutex, and has
// just changed r.
func (s *Switch) tell(r *run, n News) {
	r.seq++
	n.Seq, n.At, n.Room = r.seq, s.stamp(), r.info()
	now := s.now()
	at := now.Add(s.readLag)
	if at.Before(s.shownUntil) {
		at = s.shownUntil
	}
	s.shownUntil = at
	if s.closed {
		r.shown = n.Room
		return
	}
	s.after(at.Sub(now), func() {
		r.shown = n.Room
		s.publish(n)
	})
}

// publish hands a step to every feed, as the faults that are in place have it. The caller holds the
// mutex.
func (s *Switch) publish(n News) {
	f, hit := s.strike(Request{Op: OpNews, Conference: n.Room.Instance, Participant: n.Member.ID})
	if !hit {
		s.deliver(n)
		return
	}
	switch f.What {
	case Drop:
	case Double:
		s.deliver(n)
		s.deliver(n)
	case Late:
		s.after(f.Delay, func() { s.deliver(n) })
	case Gap:
		s.deliver(News{Kind: NewsGap, At: n.At})
	default:
		s.deliver(n)
	}
}

func (s *Switch) deliver(n News) {
	for f := range s.feeds {
		f.put(n)
	}
}

// A Feed is a subscription to the news of a Switch. It is safe for concurrent use.
type Feed struct {
	sw        *Switch
	size      int
	wake      chan struct{} // holds one token while there is something to look at
	breakable bool          // a fault can end it: see Break

	mu    sync.Mutex
	queue []News
	gap   bool // something was dropped for want of room
	err   error
}

// Subscribe begins to collect the news of all conferences. size is how many wait at most; 0 is
// 1024. What finds no room is dropped, and NewsGap tells so in its place. Close ends it.
func (s *Switch) Subscribe(size int) *Feed { return s.subscribe(size, false) }

func (s *Switch) subscribe(size int, breakable bool) *Feed {
	if size <= 0 {
		size = defaultFeedSize
	}
	f := &Feed{sw: s, size: size, breakable: breakable, wake: make(chan struct{}, 1)}
	s.lock()
	defer s.unlock()
	if s.closed {
		f.end(closedError())
		return f
	}
	s.feeds[f] = struct{}{}
	return f
}

// Next waits for the next piece of news. The error is that of ctx, or ErrClosed once the Feed or
// the Switch is closed and everything told before has been taken.
func (f *Feed) Next(ctx context.Context) (News, error) {
	for {
		f.sw.lock() // does what is due
		f.sw.unlock()
		if n, ok, err := f.take(); ok || err != nil {
			return n, err
		}
		select {
		case <-f.wake:
		case <-ctx.Done():
			return News{}, ctx.Err()
		}
	}
}

// Close ends the subscription. It is idempotent.
func (f *Feed) Close() {
	f.sw.lock()
	delete(f.sw.feeds, f)
	f.sw.unlock()
	f.end(closedError())
}

func (f *Feed) take() (n News, ok bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case len(f.queue) > 0:
		n, ok = f.queue[0], true
		f.queue[0] = News{}
		f.queue = f.queue[1:]
	case f.gap:
		f.gap = false
		n, ok = News{Kind: NewsGap}, true
	default:
		err = f.err
	}
	if len(f.queue) > 0 || f.gap || f.err != nil {
		f.ring()
	}
	return n, ok, err
}

func (f *Feed) put(n News) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.err != nil:
		return
	case f.gap, len(f.queue) >= f.size:
		f.gap = true
	default:
		f.queue = append(f.queue, n)
	}
	f.ring()
}

// end makes Next fail with err once what is queued has been taken.
func (f *Feed) end(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
	f.ring()
}

// ring wakes one reader, now or when it next waits.
func (f *Feed) ring() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}
