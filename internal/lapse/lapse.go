// Package lapse has the context of an exchange that is made of attempts, each with a limit of its own.
package lapse

import (
	"context"
	"sync"
	"time"
)

// A Context ends at its time, with its parent, and when it is canceled, as one of context.WithDeadline
// does. It has a timer and a channel only where Done was asked for: an attempt that a [Watch] limits
// ends at the time as well. It must not be copied once it was begun.
type Context struct {
	parent context.Context
	until  time.Time

	mu       sync.Mutex
	err      error           // why it ended, if that was seen while nobody had asked for Done
	whole    context.Context // made for who asks for Done
	stop     context.CancelFunc
	attempts []*Attempt // under way
	first    [1]*Attempt
}

// Begin makes c a context that ends at until, which has a reading of the monotonic clock. It is called
// once, before any other method.
func (c *Context) Begin(parent context.Context, until time.Time) {
	c.parent, c.until, c.attempts = parent, until, c.first[:0]
}

// Deadline gives the time at which c ends, or that at which its parent ends before.
func (c *Context) Deadline() (time.Time, bool) {
	if t, ok := c.parent.Deadline(); ok && t.Before(c.until) {
		return t, true
	}
	return c.until, true
}

// Done gives the channel that is closed when c has ended.
func (c *Context) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.whole == nil {
		c.whole, c.stop = context.WithDeadline(c.parent, c.until)
		if c.err != nil {
			c.stop()
		}
	}
	return c.whole.Done()
}

// Err tells why c has ended, or nil.
func (c *Context) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
	case c.whole != nil:
		return c.whole.Err()
	case c.parent.Err() != nil:
		c.err = c.parent.Err()
	case !time.Now().Before(c.until):
		c.err = context.DeadlineExceeded
	}
	return c.err
}

// Value gives what the parent has. Contexts of the standard library that are derived from c find
// their way to it here.
func (c *Context) Value(key any) any {
	c.mu.Lock()
	whole := c.whole
	c.mu.Unlock()
	if whole != nil {
		return whole.Value(key)
	}
	return c.parent.Value(key)
}

// Cancel ends c and all its attempts. It may be called more than once.
func (c *Context) Cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.whole != nil {
		c.stop()
	} else if c.err == nil {
		c.err = context.Canceled
	}
	for _, a := range c.attempts {
		a.cancel(context.Canceled)
	}
}

func (c *Context) lapse() *Context { return c }

// begin notes an attempt, which ends with c.
func (c *Context) begin(a *Attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		a.cancel(c.err)
	case c.whole != nil && c.whole.Err() != nil:
		a.cancel(c.whole.Err())
	}
	c.attempts = append(c.attempts, a)
}

func (c *Context) leave(a *Attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.attempts {
		if c.attempts[i] == a {
			last := len(c.attempts) - 1
			c.attempts[i], c.attempts[last] = c.attempts[last], nil
			c.attempts = c.attempts[:last]
			return
		}
	}
}
