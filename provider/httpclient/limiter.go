package httpclient

import (
	"context"
	"sync"
	"time"
)

// maxQueue is how many requests may wait for a Limiter, of each kind.
const maxQueue = 1024

// A Limiter shares a vendor's rate between requests and clients: commands go before watchers' reads,
// which may use half of the rate at most. It is safe for concurrent use.
//
// Within any span as long as the window at most n requests begin, whenever the span begins. Those that
// have to wait go in order of arrival, commands (and all reads that are not for watching) first. A
// request that cannot have its turn before its deadline is refused at once, and so is one that finds
// 1024 of its kind waiting. A request that was given its turn counts, whether it was sent or not.
type Limiter struct {
	mu       sync.Mutex
	all      turns // of everybody
	watchers turns // of watchers' reads alone
	queue    [2]list
	timer    *time.Timer // runs while somebody waits
}

// NewLimiter allows n requests per window, and n/2 of them to watchers (with n = 1, one in two
// windows). n and window are positive; otherwise there is no limit.
func NewLimiter(n int, window time.Duration) *Limiter {
	if n <= 0 || window <= 0 {
		return nil
	}
	l := &Limiter{all: turns{window: window, at: make([]time.Time, n)}}
	l.watchers = turns{window: window, at: make([]time.Time, n/2)}
	if n == 1 {
		l.watchers = turns{window: 2 * window, at: make([]time.Time, 1)}
	}
	return l
}

// take waits for a turn. It returns the time at which the turn was had, or ctx's error, or errBusy and
// the time after which to come again. The time is zero if it was waited for or if there is no limit.
func (l *Limiter) take(ctx context.Context, watching bool) (had time.Time, after time.Duration, err error) {
	if l == nil {
		return had, 0, nil
	}
	l.mu.Lock()
	now := time.Now()
	l.grant(now)
	at := l.forecast(now, watching)
	if !at.After(now) {
		l.record(now, watching)
		l.mu.Unlock()
		return now, 0, nil
	}
	q := &l.queue[rank(watching)]
	deadline, ok := ctx.Deadline()
	if ok && !at.Before(deadline) || q.n == maxQueue {
		l.mu.Unlock()
		return had, at.Sub(now), errBusy
	}
	w := &waiter{turn: make(chan struct{})}
	q.push(w)
	l.arm(now)
	l.mu.Unlock()

	select {
	case <-w.turn:
		return had, 0, nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !w.granted {
		q.remove(w)
		l.arm(time.Now())
	}
	return had, 0, ctx.Err()
}

func rank(watching bool) int {
	if watching {
		return 1
	}
	return 0
}

// forecast returns when a request that arrives now has its turn, if nobody overtakes it.
func (l *Limiter) forecast(now time.Time, watching bool) time.Time {
	ahead := l.queue[0].n
	if !watching {
		return l.all.free(now, ahead)
	}
	waiting := l.queue[1].n
	at := l.all.free(now, ahead+waiting)
	if own := l.watchers.free(now, waiting); own.After(at) {
		at = own
	}
	return at
}

// grant gives the turns that are due to those who wait. l.mu is held.
func (l *Limiter) grant(now time.Time) {
	for rank := range l.queue {
		q := &l.queue[rank]
		for q.n > 0 && !l.next(now, rank == 1).After(now) {
			w := q.first
			q.remove(w)
			w.granted = true
			l.record(now, rank == 1)
			close(w.turn)
		}
	}
}

// next returns when the first who waits has his turn, if the commands have had theirs.
func (l *Limiter) next(now time.Time, watching bool) time.Time {
	at := l.all.free(now, 0)
	if watching {
		if own := l.watchers.free(now, 0); own.After(at) {
			at = own
		}
	}
	return at
}

func (l *Limiter) record(now time.Time, watching bool) {
	l.all.add(now)
	if watching {
		l.watchers.add(now)
	}
}

// arm sets the timer to the next turn of somebody who waits. l.mu is held.
func (l *Limiter) arm(now time.Time) {
	var at time.Time
	for rank := range l.queue {
		if l.queue[rank].n > 0 {
			if next := l.next(now, rank == 1); at.IsZero() || next.Before(at) {
				at = next
			}
		}
	}
	switch {
	case at.IsZero() && l.timer == nil:
	case at.IsZero():
		l.timer.Stop()
		l.timer = nil
	case l.timer == nil:
		l.timer = time.AfterFunc(at.Sub(now), l.tick)
	default:
		l.timer.Reset(at.Sub(now))
	}
}

func (l *Limiter) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.grant(now)
	l.arm(now)
}

// turns are the last len(at) turns that were given, in a ring.
type turns struct {
	window time.Duration
	at     []time.Time
	oldest int
}

func (t *turns) add(now time.Time) {
	t.at[t.oldest] = now
	t.oldest = (t.oldest + 1) % len(t.at)
}

// free returns when the turn after ahead others can be given.
func (t *turns) free(now time.Time, ahead int) time.Time {
	n := len(t.at)
	rounds := time.Duration(ahead / n)
	at := t.at[(t.oldest+ahead%n)%n]
	if at = at.Add(t.window); at.Before(now) {
		at = now
	}
	return at.Add(rounds * t.window)
}

// A waiter waits for its turn, in a list.
type waiter struct {
	turn       chan struct{}
	granted    bool
	prev, next *waiter
}

type list struct {
	first, last *waiter
	n           int
}

func (l *list) push(w *waiter) {
	if w.prev = l.last; w.prev != nil {
		w.prev.next = w
	} else {
		l.first = w
	}
	l.last = w
	l.n++
}

func (l *list) remove(w *waiter) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		l.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		l.last = w.prev
	}
	w.prev, w.next = nil, nil
	l.n--
}
