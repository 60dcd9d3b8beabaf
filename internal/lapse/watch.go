package lapse

import (
	"context"
	"sync"
	"time"
)

// A Watch ends attempts that take too long. It has one timer for all of them, which is left running
// when an attempt ends in time, so that attempts which do cost no timer each. The zero Watch is ready.
// It is safe for concurrent use.
type Watch struct {
	mu          sync.Mutex
	first, last *Attempt // by the time at which they end
	timer       *time.Timer
	due         time.Time // when the timer fires; zero while it does not run
	closed      bool
}

// An Attempt is a context that ends with the one that it was made from, at its limit, and when it is
// stopped. It must not be copied, nor begun twice.
type Attempt struct {
	context.Context
	cancel     context.CancelCauseFunc
	until      time.Time
	of         *Context // nil if it was made from another context
	watch      *Watch
	prev, next *Attempt
	listed     bool
}

// Limit begins an attempt that ends with ctx, and d after now at the latest.
func (w *Watch) Limit(a *Attempt, ctx context.Context, now time.Time, d time.Duration) {
	a.watch, a.until = w, now.Add(d)
	parent := ctx
	if l, ok := ctx.(interface{ lapse() *Context }); ok {
		a.of = l.lapse()
		parent = a.of.parent
		if a.of.until.Before(a.until) {
			a.until = a.of.until
		}
	}
	a.Context, a.cancel = context.WithCancelCause(parent)
	if !now.Before(a.until) {
		a.cancel(context.DeadlineExceeded)
	}
	if a.of != nil {
		a.of.begin(a)
	}
	w.add(a, now)
}

// Deadline gives the time at which a ends at the latest.
func (a *Attempt) Deadline() (time.Time, bool) {
	if t, ok := a.Context.Deadline(); ok && t.Before(a.until) {
		return t, true
	}
	return a.until, true
}

// Err tells why a has ended, or nil.
func (a *Attempt) Err() error {
	err := a.Context.Err()
	if err != nil && context.Cause(a.Context) == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return err
}

// Stop ends a, and is to be called when it is over. It may be called more than once.
func (a *Attempt) Stop() {
	if a.of != nil {
		a.of.leave(a)
	}
	a.watch.remove(a)
	a.cancel(context.Canceled)
}

func (w *Watch) add(a *Attempt, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	after := w.last
	for after != nil && a.until.Before(after.until) {
		after = after.prev
	}
	a.prev, a.listed = after, true
	if after == nil {
		a.next, w.first = w.first, a
	} else {
		a.next, after.next = after.next, a
	}
	if a.next == nil {
		w.last = a
	} else {
		a.next.prev = a
	}
	if w.due.IsZero() || a.until.Before(w.due) {
		w.arm(now)
	}
}

func (w *Watch) remove(a *Attempt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unlist(a)
	if w.closed && w.first == nil {
		w.rest()
	}
}

func (w *Watch) unlist(a *Attempt) {
	if !a.listed {
		return
	}
	if a.prev == nil {
		w.first = a.next
	} else {
		a.prev.next = a.next
	}
	if a.next == nil {
		w.last = a.prev
	} else {
		a.next.prev = a.prev
	}
	a.prev, a.next, a.listed = nil, nil, false
}

// arm sets the timer to the end of the first attempt.
func (w *Watch) arm(now time.Time) {
	w.due = w.first.until
	if w.timer == nil {
		w.timer = time.AfterFunc(w.due.Sub(now), w.fire)
	} else {
		w.timer.Reset(w.due.Sub(now))
	}
}

// rest stops the timer.
func (w *Watch) rest() {
	if w.timer != nil {
		w.timer.Stop()
		w.due = time.Time{}
	}
}

// fire ends what is due.
func (w *Watch) fire() {
	var late []*Attempt
	w.mu.Lock()
	now := time.Now()
	for w.first != nil && !now.Before(w.first.until) {
		late = append(late, w.first)
		w.unlist(w.first)
	}
	w.due = time.Time{}
	if w.first != nil {
		w.arm(now)
	}
	w.mu.Unlock()
	for _, a := range late {
		a.cancel(context.DeadlineExceeded)
	}
}

// Close lets the timer stop as soon as no attempt is under way. More may be begun even so.
func (w *Watch) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.first == nil {
		w.rest()
	}
}
